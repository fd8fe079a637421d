/** How long to wait before something is tried again; all in ms. */

const FIRST_MS_MAX = 10;
const LATER_MS_MAX = 1_000;
// In attempts: so many contenders find room for one attempt each. Few conflicts mean few
// contenders.
const WINDOW_FIRST = 8;
const WINDOW_MAX = 64;
const WINDOW_MS_MAX = 2_000;

/** What a backoff goes by; tests give their own. */
export interface Chance {
  /** A clock that does not step, in ms. */
  now(): number;
  /** Gives a number from 0 to 1. */
  random(): number;
}

const REAL: Chance = { now: () => performance.now(), random: () => Math.random() };

/** Exponential, with full jitter: those who met once should not meet again. */
export class Backoff {
  readonly #ends: number;
  #delayMax = FIRST_MS_MAX;

  /** @param timeoutMs - For how long to try, from now on. */
  constructor(
    timeoutMs: number,
    private readonly chance: Chance = REAL,
  ) {
    this.#ends = chance.now() + timeoutMs;
  }

  /** Gives how long to wait before the next try; undefined: no more, time is over. */
  delay(): number | undefined {
    const delayMs = this.#delayMax * this.chance.random();
    this.#delayMax = Math.min(2 * this.#delayMax, LATER_MS_MAX);
    return this.chance.now() + delayMs < this.#ends ? delayMs : undefined;
  }
}

/**
 * When to try again what somebody else has got in the way of.
 *
 * An attempt succeeds if no other one does between its load and its commit. So what is
 * long enough to wait depends on how long attempts take: with many contenders a server
 * that is far away, or busy, needs longer waits than one that is near. Waits are spread
 * over a window of 8 attempts as long as the last one, then 16, up to 64, but of 2 seconds
 * at most: no longer than what is left, so that whoever is about to give up comes first.
 */
export class ConflictBackoff {
  readonly #ends: number;
  #began: number;
  #window = WINDOW_FIRST;

  /** @param timeoutMs - For how long to try, from now on, when the first attempt begins. */
  constructor(
    timeoutMs: number,
    private readonly chance: Chance = REAL,
  ) {
    this.#began = chance.now();
    this.#ends = this.#began + timeoutMs;
  }

  /** Gives how long to wait before the next attempt; undefined: no more, time is over. */
  delay(): number | undefined {
    const now = this.chance.now();
    if (now >= this.#ends) return undefined;
    const took = now - this.#began;
    const windowMs = Math.min(this.#window * took, WINDOW_MS_MAX, this.#ends - now);
    this.#window = Math.min(2 * this.#window, WINDOW_MAX);
    const delayMs = windowMs * this.chance.random();
    this.#began = now + delayMs;
    return delayMs;
  }
}
