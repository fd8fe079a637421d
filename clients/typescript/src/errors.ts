/**
 * Everything that the client throws about a call.
 *
 * ```
 * StateError                   any of the below, and reasons yet unknown
 * ├── StateNotFoundError       the execution does not exist
 * ├── CheckpointNotFoundError  the checkpoint does not exist
 * ├── ConflictError            someone else wrote since: load again and retry
 * ├── InvalidTokenError        the token is unknown, spent or expired
 * ├── LockTimeoutError         the lock was not granted in time
 * ├── LockedError              someone else holds the lock
 * ├── FencedError              the lock under which is written is lost
 * ├── SerializationError       a value cannot be encoded or decoded
 * ├── InvalidRequestError      the call is malformed; names the fields
 * ├── StateTooLargeError       never worth a retry
 * ├── SchemaViolationError     a value does not fit its schema
 * ├── StateAccessDeniedError   the member may not touch the key
 * ├── RequestIdReusedError     the requestId was used for another write
 * ├── RevisionCompactedError   that revision is no longer kept whole
 * ├── OverloadedError          try again after `retryAfter`
 * ├── StorageFullError         writes are refused, reads and deletes served
 * ├── StorageError             the storage is down: repeat with the requestId
 * │
 * ├── UnavailableError         the server cannot be reached
 * ├── DeadlineExceededError    no answer in time; a write may have happened
 * ├── WaitTimeoutError         what was waited for did not come
 * ├── CallCancelledError       the caller, or the client's end, cancelled the call
 * ├── UnauthenticatedError     the server does not accept the credentials
 * ├── UnimplementedError       the server does not know this call
 * └── InternalError            the server failed; its log tells more
 * ```
 *
 * The first group are the service's own answers, one class for each reason; the second
 * is for what got no such answer. What is refused before it is sent throws the same
 * class as if the server had refused it.
 */

/** Stands for a number the server did not tell; never a valid revision or size. */
export const UNKNOWN_NUMBER = -1;

/** What every error can carry. */
export interface ErrorFacts {
  /** The execution that was asked for; left out when unknown. */
  executionId?: string | undefined;
  /** Its namespace; left out when unknown. */
  namespace?: string | undefined;
  /** All facts the server gave, as text. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** What brought it about. */
  cause?: unknown;
}

/** A call that did not succeed. */
export class StateError extends Error {
  /** The reason's name, the same in every language: `CONFLICT`. */
  readonly code: string;
  /** The execution that was asked for; empty when unknown. */
  readonly executionId: string;
  /** Its namespace; empty when unknown. */
  readonly namespace: string;
  /** All facts the server gave, as text. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(message: string, code: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.executionId = facts.executionId ?? "";
    this.namespace = facts.namespace ?? "";
    this.metadata = facts.metadata ?? {};
  }
}

/** The execution does not exist, or has expired. */
export class StateNotFoundError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "STATE_NOT_FOUND", facts);
  }
}

/** The checkpoint does not exist. */
export class CheckpointNotFoundError extends StateError {
  /** Its name. */
  readonly checkpoint: string;

  constructor(message: string, facts: ErrorFacts & { checkpoint?: string } = {}) {
    super(message, "CHECKPOINT_NOT_FOUND", facts);
    this.checkpoint = facts.checkpoint ?? "";
  }
}

/** The execution is not at the expected revision: load again and retry. */
export class ConflictError extends StateError {
  /** The revision that was expected; 0: none at all. -1: not told. */
  readonly expected: number;
  /** The revision it has; 0: it does not exist. -1: not told. */
  readonly current: number;

  constructor(message: string, facts: ErrorFacts & { expected?: number; current?: number } = {}) {
    super(message, "CONFLICT", facts);
    this.expected = facts.expected ?? UNKNOWN_NUMBER;
    this.current = facts.current ?? UNKNOWN_NUMBER;
  }
}

/** The token is unknown, spent, expired or of another execution. */
export class InvalidTokenError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "INVALID_TOKEN", facts);
  }
}

/** What an error tells of who holds a lock. */
export interface HolderFacts extends ErrorFacts {
  /** Who; left out when not told. */
  owner?: string;
  /** When the lease ends (RFC 3339); left out when not told. */
  expireTime?: string;
}

/** The lock was not granted in time, because someone else holds it. */
export class LockTimeoutError extends StateError {
  /** Who holds it; empty when not told. */
  readonly owner: string;
  /** When the lease ends (RFC 3339); empty when not told. */
  readonly expireTime: string;

  constructor(message: string, facts: HolderFacts = {}) {
    super(message, "LOCK_TIMEOUT", facts);
    this.owner = facts.owner ?? "";
    this.expireTime = facts.expireTime ?? "";
  }
}

/** Someone else holds the lock, exclusively where it is a write that is refused. */
export class LockedError extends StateError {
  /** Who holds it; empty when not told. */
  readonly owner: string;
  /** When the lease ends (RFC 3339); empty when not told. */
  readonly expireTime: string;

  constructor(message: string, facts: HolderFacts = {}) {
    super(message, "LOCKED", facts);
    this.owner = facts.owner ?? "";
    this.expireTime = facts.expireTime ?? "";
  }
}

/** The lock under which is written is no longer held: its lease was over. */
export class FencedError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "FENCED", facts);
  }
}

/** A value cannot be encoded, or cannot be decoded here. */
export class SerializationError extends StateError {
  /** Where it stands: `context.user.tags[3]`. */
  readonly path: string;

  constructor(message: string, facts: ErrorFacts & { path?: string } = {}) {
    super(message, "SERIALIZATION_ERROR", facts);
    this.path = facts.path ?? "";
  }
}

/** One field of a call that is wrong. */
export interface FieldViolation {
  /** Its name: `expiresAt`, or as the server names it: `state.labels`. */
  field: string;
  /** What is wrong with it. */
  description: string;
}

/** The call is malformed. */
export class InvalidRequestError extends StateError {
  /** What is wrong. */
  readonly fields: readonly FieldViolation[];

  constructor(message: string, facts: ErrorFacts & { fields?: readonly FieldViolation[] } = {}) {
    super(message, "INVALID_REQUEST", facts);
    this.fields = facts.fields ?? [];
  }
}

/** The state, or the message that carries it, is larger than allowed. */
export class StateTooLargeError extends StateError {
  /** Its size in bytes; -1: not told. */
  readonly size: number;
  /** What is allowed, in bytes; -1: not told. */
  readonly limit: number;

  constructor(message: string, facts: ErrorFacts & { size?: number; limit?: number } = {}) {
    super(message, "STATE_TOO_LARGE", facts);
    this.size = facts.size ?? UNKNOWN_NUMBER;
    this.limit = facts.limit ?? UNKNOWN_NUMBER;
  }
}

/** A value does not fit its schema. */
export class SchemaViolationError extends StateError {
  /** The key of the shared state. */
  readonly key: string;
  /** Where in its value. */
  readonly path: string;
  /** The rule that is broken: `minLength`. */
  readonly rule: string;

  constructor(
    message: string,
    facts: ErrorFacts & { key?: string; path?: string; rule?: string } = {},
  ) {
    super(message, "SCHEMA_VIOLATION", facts);
    this.key = facts.key ?? "";
    this.path = facts.path ?? "";
    this.rule = facts.rule ?? "";
  }
}

/** The member may not touch the key. */
export class StateAccessDeniedError extends StateError {
  /** Who wanted to. */
  readonly member: string;
  /** What. */
  readonly key: string;

  constructor(message: string, facts: ErrorFacts & { member?: string; key?: string } = {}) {
    super(message, "STATE_ACCESS_DENIED", facts);
    this.member = facts.member ?? "";
    this.key = facts.key ?? "";
  }
}

/** The requestId was used for another write before. */
export class RequestIdReusedError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "REQUEST_ID_REUSED", facts);
  }
}

/** The state at that revision is no longer kept whole. */
export class RevisionCompactedError extends StateError {
  /** The oldest one that is; -1: not told. */
  readonly oldestRevision: number;

  constructor(message: string, facts: ErrorFacts & { oldestRevision?: number } = {}) {
    super(message, "REVISION_COMPACTED", facts);
    this.oldestRevision = facts.oldestRevision ?? UNKNOWN_NUMBER;
  }
}

/** Too much is waiting in the server, even after the client's own retries. */
export class OverloadedError extends StateError {
  /** How long to wait before the next attempt, in ms; undefined: not told. */
  readonly retryAfter: number | undefined;

  constructor(message: string, facts: ErrorFacts & { retryAfter?: number | undefined } = {}) {
    super(message, "OVERLOADED", facts);
    this.retryAfter = facts.retryAfter;
  }
}

/** The server has no room left: writes are refused, reads and deletes served. */
export class StorageFullError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "STORAGE_FULL", facts);
  }
}

/**
 * The storage is out of service after an I/O error, or the server is stopping.
 *
 * Whether a write was kept is not known: repeat it with its requestId.
 */
export class StorageError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "STORAGE_ERROR", facts);
  }
}

/** The server cannot be reached. */
export class UnavailableError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "UNAVAILABLE", facts);
  }
}

/** No answer came in time. Whether a write was done is not known. */
export class DeadlineExceededError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "DEADLINE_EXCEEDED", facts);
  }
}

/** What was waited for did not come in time. */
export class WaitTimeoutError extends StateError {
  /** The last status that was seen; empty when there is no execution. */
  readonly status: string;

  constructor(message: string, facts: ErrorFacts & { status?: string } = {}) {
    super(message, "WAIT_TIMEOUT", facts);
    this.status = facts.status ?? "";
  }
}

/** The call was given up: its `signal` was aborted (`cause`), or the client closed. */
export class CallCancelledError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "CANCELLED", facts);
  }
}

/** The server does not accept the credentials. */
export class UnauthenticatedError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "UNAUTHENTICATED", facts);
  }
}

/** The server does not know this call: it is older than the client. */
export class UnimplementedError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "UNIMPLEMENTED", facts);
  }
}

/** The server failed in a way it does not explain to callers; its log does. */
export class InternalError extends StateError {
  constructor(message: string, facts?: ErrorFacts) {
    super(message, "INTERNAL", facts);
  }
}
