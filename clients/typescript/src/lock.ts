/** Locks that were granted, and blocks that hold one. */
import type { Handle } from "./calls/handle.js";
import { type LockAnswer, lockCall, renewLockCall, unlockCall } from "./calls/lock.js";
import { LockTimeoutError, StateError } from "./errors.js";
import { type Grant, isGone } from "./grants.js";
import { checkedAsk, type LockOptions } from "./requests/lock.js";
import type { CallOptions } from "./requests/write.js";
import { checkedSpan } from "./times.js";
import { sleep } from "./transport/waiting.js";

/**
 * The lock of an execution, as it was granted.
 *
 * The lease is over after its time, unless `renew` is called; `withLock` does that by
 * itself.
 */
export class Lock implements AsyncDisposable {
  readonly #handle: Handle;
  readonly #grant: Grant;
  #givenBack = false;

  /** @internal */
  constructor(handle: Handle, grant: Grant) {
    this.#handle = handle;
    this.#grant = grant;
  }

  /** Who asked for it, as the server knows it. */
  get owner(): string {
    return this.#grant.owner;
  }

  /** Larger with every grant, for others to check. */
  get fencingToken(): number {
    return this.#grant.fencingToken;
  }

  /** Until when it lasts unless it is renewed, by the server's clock (ms since 1970). */
  get leaseExpireTime(): number {
    return this.#grant.leaseExpireTime;
  }

  /**
   * Whether somebody else may have it by now: it could not be renewed, or its lease is over
   * by the clock of this machine.
   */
  get lost(): boolean {
    return this.#grant.lost;
  }

  /** Aborted when it is noticed that it is lost; within `withLock`, when the lease is over. */
  get signal(): AbortSignal {
    return this.#grant.signal;
  }

  /**
   * Prolongs the lease, from now on.
   *
   * @param lease - For how long (ms), 1 ms to 24 h. Left out: as long as last time.
   * @throws FencedError - The lease was over.
   * @throws LockedError - Somebody else has it.
   */
  async renew(lease?: number, options: CallOptions = {}): Promise<void> {
    const span =
      lease === undefined
        ? this.#grant.lease
        : this.#handle.located(() => checkedSpan(lease, "lease"));
    const call = renewLockCall(this.#handle, this.#grant, span);
    await this.#handle.channel.send(call, options.signal);
  }

  /** Releases the lock; tells whether it was still ours, and harmless when not. */
  async unlock(): Promise<boolean> {
    const grant = this.#grant;
    if (grant.released) return false;
    if (!this.#givenBack) {
      this.#givenBack = true;
      grant.holds -= 1;
      // Asked for while it was held: whoever holds it goes on.
      if (grant.holds > 0) return !grant.lost;
    } else if (grant.holds > 0) {
      return false;
    }
    try {
      return await this.#handle.channel.send(unlockCall(this.#handle, grant));
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlock();
  }
}

/** Asks for the lock; null: somebody else has it. */
export async function takeLock(handle: Handle, options: LockOptions): Promise<Lock | null> {
  const { grant } = await askForLock(handle, options);
  return grant === undefined ? null : new Lock(handle, grant);
}

/** Runs a function that holds the lock, whose lease is renewed meanwhile. */
export async function runLocked<Result>(
  handle: Handle,
  fn: (lock: Lock) => Result | PromiseLike<Result>,
  options: LockOptions,
): Promise<Result> {
  const { grant, holder } = await askForLock(handle, options);
  if (grant === undefined) throw timedOut(handle, holder);
  const lock = new Lock(handle, grant);
  const ends = new AbortController();
  const renewal = keepRenewed(handle, grant, ends.signal);
  let result: Result;
  try {
    result = await handle.grants.run(grant, () => fn(lock));
  } catch (error) {
    // What went wrong in the function is what matters.
    await leave(() => lock.unlock().catch(() => false));
    throw error;
  }
  await leave(() => lock.unlock());
  return result;

  async function leave(release: () => Promise<boolean>): Promise<void> {
    ends.abort();
    await renewal;
    try {
      await release();
    } finally {
      // The block is over, whether or not the server could be told.
      if (grant !== undefined && grant.holds <= 0) handle.grants.forget(grant);
    }
  }
}

/** Renews a lease until it is lost, or the signal is aborted. */
async function keepRenewed(handle: Handle, grant: Grant, signal: AbortSignal): Promise<void> {
  try {
    for (let delay = grant.renewalIn(); delay !== undefined; delay = grant.renewalIn()) {
      await sleep(delay, signal);
      // Somebody else has renewed it, or it is over.
      if ((grant.renewalIn() ?? 1) > 0) continue;
      try {
        await handle.channel.send(renewLockCall(handle, grant, grant.lease, true), signal);
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        if (handle.channel.closed) grant.lose();
        else grant.renewalFailed();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function askForLock(handle: Handle, options: LockOptions): Promise<LockAnswer> {
  const ask = handle.located(() => checkedAsk(options));
  return handle.channel.send(lockCall(handle, ask), options.signal);
}

function timedOut(handle: Handle, holder: LockAnswer["holder"]): LockTimeoutError {
  const { namespace, executionId } = handle.execution;
  if (holder === undefined) {
    return new LockTimeoutError("the lock was not granted in time", { namespace, executionId });
  }
  const { owner } = holder;
  const expireTime = new Date(holder.leaseExpireTime).toISOString();
  return new LockTimeoutError(`the lock is held by ${owner} until ${expireTime} at least`, {
    namespace,
    executionId,
    owner,
    expireTime,
    metadata: { owner, expire_time: expireTime },
  });
}
