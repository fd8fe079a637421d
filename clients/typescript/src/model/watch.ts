/** What a watch tells. */
import type { Place } from "../places.js";
import type { LoadedState, StateFields, Status } from "./execution.js";
import type { EventKind } from "./results.js";

/** What an event tells, but for its place. */
export interface EventFacts {
  /** What was done. */
  readonly kind: EventKind;
  /** Of its execution. */
  readonly namespace: string;
  /** The execution. */
  readonly executionId: string;
  /** Position in the log; of the kind `snapshot`, the execution's revision. */
  readonly revision: number;
  /**
   * The execution's revision after it, for `expectedRevision`: locks and checkpoints have
   * a revision of their own and leave the execution at its. 0: there is no execution.
   */
  readonly executionRevision: number;
  /** Number of changes since creation; 1: this created it. */
  readonly version: number;
  /** When it happened (ms); of the kind `snapshot`, when the state was written. */
  readonly time: number;
  /**
   * The status after it; of what was removed, the last one. Undefined: there is none, or
   * this client is too old to know it.
   */
  readonly status: Status | undefined;
  /** What really changed: `status`, `context.userId`. */
  readonly changed: readonly string[];
  /** Who did it, as given with the write; empty when not given. */
  readonly actor: string;
  /** The pause, where the kind is about one; else empty. */
  readonly pauseId: string;
  /** The checkpoint that was made or restored; else empty. */
  readonly checkpoint: string;
  /** Who got or had the lock, where the kind is about it; else empty. */
  readonly owner: string;
  /**
   * With `include: "changes"`, what was set, as for `update`: of documents the entries that
   * were set, of labels all. Merging it, and taking away what is `removed`, makes of the
   * state before it the state after it. Undefined: not asked for, nothing moved the
   * execution's revision, or another event of the same revision that came before has it.
   */
  readonly changes: StateFields | undefined;
  /** With `include: "changes"`, what is gone: `context.userId`. */
  readonly removed: readonly string[];
  /**
   * With `include: "state"`, the state after it; with `include: "changes"` too where the
   * kind is `snapshot`. Undefined: not asked for, there is none, or another event of the
   * same revision that came before has it.
   */
  readonly state: LoadedState | undefined;
  /**
   * Whether values were asked for that cannot be told any more; load the state where they
   * are needed.
   */
  readonly valuesMissing: boolean;
}

/**
 * One thing that happened to an execution.
 *
 * Of the kinds `gap` and `snapshot_complete`, which tell of the watch itself, all but
 * `kind`, `namespace`, `time` and `resumeToken` is empty.
 */
export interface WatchEvent extends EventFacts {
  /**
   * What to store once this was dealt with: a watch goes on from it, right after this.
   *
   * It is short for the last event of a message. For the others it names what was given of
   * the message, and is worked out when it is asked for.
   */
  readonly resumeToken: string;
}

/** Makes an event that stands at a place. */
export function eventAt(facts: EventFacts, place: Place): WatchEvent {
  return Object.defineProperty({ ...facts }, "resumeToken", {
    get: () => place.text(),
    enumerable: true,
  }) as WatchEvent;
}
