/** Operations that are described first, and done later by a batch. */
import { invalid, typeName } from "./arguments.js";
import { checkpointCall, type RestoreByRevision, restoreCall } from "./calls/checkpoint.js";
import type { Handle } from "./calls/handle.js";
import { pauseCall, resumeCall } from "./calls/pause.js";
import { defineStateCall, readStateCall, writeStateCall } from "./calls/shared-state.js";
import { deleteCall, loadCall, saveCall, updateCall } from "./calls/state.js";
import { InvalidRequestError, SerializationError, StateError } from "./errors.js";
import type { LoadedState, SavableState, StateFields } from "./model/execution.js";
import type { DeleteResult, ResumeResult, ResumeToken, WriteResult } from "./model/results.js";
import type {
  DefineOptions,
  DefineResult,
  SetStateOptions,
  SetStateResult,
  StateDefinition,
  StateView,
} from "./model/shared-state.js";
import type { PauseOptions, PauseTarget } from "./requests/pause.js";
import type { DeleteOptions, LoadOptions, UpdateOptions } from "./requests/state.js";
import type { WriteOptions } from "./requests/write.js";
import type { Call } from "./transport/call.js";
import type { Channel } from "./transport/channel.js";
import type { DocumentInput } from "./values/documents.js";

/** The options of an operation: the batch itself is cancelled by its `signal`. */
type Unsignalled<Options> = Omit<Options, "signal">;

/**
 * Something to do with one execution, for `Client.batch`; made by `sm.operation`.
 *
 * Nothing is done with it, and its arguments are not looked at, until a batch is sent. Sent
 * again, it is done again.
 */
export class Operation<out Result> {
  readonly #handle: Handle;
  readonly #make: (handle: Handle) => Call<Result>;

  /** @internal */
  constructor(handle: Handle, make: (handle: Handle) => Call<Result>) {
    this.#handle = handle;
    this.#make = make;
  }

  /** Of the execution. */
  get namespace(): string {
    return this.#handle.execution.namespace;
  }

  /** The execution. */
  get executionId(): string {
    return this.#handle.execution.executionId;
  }

  /** @internal */
  call(channel: Channel): Call<Result> {
    if (this.#handle.channel !== channel) {
      throw invalid("operation", "is of a handle of another client");
    }
    return this.#make(this.#handle);
  }
}

/**
 * Describes what `Client.batch` is to do with one execution.
 *
 * The methods are those of the handle, with the same arguments, and with what the handle
 * adds: its ttl, its actor, the token of the lock under which the batch is sent. What a
 * handle's method would throw about its arguments is thrown by the batch, before anything
 * is sent.
 */
export class Operations {
  readonly #handle: Handle;

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Replaces the whole state: see the handle's `save`. */
  save(state: SavableState, options: Unsignalled<WriteOptions> = {}): Operation<WriteResult> {
    return new Operation(this.#handle, (handle) => saveCall(handle, state, options));
  }

  /** Reads the state: see the handle's `load`; the server is always asked. */
  load(options: Unsignalled<LoadOptions> = {}): Operation<LoadedState | null> {
    return new Operation(this.#handle, (handle) => loadCall(handle, options));
  }

  /** Changes what is named and nothing else: see the handle's `update`. */
  update(changes: StateFields, options: Unsignalled<UpdateOptions> = {}): Operation<WriteResult> {
    return new Operation(this.#handle, (handle) => updateCall(handle, changes, options));
  }

  /** Removes the execution: see the handle's `delete`. */
  delete(options: Unsignalled<DeleteOptions> = {}): Operation<DeleteResult> {
    return new Operation(this.#handle, (handle) => deleteCall(handle, options));
  }

  /** Stops the execution until someone answers: see the handle's `pause`. */
  pause(options: Unsignalled<PauseOptions>): Operation<ResumeToken> {
    return new Operation(this.#handle, (handle) => pauseCall(handle, options));
  }

  /** Answers a pause: see the handle's `resume`. */
  resume(
    target: PauseTarget,
    input?: DocumentInput,
    options: Unsignalled<WriteOptions> = {},
  ): Operation<ResumeResult> {
    return new Operation(this.#handle, (handle) => resumeCall(handle, target, input, options));
  }

  /** Gives the state as it is a name: see the handle's `checkpoint`. */
  checkpoint(name: string, options: Unsignalled<WriteOptions> = {}): Operation<WriteResult> {
    return new Operation(this.#handle, (handle) => checkpointCall(handle, name, options));
  }

  /** Brings an earlier state back: see the handle's `restore`. */
  restore(
    target: string | RestoreByRevision,
    options: Unsignalled<WriteOptions> = {},
  ): Operation<WriteResult> {
    return new Operation(this.#handle, (handle) => restoreCall(handle, target, options));
  }

  /** Defines the shared state: see the handle's `defineState`. */
  defineState(
    definition: StateDefinition,
    options: Unsignalled<DefineOptions> = {},
  ): Operation<DefineResult> {
    return new Operation(this.#handle, (handle) => defineStateCall(handle, definition, options));
  }

  /** Reads the shared state as a member: see its `state`. */
  readState(member: string): Operation<StateView> {
    return new Operation(this.#handle, (handle) => readStateCall(handle, member));
  }

  /** Writes to the shared state as a member: see its `setState`. */
  writeState(
    member: string,
    updates: DocumentInput,
    options: Unsignalled<SetStateOptions> = {},
  ): Operation<SetStateResult> {
    return new Operation(this.#handle, (handle) =>
      writeStateCall(handle, member, updates, options),
    );
  }
}

/** Makes the calls of a batch, all of them or none; what is wrong names its position. */
export function toCalls(operations: Iterable<unknown>, channel: Channel): Call<unknown>[] {
  const calls: Call<unknown>[] = [];
  try {
    for (const operation of operations) calls.push(toCall(operation, calls.length, channel));
  } catch (error) {
    for (const call of calls) call.giveUp(error);
    throw error;
  }
  return calls;
}

function toCall(operation: unknown, position: number, channel: Channel): Call<unknown> {
  const place = `operations[${String(position)}]`;
  if (!(operation instanceof Operation)) {
    const given = typeName(operation);
    throw invalid(place, `must be an operation, such as sm.operation.save(...), not ${given}`);
  }
  try {
    return operation.call(channel);
  } catch (error) {
    throw error instanceof StateError ? placed(error, place) : error;
  }
}

/** Gives an error that says where in the batch that stands which is wrong. */
function placed(error: StateError, place: string): StateError {
  const { executionId, namespace } = error;
  const facts = { executionId, namespace, cause: error };
  const message = `${place}.${error.message}`;
  if (error instanceof SerializationError) {
    return new SerializationError(message, { ...facts, path: `${place}.${error.path}` });
  }
  if (!(error instanceof InvalidRequestError)) return error;
  return new InvalidRequestError(message, {
    ...facts,
    fields: error.fields.map(({ field, description }) => ({
      field: `${place}.${field}`,
      description,
    })),
  });
}
