/** Where a client's calls go, how long they may take, and which are tried again. */
import { type ChannelOptions, status as Code } from "@grpc/grpc-js";

import { checkedTarget, invalid } from "../arguments.js";
import {
  CallCancelledError,
  DeadlineExceededError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  StateError,
  StateTooLargeError,
  StorageError,
  UnavailableError,
} from "../errors.js";
import { checkedSpan } from "../times.js";
import type { Call } from "./call.js";
import { Failure, toStateError } from "./failure.js";

export const TARGET_DEFAULT = "127.0.0.1:7460";
export const TIMEOUT_MS_DEFAULT = 10_000;
export const CLOSED = "this client is closed";
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** For how long a server that was never heard of is looked for. */
export const FIND_MS = 1_500;

const ROOM_BYTES = 64 * 1024;
const ATTEMPTS_MAX = 5;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 2_000;

export const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.max_send_message_length": MESSAGE_BYTES_MAX + ROOM_BYTES,
  "grpc.max_receive_message_length": MESSAGE_BYTES_MAX + ROOM_BYTES,
  // Calls are repeated here, where it is known what they are.
  "grpc.enable_retries": 0,
  // A dead connection is noticed even while nobody calls.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  // A server that restarts is found again within a second of its return.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  // Clients of one process share neither a connection nor its back-off.
  "grpc.use_local_subchannel_pool": 1,
};

/** How a stream ends that has no end of its own, where the server gives no reason. */
export const ENDED = new Failure(Code.UNAVAILABLE, "the server has ended the stream");

/** Tells that a stream has ended because it was silent. */
export function silence(waitMs: number): Failure {
  return new Failure(Code.UNAVAILABLE, `nothing was heard of it for ${String(waitMs / 1000)} s`);
}

/** Tells whether a call ended without a word from the server. */
export function isUnheard(error: unknown): boolean {
  return (
    error instanceof UnavailableError ||
    error instanceof DeadlineExceededError ||
    error instanceof CallCancelledError
  );
}

/** Tells whether a call that failed like this may have been done all the same. */
export function mayBeDone(error: unknown): boolean {
  if (!(error instanceof StateError)) return true;
  return isUnheard(error) || error instanceof InternalError || error instanceof StorageError;
}

/** Tells whether a call has to be sent alone: its answer does not fit among others. */
export function hasNoRoom(error: unknown): boolean {
  return (
    error instanceof InvalidRequestError && error.fields.some(({ field }) => field === "operation")
  );
}

/**
 * Gives after which time (ms) a call that was answered with an error is worth another
 * try; undefined: it is not.
 *
 * @param error - The answer.
 * @param attempt - How often it was tried.
 * @param pushbackMs - What the server wants; below 0: no other try.
 */
export function retryDelay(
  error: StateError,
  attempt: number,
  pushbackMs?: number,
): number | undefined {
  if (attempt >= ATTEMPTS_MAX) return undefined;
  if (pushbackMs !== undefined) return pushbackMs < 0 ? undefined : pushbackMs;
  if (error instanceof OverloadedError) return error.retryAfter;
  if (error instanceof StorageError) {
    return Math.min(BACKOFF_MS * 2 ** (attempt - 1), BACKOFF_MS_MAX) * (0.8 + 0.4 * Math.random());
  }
  return undefined;
}

/** Refuses what the server would not receive, and gives the size of what it would. */
export function checkSize(call: Call<unknown>): number {
  const { size } = call;
  if (size > MESSAGE_BYTES_MAX) {
    throw new StateTooLargeError(
      `the request has ${String(size)} bytes, and a message may have ${String(MESSAGE_BYTES_MAX)}`,
      {
        size,
        limit: MESSAGE_BYTES_MAX,
        namespace: call.execution.namespace,
        executionId: call.execution.executionId,
      },
    );
  }
  return size;
}

/** Where a client's calls go and how long they may take. */
export class Route {
  /** The server's address. */
  readonly target: string;
  /** How long a call may take, its retries included, where it does not wait for someone. */
  readonly timeoutMs: number;
  /**
   * Whether the server was ever heard of. Until then a call to a wrong address fails soon;
   * from then on a server that is away is taken to be restarting, and waited for until the
   * deadline.
   */
  answered = false;

  constructor(target: unknown, timeoutMs: unknown) {
    this.target = checkedTarget(target);
    this.timeoutMs = checkedSpan(timeoutMs, "timeout");
    if (this.timeoutMs === 0) throw invalid("timeout", "must be more than zero");
  }

  /** Notes that the server was heard of. */
  hear(): void {
    this.answered = true;
  }

  /** For how long (ms) to look for a server that cannot be reached. */
  get patienceMs(): number {
    return this.answered ? this.timeoutMs : FIND_MS;
  }

  /** Gives how long a call may take (ms), its retries included. */
  timeoutOf(call: Call<unknown>): number {
    return Math.min(this.timeoutMs + call.waitMs, call.timeoutMsMax);
  }

  /** Gives the error to throw for a failed call. */
  translate(failure: Failure, call: Call<unknown>): StateError {
    const { namespace, executionId } = call.execution;
    const timeoutMs = this.timeoutOf(call);
    const error = toStateError(failure, { target: this.target, timeoutMs, namespace, executionId });
    if (!isUnheard(error)) this.hear();
    return error;
  }
}
