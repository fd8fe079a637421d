/** An execution: its state, and the pauses in which it waits for a person. */
import type { DocumentInput } from "../values/documents.js";

/** Where an execution stands. `waiting` is for something other than a person. */
export type Status = "running" | "waiting" | "paused" | "completed" | "failed";

/**
 * Values by key, as they are read: JSON, integers beyond 2^53 as bigint, or bytes
 * (Uint8Array) as a whole value.
 */
// What is stored is the caller's to know.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Document = Record<string, any>;

/** What each member gave back, by the member's name. */
// As above.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Outputs = Map<string, any>;

/**
 * The fields of a state that a caller gives; those that are undefined are absent.
 *
 * A document may be given as a plain object or as a Map. Null in an update removes a
 * document, all labels, `currentMember` or `schemaVersion`.
 */
export interface StateFields {
  /** The execution's id; may be left out. */
  id?: string | undefined;
  /** Where it stands. */
  status?: Status | undefined;
  /** What the execution was started with. */
  input?: DocumentInput | null | undefined;
  /** What it carries along. */
  context?: DocumentInput | null | undefined;
  /** What each member gave back, by the member's name. */
  memberOutputs?: DocumentInput | null | undefined;
  /** The member at work; 1 to 256 bytes. */
  currentMember?: string | null | undefined;
  /** When it began (ms since 1970); left out: keep the stored time, or take now. */
  startTime?: number | undefined;
  /** What others want to know about it. */
  metadata?: DocumentInput | null | undefined;
  /** For finding executions: at most 32. */
  labels?: Readonly<Record<string, string>> | null | undefined;
  /** Version of the caller's own layout; 1 to 256 bytes. */
  schemaVersion?: string | null | undefined;
}

/** What can be saved: the fields by name, a status among them. */
export type SavableState = StateFields & { status: Status };

/**
 * The state of an execution, as it is read.
 *
 * A document that is undefined is absent, and that is not the same as an empty one.
 */
export interface ExecutionState {
  /** The execution's id. */
  id: string;
  /** Where it stands. */
  status: Status;
  /** What the execution was started with. */
  input?: Document;
  /** What it carries along. */
  context?: Document;
  /** What each member gave back, by the member's name. */
  memberOutputs?: Outputs;
  /** The member at work. */
  currentMember?: string;
  /** When it began: ms since 1970; absent where it was not asked for. */
  startTime?: number;
  /** What others want to know about it. */
  metadata?: Document;
  /** For finding executions; absent: there are none. */
  labels?: Record<string, string>;
  /** Version of the caller's own layout. */
  schemaVersion?: string;
}

/** What the server keeps beside a state. */
export interface StateFacts {
  /** Position of the last change in the log, the token of compare-and-set. */
  readonly revision: number;
  /** Number of changes since creation, from 1; undefined: of a checkpoint's state. */
  readonly version: number | undefined;
  /** When it was first saved (ms since 1970); undefined: not known. */
  readonly createTime: number | undefined;
  /** When this state was written (ms since 1970); undefined: of a checkpoint's state. */
  readonly updateTime: number | undefined;
  /** From when on it reads as absent (ms since 1970); undefined: never. */
  readonly expireTime: number | undefined;
  /**
   * Its pauses, the oldest first: all that wait, and of the others the 64 that were
   * opened last.
   */
  readonly pauses: readonly Pause[];
  /** The values of its shared state, where `load` was asked for `sharedState` by name. */
  readonly sharedState: Document | undefined;
  /**
   * Whether it was loaded with `fields` and lacks the others; such a state cannot be
   * saved, because that would remove them.
   */
  readonly partial: boolean;
}

/**
 * A state that came from the server.
 *
 * Saving it is compare-and-set: it succeeds if the execution still is at its `revision`,
 * and moves it on. The facts beside the state are properties that neither comparisons,
 * `JSON.stringify` nor a spread see: `{ ...state }` is a plain state without a revision.
 */
export type LoadedState = ExecutionState & StateFacts;

/** A state that is changed in place: all documents can be written to. */
export interface TransactionState extends ExecutionState {
  input: Document;
  context: Document;
  memberOutputs: Outputs;
  metadata: Document;
}

/**
 * What becomes of a pause that nobody has answered in time: the execution fails, the
 * pause is answered with its default input, or it stays paused.
 */
export type ExpiryAction = "fail" | "resume" | "keep";

/**
 * Where a pause stands: it waits (`open`); it waits though its time is over (`overdue`);
 * it was answered; its time was over before that; the execution went on without.
 */
export type PauseStatus = "open" | "overdue" | "resumed" | "expired" | "voided";

/** The answer to a pause. */
export interface Resumption {
  /** What was answered; undefined: nothing. */
  readonly input: Document | undefined;
  /** Who answered, as given with the write; empty when not given. */
  readonly actor: string;
  /** When (ms since 1970). */
  readonly time: number;
}

/** One pause of an execution. Its token is known to whoever paused alone. */
export interface Pause {
  /** Of its execution. */
  readonly namespace: string;
  /** Its execution. */
  readonly executionId: string;
  /** Names it among all pauses of the execution; no secret. */
  readonly pauseId: string;
  /** Where it stands. */
  readonly status: PauseStatus;
  /** The member that paused. */
  readonly member: string;
  /** Why. */
  readonly reason: string;
  /** What the person needs to see; undefined: nothing. */
  readonly data: Document | undefined;
  /** When it was opened (ms since 1970). */
  readonly createTime: number;
  /** From when on the token is void and `onExpiry` happens (ms since 1970). */
  readonly expireTime: number;
  /** What becomes of it then. */
  readonly onExpiry: ExpiryAction;
  /** The answer that `resume` gives on expiry. */
  readonly defaultInput: Document | undefined;
  /** Who paused, as given with the write; empty when not given. */
  readonly actor: string;
  /** The answer; undefined: there is none. */
  readonly resumption: Resumption | undefined;
  /**
   * What is known of its execution where the pause was looked up or listed: all but its
   * documents and its pauses. Undefined where the pause stands in a state.
   */
  readonly execution: LoadedState | undefined;
}
