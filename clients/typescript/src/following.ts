/**
 * A watch as far as it is known on this side: what it has given, and how it goes on.
 *
 * A stream may end at any time, and the watch goes on with the next one. What is kept here
 * sees to it that nothing is missed and nothing comes twice.
 */
import {
  CallCancelledError,
  DeadlineExceededError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  RevisionCompactedError,
  type StateError,
  StorageError,
  UnavailableError,
} from "./errors.js";
import { notice, readEvent } from "./event-fields.js";
import { EventKind as KindNumber } from "./gen/statekeeper/v1/history_pb.js";
import { StateManager } from "./gen/statekeeper/v1/state_manager_pb.js";
import type { Event, WatchRequest, WatchResponse } from "./gen/statekeeper/v1/watch_pb.js";
import type { EventKind } from "./model/results.js";
import type { WatchEvent } from "./model/watch.js";
import { Given, type Mark, Place } from "./places.js";
import { type WatchAsk, watchRequest } from "./requests/watch.js";
import { Backoff } from "./transport/backoff.js";
import { Call } from "./transport/call.js";

// Without a sign of life for as many heartbeats, a stream is taken to be broken.
const SILENT_HEARTBEATS = 3;
// A fault of the server, or of what stands between: it may have been the only one.
const FAULTS_MAX = 2;
const NOWHERE = new Place("");

interface Waiting {
  readonly place: Place;
  read(): WatchEvent;
}

export class Following {
  /** Whether the watch stands or has ever stood: it misses nothing since. */
  begun = false;
  /** Why the last stream has ended; undefined: there is another one. */
  trouble: StateError | undefined;
  /** After how long (ms) without a message a stream is broken. */
  readonly silence: number;
  readonly #ask: WatchAsk;
  #request: WatchRequest;
  readonly #events: Waiting[] = [];
  // What the caller has got, and what was received.
  #reached: Place | undefined;
  #received: Place | undefined;
  #given: Given;
  #marks: Mark[];
  #backoff: Backoff | undefined;
  #messages = 0;
  #faults = 0;
  #gap = false;

  constructor(ask: WatchAsk) {
    this.#ask = ask;
    this.#request = ask.request;
    this.silence = SILENT_HEARTBEATS * ask.heartbeat;
    this.#reached = this.#received = ask.place;
    this.#given = new Given(ask.place);
    this.#marks = this.#given.marks();
  }

  /** Where the caller stands: what to resume from, once what was given is dealt with. */
  get resumeToken(): string {
    const place = this.#events.length > 0 ? this.#reached : this.#received;
    return place?.text() ?? "";
  }

  /** Makes the call for the next stream. */
  call(): Call<WatchResponse> {
    const request = watchRequest(this.#request, this.#received);
    this.#messages = 0;
    this.#given = new Given(this.#received);
    return Call.of(StateManager.method.watch, request, this.#ask.scope, (message) => message);
  }

  /**
   * Gives the next of the events that were received; undefined: there are no more.
   *
   * @throws SerializationError - A value of it cannot be read; it is passed over.
   */
  next(): WatchEvent | undefined {
    const waiting = this.#events.shift();
    if (waiting === undefined) return undefined;
    this.#reached = waiting.place;
    return waiting.read();
  }

  /** Notes a message that was received. */
  take(message: WatchResponse): void {
    this.#messages += 1;
    this.begun = true;
    this.trouble = undefined;
    if (this.#events.length === 0) this.#reached = this.#received;
    if (this.#messages > 1 || !message.heartbeat) {
      // A stream that has only begun may end like the one before it.
      this.#backoff = undefined;
      this.#faults = 0;
    }
    this.#takeEvents(message);
    if (this.#gap) {
      this.#gap = false;
      this.#putNotice("gap");
    }
    if (message.snapshotComplete) this.#putNotice("snapshot_complete");
  }

  /**
   * Notes that the stream has ended, and gives the time (ms) until the next.
   *
   * @param error - Why.
   * @param patience - For how long (ms) to try while the watch has not begun.
   * @throws StateError - There is no use in another one, or the time for that is over.
   */
  lost(error: StateError, patience: number): number {
    this.trouble = error;
    if (this.#ask.restarts && this.#isGap(error)) {
      this.#restart();
      return 0;
    }
    if (!isPassing(error)) {
      this.#faults += 1;
      if (!(error instanceof InternalError) || this.#faults > FAULTS_MAX) throw error;
    }
    const { giveUpAfter } = this.#ask;
    this.#backoff ??= new Backoff(this.begun ? giveUpAfter : Math.min(giveUpAfter, patience));
    const delayMs = this.#backoff.delay();
    if (delayMs === undefined) throw error;
    return delayMs + (error instanceof OverloadedError ? (error.retryAfter ?? 0) : 0);
  }

  #isGap(error: StateError): boolean {
    if (error instanceof RevisionCompactedError) return true;
    // Of a token that the server itself gave in this watch: it serves another folder now.
    return (
      this.begun &&
      error instanceof InvalidRequestError &&
      error.fields.some(({ field }) => field === "resume_token")
    );
  }

  #restart(): void {
    this.#request = { ...this.#request, start: { case: "snapshot", value: true } };
    this.#received = undefined;
    this.#marks = [];
    this.#gap = true;
  }

  #takeEvents(message: WatchResponse): void {
    const tokens = message.snapshotTokens.values();
    let fresh: Event | undefined;
    for (const event of message.events) {
      const mark = markOf(event);
      const given = this.#given.has(mark);
      const isSnapshot = event.kind === KindNumber.SNAPSHOT;
      const token = isSnapshot ? (tokens.next().value ?? "") : "";
      if (token !== "") this.#comeTo(token);
      else if (!given) this.#mark(mark);
      if (!given) {
        fresh = event;
        this.#put(event);
      }
    }
    if (message.resumeToken === "") return;
    this.#comeTo(message.resumeToken);
    if (fresh !== undefined) {
      // The server knows the place after the last one.
      this.#events.pop();
      this.#put(fresh);
    }
  }

  /** Notes that the server knows the place. */
  #comeTo(token: string): void {
    this.#marks = this.#given.marks();
    this.#received = new Place(token, this.#marks, this.#marks.length);
  }

  /** Notes an event after which the server knows no place. */
  #mark(mark: Mark): void {
    this.#marks.push(mark);
    this.#received = new Place(this.#received?.token ?? "", this.#marks, this.#marks.length);
  }

  #put(event: Event): void {
    const place = this.#received ?? NOWHERE;
    // Read when it is given: what cannot be read is told of this event alone.
    this.#events.push({ place, read: () => readEvent(event, place) });
  }

  #putNotice(kind: EventKind): void {
    const place = this.#received ?? NOWHERE;
    const { namespace } = this.#ask.scope;
    this.#events.push({ place, read: () => notice(kind, namespace, place) });
  }
}

// Said of the way to the server, or of a server that stops or has too much to do.
function isPassing(error: StateError): boolean {
  return (
    error instanceof UnavailableError ||
    error instanceof StorageError ||
    error instanceof OverloadedError ||
    error instanceof CallCancelledError ||
    error instanceof DeadlineExceededError
  );
}

function markOf(event: Event): Mark {
  return { executionId: event.key?.executionId ?? "", revision: Number(event.revision) };
}
