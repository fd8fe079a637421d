/** The handle of one execution. */
import {
  checkpointCall,
  deleteCheckpointCall,
  listCheckpointsCall,
  type RestoreByRevision,
  restoreCall,
} from "./calls/checkpoint.js";
import type { Handle } from "./calls/handle.js";
import { getLockCall, unlockAllCall } from "./calls/lock.js";
import { getPauseCall, pauseCall, resumeCall } from "./calls/pause.js";
import { accessReportCall, defineStateCall } from "./calls/shared-state.js";
import {
  cachedState,
  deleteCall,
  listRevisionsCall,
  loadCall,
  saveCall,
  updateCall,
} from "./calls/state.js";
import type { Client } from "./client.js";
import { Following } from "./following.js";
import { handleOf } from "./handles.js";
import { type Lock, runLocked, takeLock } from "./lock.js";
import { Member } from "./member.js";
import type {
  LoadedState,
  Pause,
  SavableState,
  StateFields,
  TransactionState,
} from "./model/execution.js";
import type {
  Checkpoint,
  DeleteResult,
  LockHolder,
  ResumeResult,
  ResumeToken,
  Revision,
  WriteResult,
} from "./model/results.js";
import type {
  AccessReport,
  DefineOptions,
  DefineResult,
  StateDefinition,
} from "./model/shared-state.js";
import { Operations } from "./operations.js";
import type { LockOptions } from "./requests/lock.js";
import type { CheckpointListOptions, PageOptions } from "./requests/paging.js";
import type { PauseOptions, PauseTarget } from "./requests/pause.js";
import type { DeleteOptions, LoadOptions, UpdateOptions } from "./requests/state.js";
import { checkedWatch, type ExecutionWatchOptions } from "./requests/watch.js";
import type { CallOptions, WriteOptions } from "./requests/write.js";
import {
  type MigrateOptions,
  runMigration,
  runTransaction,
  type TransactionOptions,
} from "./transaction.js";
import { waitFor, type WaitOptions, type WaitTarget } from "./wait-for.js";
import { Watch } from "./watch.js";
import type { DocumentInput } from "./values/documents.js";

/** How a handle remembers what was loaded or saved before through its client. */
export interface CacheOptions {
  /** For how long (ms) `load` may give it without asking the server. */
  ttl: number;
  /** False: always ask. */
  enabled?: boolean | undefined;
}

/** What a handle adds to its calls. */
export interface HandleOptions {
  /** Its namespace (`execution-state`); equal ids in two namespaces never meet. */
  namespace?: string | undefined;
  /**
   * Time to live (ms) that every save and update gives; 0: for ever. Left out: what was
   * last set, at first 24 h.
   */
  ttl?: number | undefined;
  /**
   * Lets `load` give what was loaded or saved before. Writes through the same client are
   * always seen, those of others after the time to live, or at once with the client's
   * `cacheWatch`. Left out: always ask.
   */
  cache?: CacheOptions | undefined;
  /** Who writes, for the history; left out: the client's. */
  actor?: string | undefined;
}

/** Which execution a handle is about, and what it adds to its calls. */
export interface StateManagerOptions extends HandleOptions {
  /** The client that its calls go through. */
  client: Client;
  /** The execution, 1 to 256 bytes. */
  executionId: string;
}

/**
 * The state, pauses, checkpoints and lock of one execution, and what happens to it.
 *
 * Handles are cheap. Every call may throw, beside what it names, UnavailableError,
 * DeadlineExceededError, OverloadedError, StorageError, InternalError and, where it takes
 * a `signal`, CallCancelledError; a write also ConflictError, RequestIdReusedError,
 * StorageFullError, LockedError where somebody else holds the lock exclusively, and
 * FencedError where this handle has lost it.
 */
export class StateManager {
  readonly #handle: Handle;

  /**
   * Makes the handle of one execution; talks to nobody.
   *
   * @throws InvalidRequestError - An option is of no use.
   */
  constructor({ client, executionId, ...options }: StateManagerOptions) {
    this.#handle = handleOf(client, executionId, options);
  }

  /** The execution's id. */
  get executionId(): string {
    return this.#handle.execution.executionId;
  }

  /** The execution's namespace. */
  get namespace(): string {
    return this.#handle.execution.namespace;
  }

  /** The time to live (ms) that writes give; 0: for ever; undefined: the server decides. */
  get ttl(): number | undefined {
    return this.#handle.execution.ttl;
  }

  /**
   * Replaces the whole state, or creates the execution.
   *
   * A state that came from the server is saved only if the execution still is at its
   * revision, and is moved on to the new one. Everything else is saved unconditionally,
   * unless `expectedRevision` is given.
   *
   * @throws ConflictError - Someone else wrote since; load again.
   * @throws InvalidRequestError - A field is of no use.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - It is larger than 10 MiB.
   */
  async save(state: SavableState, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#handle.channel.send(saveCall(this.#handle, state, options), options.signal);
  }

  /**
   * Reads the state; null when there is none, or when it has expired.
   *
   * @throws InvalidRequestError - The revision or a field is of no use.
   * @throws CheckpointNotFoundError - There is no such checkpoint.
   * @throws RevisionCompactedError - That revision is no longer kept whole.
   */
  async load(options: LoadOptions = {}): Promise<LoadedState | null> {
    const { revision, checkpoint, fields, signal } = options;
    if (revision === undefined && checkpoint === undefined && fields === undefined) {
      const cached = cachedState(this.#handle);
      if (cached !== undefined) return cached;
    }
    return this.#handle.channel.send(loadCall(this.#handle, options), signal);
  }

  /**
   * Changes what is named and nothing else.
   *
   * Documents and labels are merged by their keys. Null removes a document, all labels,
   * `currentMember` or `schemaVersion`.
   *
   * @throws StateNotFoundError - The execution does not exist.
   * @throws InvalidRequestError - A field is of no use.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - It would become larger than 10 MiB.
   */
  async update(changes: StateFields, options: UpdateOptions = {}): Promise<WriteResult> {
    return this.#handle.channel.send(updateCall(this.#handle, changes, options), options.signal);
  }

  /**
   * Removes the execution and all that belongs to it.
   *
   * Removing what does not exist succeeds, and `existed` says so.
   */
  async delete(options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.#handle.channel.send(deleteCall(this.#handle, options), options.signal);
  }

  /** Gives the changes of the execution, the newest first; none: no execution. */
  listRevisions(options: PageOptions = {}): AsyncGenerator<Revision, void, undefined> {
    const page = (token?: string) => listRevisionsCall(this.#handle, options, token);
    return this.#handle.channel.pages(page(), page, options.signal);
  }

  /**
   * Stops the execution until someone answers; creates it when it is not there.
   *
   * Its status becomes `paused`. Several pauses may be open at once, at most 64, and the
   * execution outlives them.
   *
   * @returns What resumes it, a secret; it works once.
   * @throws InvalidRequestError - An option is of no use.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - With the data it would be larger than 10 MiB.
   */
  async pause(options: PauseOptions): Promise<ResumeToken> {
    return this.#handle.channel.send(pauseCall(this.#handle, options), options.signal);
  }

  /**
   * Answers a pause; the execution runs again when no other is open.
   *
   * @param target - What `pause` gave, its text, or `{ pauseId }`: for who may answer
   * without a token; that works for an overdue pause as well.
   * @param input - The answer, kept with the pause.
   * @throws InvalidTokenError - The token is unknown, spent, expired or of another
   * execution.
   * @throws StateNotFoundError - The execution does not exist.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - With the input it would be larger than 10 MiB.
   */
  async resume(
    target: PauseTarget,
    input?: DocumentInput,
    options: WriteOptions = {},
  ): Promise<ResumeResult> {
    const call = resumeCall(this.#handle, target, input, options);
    return this.#handle.channel.send(call, options.signal);
  }

  /**
   * Looks a pause up; spends nothing.
   *
   * @param target - A token that is still good, or `{ pauseId }`, open or not.
   * @throws InvalidTokenError - The token is unknown, spent, expired or of another
   * execution.
   * @throws StateNotFoundError - The execution does not exist.
   */
  async getPause(target: PauseTarget, options: CallOptions = {}): Promise<Pause> {
    return this.#handle.channel.send(getPauseCall(this.#handle, target), options.signal);
  }

  /**
   * Gives the state as it is a name; costs the same for any size of state.
   *
   * A checkpoint of the same name is replaced. The execution's revision does not move.
   *
   * @param name - 1 to 256 bytes. An execution has at most 256 checkpoints.
   * @throws StateNotFoundError - The execution does not exist.
   */
  async checkpoint(name: string, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#handle.channel.send(checkpointCall(this.#handle, name, options), options.signal);
  }

  /**
   * Brings an earlier state back, as a new revision; closes the open pauses.
   *
   * @param target - The checkpoint, or `{ revision }`: the state as it was right after it.
   * @throws StateNotFoundError - The execution does not exist.
   * @throws CheckpointNotFoundError - There is no such checkpoint.
   * @throws RevisionCompactedError - That revision is no longer kept whole.
   */
  async restore(
    target: string | RestoreByRevision,
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    return this.#handle.channel.send(restoreCall(this.#handle, target, options), options.signal);
  }

  /** Gives all checkpoints, the oldest first; an empty array when there is none. */
  async listCheckpoints(options: CheckpointListOptions = {}): Promise<Checkpoint[]> {
    const page = (token?: string) => listCheckpointsCall(this.#handle, options, token);
    return this.#handle.channel.collect(page(), page, options.signal);
  }

  /**
   * Removes a checkpoint; what does not exist is removed with success.
   *
   * @throws StateNotFoundError - The execution does not exist.
   */
  async deleteCheckpoint(name: string, options: WriteOptions = {}): Promise<DeleteResult> {
    const call = deleteCheckpointCall(this.#handle, name, options);
    return this.#handle.channel.send(call, options.signal);
  }

  /**
   * Asks for the lock, and waits for its turn; null: somebody else has it.
   *
   * The execution need not exist. Who asks at the same time excludes one another, also on
   * the same handle. Until it is released, the writes of the handle carry the lock's
   * fencing token, so that they are refused with FencedError if it is lost. The lease is
   * not renewed; `withLock` does that.
   *
   * @throws InvalidRequestError - An option is of no use.
   */
  async lock(options: LockOptions = {}): Promise<Lock | null> {
    return takeLock(this.#handle, options);
  }

  /**
   * Runs a function that holds the lock, renews the lease for as long as it runs, and
   * releases it in the end.
   *
   * ```ts
   * await sm.withLock(async (lock) => {
   *   await charge({ signal: lock.signal });
   * }, { timeout: 60_000 });
   * ```
   *
   * Within, the handle may be asked for the lock again, and gives the same grant.
   *
   * @returns What the function gives.
   * @throws LockTimeoutError - It was not granted in time; names who has it.
   * @throws InvalidRequestError - An option is of no use.
   */
  async withLock<Result>(
    fn: (lock: Lock) => Result | PromiseLike<Result>,
    options: LockOptions = {},
  ): Promise<Result> {
    return runLocked(this.#handle, fn, options);
  }

  /**
   * Releases what this handle holds, however often it was asked for.
   *
   * @returns Whether it was held; false: nobody holds the lock.
   * @throws FencedError - It was lost, and somebody else holds the lock.
   * @throws LockedError - This handle holds nothing, and somebody else does.
   */
  async unlock(options: CallOptions = {}): Promise<boolean> {
    return this.#handle.channel.send(unlockAllCall(this.#handle), options.signal);
  }

  /** Tells whether anybody holds the lock. */
  async isLocked(options: CallOptions = {}): Promise<boolean> {
    return (await this.getLock(options)) !== null;
  }

  /** Tells who holds the lock; null: nobody. */
  async getLock(options: CallOptions = {}): Promise<LockHolder | null> {
    return this.#handle.channel.send(getLockCall(this.#handle), options.signal);
  }

  /**
   * Changes the state all or nothing, and only if nobody else has changed it.
   *
   * ```ts
   * await sm.transaction((state) => {
   *   state.memberOutputs.set("payment", { id: "ch_123" });
   * });
   * ```
   *
   * What the function changed in the state, however deep inside, is written by one update;
   * what it did not is not sent. A document that is absent shows as empty, and stays
   * absent if it is left so. If it throws, nothing is written. It is called again, with the
   * new state, when somebody else wrote in between.
   *
   * @param fn - Changes the state in place, and may be async; what it returns is not looked
   * at.
   * @returns What the write did; null: nothing was changed.
   * @throws StateNotFoundError - The execution does not exist.
   * @throws ConflictError - Somebody else wrote in between, until the timeout.
   * @throws InvalidRequestError - A field is of no use.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - It would become larger than 10 MiB.
   */
  async transaction(
    fn: (state: TransactionState) => unknown,
    options: TransactionOptions = {},
  ): Promise<WriteResult | null> {
    return runTransaction(this.#handle, fn, options);
  }

  /**
   * Brings the stored state to a newer layout, all or nothing.
   *
   * What `migrateState` does, in a transaction: the transformers are called again if
   * somebody else wrote in between, and if one fails the stored state stays as it was.
   *
   * @returns The state as it is saved now, or would be.
   * @throws StateNotFoundError - The execution does not exist.
   * @throws ConflictError - Somebody else wrote in between, until the timeout.
   * @throws InvalidRequestError - The state has another version, or a transformer gave
   * something that is no state; names its position.
   * @throws SerializationError - A value cannot be saved; names its path.
   */
  async migrate(options: MigrateOptions): Promise<LoadedState> {
    return runMigration(this.#handle, options);
  }

  /**
   * Tells what happens to the execution, from now on or from an earlier place.
   *
   * ```ts
   * for await (const event of sm.watch()) console.log(event.kind, event.status);
   * ```
   *
   * The execution need not exist. Once `ready` is awaited, or else at the first step, the
   * watch stands: it tells everything that happens later.
   *
   * @throws InvalidRequestError - An option is of no use.
   */
  watch(options: ExecutionWatchOptions = {}): Watch {
    const handle = this.#handle;
    const ask = handle.located(() => checkedWatch(handle.execution, undefined, options));
    return new Watch(handle.channel, new Following(ask), options.signal);
  }

  /**
   * Waits until the execution is as it should be, and gives its state then.
   *
   * ```ts
   * const state = await sm.waitFor(["completed", "failed"], { timeout: 60_000 });
   * await sm.waitFor((state) => state.memberOutputs?.has("payment") ?? false);
   * ```
   *
   * It need not exist yet. No state that it passes through is overlooked, but for those
   * that are history before anybody could look, while the server could not be reached for
   * a long time.
   *
   * @throws WaitTimeoutError - It did not become so in time.
   * @throws InvalidRequestError - An argument is of no use.
   */
  async waitFor(target: WaitTarget, options: WaitOptions = {}): Promise<LoadedState> {
    return waitFor(this.#handle, target, options);
  }

  /**
   * Defines the shared state, or defines it anew; creates the execution if need be.
   *
   * No value is lost by a new definition: what no longer fits is told, and stays. Initial
   * values are for keys that have none yet.
   *
   * @throws InvalidRequestError - The definition is of no use, or an initial value leads to
   * nothing in the input.
   * @throws SchemaViolationError - An initial value does not fit its schema.
   * @throws StateTooLargeError - It would become larger than 10 MiB.
   */
  async defineState(
    definition: StateDefinition,
    options: DefineOptions = {},
  ): Promise<DefineResult> {
    const call = defineStateCall(this.#handle, definition, options);
    return this.#handle.channel.send(call, options.signal);
  }

  /** Gives what one member of the workflow sees and writes; talks to nobody. */
  member(name: string): Member {
    return new Member(this.#handle, name);
  }

  /**
   * Tells which keys of the shared state nobody has accessed, and who has accessed the
   * others.
   *
   * @throws StateNotFoundError - The execution does not exist.
   * @throws InvalidRequestError - It has no shared state.
   */
  async accessReport(options: CallOptions = {}): Promise<AccessReport> {
    return this.#handle.channel.send(accessReportCall(this.#handle), options.signal);
  }

  /** What `Client.batch` can do with the execution: `sm.operation.save(...)`. */
  get operation(): Operations {
    return new Operations(this.#handle);
  }
}
