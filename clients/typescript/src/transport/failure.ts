/**
 * From a failed gRPC call to the error that callers see.
 *
 * The service's own answers carry a google.rpc.Status in the trailer
 * `grpc-status-details-bin`; `FACTS` is the one table of what it may tell. Without that
 * trailer the call failed on the way, and the message says where to.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Metadata, status as Code, type StatusObject } from "@grpc/grpc-js";

import * as errors from "../errors.js";
import { fromPath } from "../field-paths.js";
import {
  type BadRequest,
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../gen/google/rpc/status_pb.js";
import { fromDuration } from "../times.js";

const DOMAIN = "statekeeper";
const DETAILS_TRAILER = "grpc-status-details-bin";
const PUSHBACK_TRAILER = "grpc-retry-pushback-ms";

const CODES: ReadonlyMap<number, Code> = new Map(
  Object.values(Code)
    .filter((code) => typeof code !== "string")
    .map((code) => [code, code]),
);

/** How a call ended that did not succeed. */
export class Failure extends Error {
  /**
   * @param code - gRPC's status code.
   * @param details - What was said about it.
   * @param status - What the service told; undefined: it told nothing.
   * @param pushbackMs - After how long the server wants it to be tried again; below 0:
   * never; undefined: it did not say.
   */
  constructor(
    readonly code: Code,
    readonly details: string,
    readonly status?: Status,
    readonly pushbackMs?: number,
  ) {
    super(details);
  }
}

/** Gives how a call of gRPC has ended. */
export function failureOf(ended: StatusObject): Failure {
  return new Failure(ended.code, ended.details, told(ended.metadata), pushback(ended.metadata));
}

/** Gives how an operation of a message has ended, as an RPC of its own would have. */
export function failureOfOperation(status: Status): Failure {
  return new Failure(CODES.get(status.code) ?? Code.UNKNOWN, status.message, status);
}

/** Where a call went, for messages and for errors that do not say. */
export interface CallSite {
  /** The server's address as the client was given it. */
  readonly target: string;
  /** How long the call was allowed to take. */
  readonly timeoutMs: number;
  /** Of the execution that was asked for. */
  readonly namespace: string;
  /** The execution that was asked for. */
  readonly executionId: string;
}

/** Gives the error to throw for a failed call. */
export function toStateError(failure: Failure, site: CallSite): errors.StateError {
  const details = failure.status && unpacked(failure.status);
  return details?.info?.domain === DOMAIN
    ? serviceError(failure, details, details.info, site)
    : transportError(failure, site);
}

interface Details {
  info?: ErrorInfo | undefined;
  request?: BadRequest | undefined;
  retry?: RetryInfo | undefined;
}

function unpacked(status: Status): Details {
  const details: Details = {};
  for (const detail of status.details) {
    details.info ??= anyUnpack(detail, ErrorInfoSchema);
    details.request ??= anyUnpack(detail, BadRequestSchema);
    details.retry ??= anyUnpack(detail, RetryInfoSchema);
  }
  return details;
}

interface Told {
  readonly facts: errors.ErrorFacts;
  readonly details: Details;
  readonly text: (name: string) => string | undefined;
  readonly number: (name: string) => number | undefined;
}

type Make = (message: string, told: Told) => errors.StateError;

const FACTS: Readonly<Record<string, Make>> = {
  STATE_NOT_FOUND: (message, { facts }) => new errors.StateNotFoundError(message, facts),
  CHECKPOINT_NOT_FOUND: (message, { facts, text }) =>
    new errors.CheckpointNotFoundError(message, given(facts, { checkpoint: text("checkpoint") })),
  CONFLICT: (message, { facts, number }) =>
    new errors.ConflictError(
      message,
      given(facts, { expected: number("expected"), current: number("current") }),
    ),
  INVALID_TOKEN: (message, { facts }) => new errors.InvalidTokenError(message, facts),
  LOCK_TIMEOUT: (message, told) => new errors.LockTimeoutError(message, holder(told)),
  LOCKED: (message, told) => new errors.LockedError(message, holder(told)),
  FENCED: (message, { facts }) => new errors.FencedError(message, facts),
  SERIALIZATION_ERROR: (message, { facts, text }) =>
    new errors.SerializationError(message, given(facts, { path: fromPath(text("path") ?? "") })),
  INVALID_REQUEST: (message, { facts, details }) =>
    new errors.InvalidRequestError(message, {
      ...facts,
      fields: (details.request?.fieldViolations ?? []).map(({ field, description }) => ({
        field,
        description,
      })),
    }),
  STATE_TOO_LARGE: (message, { facts, number }) =>
    new errors.StateTooLargeError(
      message,
      given(facts, { size: number("size"), limit: number("limit") }),
    ),
  SCHEMA_VIOLATION: (message, { facts, text }) =>
    new errors.SchemaViolationError(
      message,
      given(facts, { key: text("key"), path: text("path"), rule: text("rule") }),
    ),
  STATE_ACCESS_DENIED: (message, { facts, text }) =>
    new errors.StateAccessDeniedError(
      message,
      given(facts, { member: text("member"), key: text("key") }),
    ),
  REQUEST_ID_REUSED: (message, { facts }) => new errors.RequestIdReusedError(message, facts),
  REVISION_COMPACTED: (message, { facts, number }) =>
    new errors.RevisionCompactedError(
      message,
      given(facts, { oldestRevision: number("oldest_revision") }),
    ),
  OVERLOADED: (message, { facts, details }) => {
    const delay = details.retry?.retryDelay;
    return new errors.OverloadedError(message, {
      ...facts,
      retryAfter: delay && fromDuration(delay),
    });
  },
  STORAGE_FULL: (message, { facts }) => new errors.StorageFullError(message, facts),
  STORAGE_ERROR: (message, { facts }) => new errors.StorageError(message, facts),
};

/** The reasons that have an error of their own. */
export const REASONS: readonly string[] = Object.keys(FACTS);

function serviceError(
  failure: Failure,
  details: Details,
  info: ErrorInfo,
  site: CallSite,
): errors.StateError {
  const { metadata, reason } = info;
  const facts: errors.ErrorFacts = {
    namespace: metadata.namespace ?? site.namespace,
    executionId: metadata.execution_id ?? site.executionId,
    metadata: { ...metadata },
  };
  const message = failure.status?.message ?? failure.details;
  const make = Object.hasOwn(FACTS, reason) ? FACTS[reason] : undefined;
  if (make === undefined) return new errors.StateError(message, reason, facts);
  const text = (name: string): string | undefined => metadata[name];
  const number = (name: string): number | undefined => {
    const read = Number(metadata[name] ?? Number.NaN);
    return Number.isSafeInteger(read) ? read : undefined;
  };
  return make(message, { facts, details, text, number });
}

/** Joins facts, of which those that were not told are left out. */
function given<Own extends Record<string, unknown>>(
  facts: errors.ErrorFacts,
  own: Own,
): errors.ErrorFacts & { [Name in keyof Own]?: NonNullable<Own[Name]> } {
  const known = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...facts, ...Object.fromEntries(known) } as never;
}

function holder({ facts, text }: Told): errors.HolderFacts {
  return given(facts, { owner: text("owner"), expireTime: text("expire_time") });
}

type TransportError = new (message: string, facts?: errors.ErrorFacts) => errors.StateError;

const BY_CODE: ReadonlyMap<Code, TransportError> = new Map<Code, TransportError>([
  [Code.UNAVAILABLE, errors.UnavailableError],
  [Code.DEADLINE_EXCEEDED, errors.DeadlineExceededError],
  [Code.CANCELLED, errors.CallCancelledError],
  [Code.UNAUTHENTICATED, errors.UnauthenticatedError],
  [Code.UNIMPLEMENTED, errors.UnimplementedError],
  [Code.INTERNAL, errors.InternalError],
]);

function transportError(failure: Failure, site: CallSite): errors.StateError {
  const { namespace, executionId, target } = site;
  const facts = { namespace, executionId };
  const message = transportMessage(failure, target, site.timeoutMs);
  const error = BY_CODE.get(failure.code);
  return error === undefined
    ? new errors.StateError(message, Code[failure.code], facts)
    : new error(message, facts);
}

function transportMessage(failure: Failure, target: string, timeoutMs: number): string {
  const details = failure.details || "no reason given";
  switch (failure.code) {
    case Code.DEADLINE_EXCEEDED:
      return `no answer from ${target} within ${String(timeoutMs / 1000)} s`;
    case Code.UNAVAILABLE:
      return `cannot reach statekeeper at ${target}: ${cause(details)}`;
    case Code.CANCELLED:
      return `the call to ${target} was cancelled: ${details}`;
    default:
      return `${target} answered ${Code[failure.code]}: ${details}`;
  }
}

// What gRPC and Node write for people who know their inside, by what it means.
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "connection refused"],
  [/name resolution failed|ENOTFOUND|EAI_AGAIN/i, "unknown host name"],
  [
    /self.signed certificate|unable to (get|verify).*certificate|certificate (has expired|verify)/i,
    "its certificate is not trusted",
  ],
  [/altnames/i, "its certificate is for another name"],
  [/SSL routines|wrong version number|EPROTO|handshake/i, "TLS handshake failed"],
  [/protocol error/i, "what listens there is no gRPC server"],
  [/ENOENT/, "no such socket file"],
  [/ENETUNREACH|EHOSTUNREACH/, "network unreachable"],
  [/ETIMEDOUT|timed out/i, "connecting timed out"],
  [/ECONNRESET|connection dropped|socket hang up|EPIPE/i, "connection lost"],
];

function cause(details: string): string {
  return CAUSES.find(([pattern]) => pattern.test(details))?.[1] ?? details;
}

function told(metadata: Metadata): Status | undefined {
  const [raw] = metadata.get(DETAILS_TRAILER);
  if (!(raw instanceof Uint8Array)) return undefined;
  try {
    return fromBinary(StatusSchema, raw);
  } catch {
    // Somebody else's trailer: the code and its details say what there is to say.
    return undefined;
  }
}

function pushback(metadata: Metadata): number | undefined {
  const [raw] = metadata.get(PUSHBACK_TRAILER);
  if (raw === undefined) return undefined;
  const delayMs = Number(raw.toString());
  // What cannot be read means never, as in gRPC's own retries.
  return Number.isInteger(delayMs) ? delayMs : -1;
}
