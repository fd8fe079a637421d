/** What calls give back. */
import type { LoadedState, Status } from "./execution.js";

/** What a write did. */
export interface WriteResult {
  /** Of the execution written. */
  readonly namespace: string;
  /** The execution written. */
  readonly executionId: string;
  /**
   * Its revision now: the value to expect next. For a delete, the deletion's position in
   * the log; 0 when nothing was there.
   */
  readonly revision: number;
  /** Changes since creation, this one included; 0 after a delete. */
  readonly version: number;
  /** When it was written (ms since 1970). */
  readonly updateTime: number;
  /**
   * Whether this is the first result again, for a repeated requestId: what the others
   * tell was so right after the write.
   */
  readonly replayed: boolean;
  /** Sentences for people: what was done but had better be changed. */
  readonly warnings: readonly string[];
  /**
   * When the execution expires unless it is written again (ms since 1970), as this write
   * has left it; undefined: never, or there is none.
   */
  readonly expireTime: number | undefined;
}

/** What a delete did. */
export interface DeleteResult extends WriteResult {
  /** Whether there was anything to remove. */
  readonly existed: boolean;
}

/** What a resume did. */
export interface ResumeResult extends WriteResult {
  /** The member that had paused. */
  readonly member: string;
  /** The pause that was answered. */
  readonly pauseId: string;
}

/**
 * What resumes a pause, once.
 *
 * It stands for its token wherever a text is wanted: `${token}`, `sm.resume(token)`. The
 * token is a secret, because who has it can answer, so logs and `JSON.stringify` do not
 * show it.
 */
export class ResumeToken {
  readonly #token: string;
  /** The pause; no secret. */
  readonly pauseId: string;
  /** What the write that paused did. */
  readonly result: WriteResult;

  constructor(token: string, pauseId: string, result: WriteResult) {
    this.#token = token;
    this.pauseId = pauseId;
    this.result = result;
  }

  /** The text to give to whoever may answer: `hitl_...`. */
  get token(): string {
    return this.#token;
  }

  /** The same. */
  toString(): string {
    return this.#token;
  }
}

/** A name for a revision of an execution. */
export interface Checkpoint {
  /** Its name. */
  readonly name: string;
  /** When it was made (ms since 1970). */
  readonly timestamp: number;
  /** The revision that it names. */
  readonly revision: number;
  /** Who made it, as given with the write; empty when not given. */
  readonly actor: string;
  /** The state that it names; undefined: not asked for. */
  readonly state: LoadedState | undefined;
}

/** Who holds the lock of an execution. */
export interface LockHolder {
  /** Who asked for it. */
  readonly owner: string;
  /** Larger with every grant. */
  readonly fencingToken: number;
  /** When the lease is over unless it is renewed (ms since 1970). */
  readonly leaseExpireTime: number;
  /** Whether writes without the fencing token are refused. */
  readonly exclusive: boolean;
}

/** The kinds of events that a watch may be asked for. */
export const EVENT_KINDS = [
  "saved",
  "updated",
  "deleted",
  "expired",
  "paused",
  "resumed",
  "pause_expired",
  "checkpointed",
  "restored",
  "locked",
  "unlocked",
] as const;

/**
 * What happened to an execution.
 *
 * Of a watch alone: `snapshot` is no change, but an execution as it was when the watch
 * came upon it, and `snapshot_complete` comes after the last of them; `gap` says that
 * what happened meanwhile is no longer kept: the executions follow as they are, and those
 * that do not are to be forgotten. `unknown` is what this client is too old to know.
 */
export type EventKind =
  (typeof EVENT_KINDS)[number] | "snapshot" | "snapshot_complete" | "gap" | "unknown";

/** One change of an execution, without the values. */
export interface Revision {
  /** Position of the change in the log. */
  readonly revision: number;
  /** Number of the change since creation, from 1. */
  readonly version: number;
  /** When it was written (ms since 1970). */
  readonly time: number;
  /** What was done. */
  readonly kind: EventKind;
  /** The status after the change; undefined: there is none. */
  readonly status: Status | undefined;
  /** What really changed: `status`, `context.userId`. */
  readonly changed: readonly string[];
  /** Who wrote, as given with the write; empty when not given. */
  readonly actor: string;
  /** The pause, where the kind is about one; else empty. */
  readonly pauseId: string;
  /** The checkpoint that was restored, where it was one; else empty. */
  readonly checkpoint: string;
}
