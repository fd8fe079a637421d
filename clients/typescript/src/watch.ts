/** A watch: the events of an execution or a namespace, over any number of streams. */
import { CallCancelledError, StateError } from "./errors.js";
import type { Following } from "./following.js";
import type { WatchResponse } from "./gen/statekeeper/v1/watch_pb.js";
import type { WatchEvent } from "./model/watch.js";
import type { Channel } from "./transport/channel.js";
import type { Stream } from "./transport/stream.js";
import { onAbort, sleep } from "./transport/waiting.js";

/**
 * What happens, as it happens; made by `watch`.
 *
 * ```ts
 * for await (const event of sm.watch()) console.log(event.kind, event.status);
 * ```
 *
 * It misses nothing from when `ready` was awaited, or else from its first step. A broken
 * connection, a server that restarts or is silent, and having been too slow are dealt with:
 * it goes on where it was, and gives every event once. It ends when it is closed, which
 * leaving the loop does as well, when its `signal` is aborted, and when it throws.
 *
 * One loop at a time may ask it for events, and anybody may close it.
 */
export class Watch implements AsyncIterableIterator<WatchEvent, undefined>, AsyncDisposable {
  readonly #channel: Channel;
  readonly #following: Following;
  #stream: Stream<WatchResponse> | undefined;
  readonly #closing = new AbortController();
  #gaveUp: CallCancelledError | undefined;
  #step: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(channel: Channel, following: Following, signal?: AbortSignal) {
    this.#channel = channel;
    this.#following = following;
    const stop = onAbort(signal, (error) => {
      this.#gaveUp = error;
      this.#end();
    });
    this.#closing.signal.addEventListener("abort", stop, { once: true });
  }

  /** Why the last stream has ended, while there is no other one. */
  get trouble(): StateError | undefined {
    return this.#following.trouble;
  }

  /**
   * What to store once all events that were given are dealt with.
   *
   * As that of the last event; empty before it has begun. It moves on also where nothing
   * happens, so that it is not too old one day.
   */
  get resumeToken(): string {
    return this.#following.resumeToken;
  }

  /**
   * Waits until the watch stands: from then on it misses nothing.
   *
   * @throws StateError - As `next`.
   */
  async ready(): Promise<this> {
    await this.#inTurn(async () => {
      while (!this.#following.begun && !this.#closing.signal.aborted) await this.#advance();
      this.#throwIfGivenUp();
    });
    return this;
  }

  /**
   * Waits for the next event.
   *
   * @throws RevisionCompactedError - What happened meanwhile is no longer kept.
   * @throws StateError - The server refuses to go on, or could not be reached for
   * `giveUpAfter`.
   * @throws SerializationError - A value of the event cannot be read. It is passed over,
   * and the watch goes on.
   * @throws CallCancelledError - The client was closed, or the signal aborted.
   */
  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    return this.#inTurn(async () => {
      while (!this.#closing.signal.aborted) {
        const event = this.#following.next();
        if (event !== undefined) return { done: false as const, value: event };
        await this.#advance();
      }
      this.#throwIfGivenUp();
      return { done: true as const, value: undefined };
    });
  }

  /** Ends it, also where somebody waits for an event; harmless when it has ended. */
  close(): void {
    this.#end();
  }

  /** The same, when a loop is left. */
  return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  /** Does one step after the other, whoever asks for them. */
  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const done = this.#step.then(step, step);
    this.#step = done;
    // Who has asked for it is told; who comes next begins anew.
    done.catch(() => undefined);
    return done;
  }

  /** Waits for a message, or for what keeps it from coming. */
  async #advance(): Promise<void> {
    const following = this.#following;
    try {
      const limit = this.#stream === undefined ? this.#channel.route.timeoutMs : following.silence;
      this.#stream ??= this.#channel.open(following.call());
      const message = await this.#stream.receive(limit);
      if (!this.#closing.signal.aborted) following.take(message);
    } catch (error) {
      this.#endStream();
      if (!(error instanceof StateError)) throw error;
      if (this.#closing.signal.aborted) return;
      await this.#pause(this.#delayAfter(error));
    }
  }

  #delayAfter(error: StateError): number {
    try {
      if (this.#channel.closed && error instanceof CallCancelledError) throw error;
      return this.#following.lost(error, this.#channel.route.patienceMs);
    } catch (last) {
      this.#end();
      throw last;
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(ms, this.#closing.signal);
    } catch (error) {
      if (!(error instanceof CallCancelledError)) throw error;
    }
  }

  #throwIfGivenUp(): void {
    if (this.#gaveUp !== undefined) throw this.#gaveUp;
  }

  #end(): void {
    this.#closing.abort();
    this.#endStream();
  }

  #endStream(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
  }
}
