/**
 * The locks that a handle was granted, and who of those that share it holds them.
 *
 * Concurrent flows may share a handle, and its lock must keep them apart. So each
 * acquisition has an owner of its own, unless it is made inside of a `withLock` of the same
 * handle: there it asks as the same owner, and gets the same grant.
 *
 * Writes carry the fencing token of the lock they are made under. That is the one of the
 * `withLock` they stand in, also after it was lost, for then they must be refused.
 * Elsewhere it is the handle's latest.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import { FencedError, LockedError } from "./errors.js";

// A lease has two thirds of its time left when it is renewed first, and is tried nine
// times more at most while the server cannot be reached.
const RENEWED_AFTER = 1 / 3;
const TRIED_AGAIN_AFTER = 1 / 10;

/** Tells whether an answer says that a grant is no longer ours. */
export function isGone(error: unknown): boolean {
  return error instanceof FencedError || error instanceof LockedError;
}

/** A lock that was granted, as far as is known on this side; spans in ms. */
export class Grant {
  /** How often it was asked for and not given back. */
  holds = 0;
  /** Whether it was given back for good. */
  released = false;
  /** How long the lease lasts from when it is renewed. */
  lease = 0;
  /** When it is over, by the server's clock (ms since 1970). */
  leaseExpireTime = 0;
  #lost = new AbortController();
  #due = 0;
  #over = 0;

  /**
   * @param owner - Who asked for it.
   * @param fencingToken - What the server gave.
   * @param now - A clock that does not step, in ms.
   */
  constructor(
    readonly owner: string,
    readonly fencingToken: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether it is no longer ours, or the lease is known to be over. */
  get lost(): boolean {
    return this.#lost.signal.aborted || (!this.released && this.timeLeft <= 0);
  }

  /** Aborted once it is known to be lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** How long the lease lasts, by this machine's clock. */
  get timeLeft(): number {
    return this.#over - this.now();
  }

  /**
   * Notes that it was granted or renewed.
   *
   * @param lease - For how long.
   * @param expireTime - Until when, by the server's clock.
   * @param since - From when on, by this machine's.
   */
  prolong(lease: number, expireTime: number, since: number): void {
    this.lease = lease;
    this.leaseExpireTime = expireTime;
    this.#due = since + lease * RENEWED_AFTER;
    this.#over = since + lease;
  }

  /** Notes that it is no longer ours. */
  lose(): void {
    if (!this.released) {
      this.#lost.abort(new FencedError("the lock was lost: its lease was over"));
    }
  }

  /** Notes that it could not be renewed, and may be after a while. */
  renewalFailed(): void {
    this.#due = this.now() + this.lease * TRIED_AGAIN_AFTER;
  }

  /** Tells in how many ms to renew it; undefined: never again. */
  renewalIn(): number | undefined {
    if (this.released || this.#lost.signal.aborted) return undefined;
    if (this.timeLeft <= 0) {
      this.lose();
      return undefined;
    }
    return Math.max(0, Math.min(this.#due, this.#over) - this.now());
  }
}

/** A `withLock` that is running, and the one around it. */
interface Scope {
  readonly grants: Grants;
  readonly grant: Grant;
  readonly outer: Scope | undefined;
}

const SCOPE = new AsyncLocalStorage<Scope>();

/** The grants of one handle. */
export class Grants {
  // Those that were not released, by their tokens, the latest last.
  readonly #kept = new Map<number, Grant>();

  /** Gives what the `withLock` around this holds and has not given back, lost or not. */
  held(): Grant | undefined {
    let scope = SCOPE.getStore();
    while (scope !== undefined && (scope.grants !== this || scope.grant.released)) {
      scope = scope.outer;
    }
    return scope?.grant;
  }

  /** Gives the grant under which is written here. */
  under(): Grant | undefined {
    return this.held() ?? [...this.#kept.values()].at(-1);
  }

  /** Notes that the lock was granted. */
  take(owner: string, fencingToken: number): Grant {
    const kept = this.#kept.get(fencingToken);
    // Nobody could have got it anew while another one lasted.
    for (const other of this.#kept.values()) if (other !== kept) other.lose();
    const grant = kept ?? new Grant(owner, fencingToken);
    this.#kept.set(fencingToken, grant);
    grant.holds += 1;
    return grant;
  }

  /** Notes that a grant was given back for good. */
  forget(grant: Grant): void {
    grant.released = true;
    this.#kept.delete(grant.fencingToken);
  }

  /** Notes that all grants but this one were given back for good: they were lost before. */
  forgetOthers(grant: Grant): void {
    for (const other of this.#kept.values()) if (other !== grant) this.forget(other);
  }

  /** Runs a function under a grant. */
  run<Result>(grant: Grant, fn: () => Result): Result {
    return SCOPE.run({ grants: this, grant, outer: SCOPE.getStore() }, fn);
  }
}
