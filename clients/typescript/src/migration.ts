/** From one layout of a state to the next. */
import { checkedName, checkFunction, invalid, typeName } from "./arguments.js";
import { InvalidRequestError } from "./errors.js";
import type { LoadedState, SavableState, StateFields } from "./model/execution.js";
import { attachFacts, factsOf } from "./model/facts.js";
import { DOCUMENTS, type Fields, toFields, writeFields } from "./state-fields.js";
import { readDocument, readMap } from "./values/documents.js";

/** Takes a state, which it may change, and returns it or another one. */
export type Transformer<State> = (state: State) => StateFields;

/** From where to where a state is brought. */
export interface MigrationOptions<State> {
  /** The `schemaVersion` that it must have; left out: none. */
  from?: string | undefined;
  /** The `schemaVersion` of the result. */
  to: string;
  /**
   * Called in order, each with what the one before returned. Each returns the whole state
   * as it shall be; what it throws passes through.
   */
  transformers: Iterable<Transformer<State>>;
}

/**
 * Gives a state in a newer layout; talks to nobody.
 *
 * ```ts
 * const split: Transformer<LoadedState> = (state) => {
 *   const [first, last] = state.context.name.split(" ");
 *   return { ...state, context: { ...state.context, first, last } };
 * };
 * const state = await sm.load();
 * await sm.save(migrateState(state, { from: "1.0.0", to: "2.0.0", transformers: [split] }));
 * ```
 *
 * The state that is given is never changed, also when a transformer fails. One that came
 * from the server keeps its revision, so that saving the new one is compare-and-set.
 *
 * @throws InvalidRequestError - The state has another version, or a transformer gave
 * something that is no state; names its position.
 * @throws SerializationError - A value cannot be saved; names its path.
 */
export function migrateState<State extends SavableState>(
  state: State,
  options: MigrationOptions<State>,
): State {
  const { from, to } = options;
  const steps = [...options.transformers];
  checkedName("to", to);
  steps.forEach((step, position) => {
    checkFunction(`transformers[${String(position)}]`, step);
  });
  const facts = factsOf(state);
  if (facts?.partial === true) {
    throw invalid("state", "was loaded with `fields`: the others cannot be migrated");
  }
  let current = copied(toFields(state), state);
  if (current.schemaVersion !== from) {
    throw invalid(
      "schemaVersion",
      `is ${shown(current.schemaVersion)}, and this migration is from ${shown(from)}`,
    );
  }
  steps.forEach((step, position) => {
    current = accepted(step(current), position, state);
  });
  return Object.assign(current, { schemaVersion: to });
}

function accepted<State extends SavableState>(
  returned: unknown,
  position: number,
  original: State,
): State {
  const name = `transformers[${String(position)}]`;
  if (returned instanceof Promise) throw invalid(name, "must not be async");
  if (typeof returned !== "object" || returned === null) {
    throw invalid(name, `returned ${typeName(returned)}, and must return the state`);
  }
  try {
    const made = copied(toFields(returned), original);
    if ((made.status as unknown) === undefined) throw invalid("status", "is required");
    return made;
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    throw invalid(name, `returned what is no state: ${error.message}`);
  }
}

/**
 * Gives the fields that are there, sharing nothing with what was given.
 *
 * They go the way to the message and back, which checks them, and copies values of any
 * depth.
 */
function copied<State extends SavableState>(fields: Fields, original: State): State {
  const message = writeFields(fields);
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) copy[name] = value;
  }
  for (const name of DOCUMENTS) {
    const document = message[name];
    if (document === undefined) continue;
    copy[name] =
      fields[name] instanceof Map ? readMap(document, name) : readDocument(document, name);
  }
  if (copy.labels !== undefined) copy.labels = { ...message.labels };
  const facts = factsOf(original);
  if (facts !== undefined) attachFacts(copy as unknown as LoadedState, facts);
  return copy as State;
}

function shown(version: string | null | undefined): string {
  return version === undefined || version === null ? "none" : `'${version}'`;
}
