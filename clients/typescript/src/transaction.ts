/** Loads a state, lets it be changed, and commits what was changed at once. */
import { checkFunction } from "./arguments.js";
import type { Handle } from "./calls/handle.js";
import { loadCall, moveOn, sendUpdate } from "./calls/state.js";
import { ConflictError, StateNotFoundError } from "./errors.js";
import { migrateState, type Transformer } from "./migration.js";
import type { LoadedState, TransactionState } from "./model/execution.js";
import type { WriteResult } from "./model/results.js";
import { commitRequest, encoded } from "./requests/commit.js";
import { type CallOptions, type WriteOptions, writeOptions } from "./requests/write.js";
import { checkedSpan } from "./times.js";
import type { Call } from "./transport/call.js";
import { ConflictBackoff } from "./transport/backoff.js";
import { sleep } from "./transport/waiting.js";

const TIMEOUT_MS_DEFAULT = 60_000;

/** How to change a state all or nothing. */
export interface TransactionOptions extends CallOptions, Pick<WriteOptions, "ttl" | "actor"> {
  /**
   * For how long (ms) it is tried again after conflicts (60 s); 0: ConflictError at the
   * first.
   */
  timeout?: number | undefined;
}

/** How to bring a stored state to a newer layout. */
export interface MigrateOptions extends TransactionOptions {
  /** The `schemaVersion` that it must have; left out: none. */
  from?: string | undefined;
  /** The `schemaVersion` that it will have. */
  to: string;
  /** Called in order, each with what the one before returned. */
  transformers: Iterable<Transformer<LoadedState>>;
  /** Whether to write nothing, and only tell what would be saved. */
  dryRun?: boolean | undefined;
}

/** Changes the state; null: nothing was changed. */
export async function runTransaction(
  handle: Handle,
  fn: (state: TransactionState) => unknown,
  options: TransactionOptions,
): Promise<WriteResult | null> {
  handle.located(() => {
    checkFunction("fn", fn);
  });
  const change = async (loaded: LoadedState): Promise<LoadedState> => {
    const state = writable(loaded);
    await fn(state);
    return state;
  };
  const { result } = await commitChange(handle, change, true, options);
  return result;
}

/** Migrates the stored state; gives it as it is saved now, or would be. */
export async function runMigration(handle: Handle, options: MigrateOptions): Promise<LoadedState> {
  // They may have to be called again.
  const migration = { ...options, transformers: [...options.transformers] };
  const change = (loaded: LoadedState): Promise<LoadedState> =>
    Promise.resolve(handle.located(() => migrateState(loaded, migration)));
  if (options.dryRun === true) return change(await begin(handle, options));
  return (await commitChange(handle, change, false, options)).state;
}

interface Committed {
  readonly state: LoadedState;
  readonly result: WriteResult | null;
}

/** Changes the state and commits it, again after each conflict. */
async function commitChange(
  handle: Handle,
  change: (loaded: LoadedState) => Promise<LoadedState>,
  writable: boolean,
  options: TransactionOptions,
): Promise<Committed> {
  const { signal } = options;
  const timeout = handle.located(() => {
    // What is wrong with the options is told before anything is loaded.
    writeOptions(handle.execution, writeOf(options));
    return checkedSpan(options.timeout ?? TIMEOUT_MS_DEFAULT, "timeout");
  });
  const backoff = new ConflictBackoff(timeout);
  for (;;) {
    const loaded = await begin(handle, options);
    const { revision } = loaded;
    const before = encoded(loaded);
    const state = await change(loaded);
    const write = { ...writeOf(options), expectedRevision: revision };
    const request = handle.located(() =>
      commitRequest(handle.execution, before, state, writable, write, handle.fencingToken),
    );
    if (request === undefined) return { state, result: null };
    const call: Call<WriteResult> = sendUpdate(handle, request).map((result) => {
      moveOn(state, result);
      return result;
    });
    try {
      return { state, result: await handle.channel.send(call, signal) };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const delayMs = backoff.delay();
      if (delayMs === undefined) throw error;
      await sleep(delayMs, signal);
    }
  }
}

async function begin(handle: Handle, { signal }: CallOptions): Promise<LoadedState> {
  const state = await handle.channel.send(loadCall(handle, {}), signal);
  if (state === null) {
    const { namespace, executionId } = handle.execution;
    throw new StateNotFoundError("there is no state to change", { namespace, executionId });
  }
  return state;
}

function writeOf({ ttl, actor }: TransactionOptions): WriteOptions {
  return { ttl, actor };
}

/** Gives the same state, whose absent documents are empty ones that can be written to. */
function writable(state: LoadedState): LoadedState & TransactionState {
  state.input ??= {};
  state.context ??= {};
  state.memberOutputs ??= new Map();
  state.metadata ??= {};
  return state as LoadedState & TransactionState;
}
