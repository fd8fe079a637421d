/** The options of writes. */
import { randomUUID } from "node:crypto";

import { create } from "@bufbuild/protobuf";

import { checkedName, checkedRevision, checkedText } from "../arguments.js";
import {
  type WriteOptions as WriteOptionsMessage,
  WriteOptionsSchema,
} from "../gen/statekeeper/v1/write_pb.js";
import { checkedSpan, toDuration } from "../times.js";
import type { ExecutionRef } from "./execution.js";

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call when it is aborted, with CallCancelledError. What was sent may have
   * been done all the same.
   */
  signal?: AbortSignal | undefined;
}

/** What every write takes. */
export interface WriteOptions extends CallOptions {
  /**
   * Compare-and-set. Left out: write whatever is there; 0: the execution must not exist;
   * n: its revision must be n. Otherwise ConflictError.
   */
  expectedRevision?: number | undefined;
  /**
   * Time to live from this write on, in ms; 0: for ever. Left out: the handle's, or else
   * what was last set (at first 24 h).
   */
  ttl?: number | undefined;
  /**
   * Names the write, so that repeating it with the same id gives the first result and
   * changes nothing. Left out: the client makes one, which covers its own retries.
   */
  requestId?: string | undefined;
  /** Who writes, for the history. Left out: the handle's. */
  actor?: string | undefined;
}

/**
 * Makes the options of a write; throws an InvalidRequestError.
 *
 * @param execution - What the handle adds to every write.
 * @param options - What the caller gave.
 * @param fencingToken - Of the lock under which is written; 0: none.
 */
export function writeOptions(
  execution: ExecutionRef,
  options: WriteOptions,
  fencingToken = 0,
): WriteOptionsMessage {
  const message = plainOptions(execution, options);
  if (options.expectedRevision !== undefined) {
    message.expectedRevision = checkedRevision("expectedRevision", options.expectedRevision);
  }
  const ttl = options.ttl === undefined ? execution.ttl : checkedSpan(options.ttl, "ttl");
  if (ttl !== undefined) message.ttl = toDuration(ttl);
  message.fencingToken = BigInt(fencingToken);
  return message;
}

/** The same for a write that has neither a ttl, nor a revision, nor a lock. */
export function plainOptions(
  execution: ExecutionRef,
  options: Pick<WriteOptions, "requestId" | "actor"> = {},
): WriteOptionsMessage {
  const { requestId, actor } = options;
  return create(WriteOptionsSchema, {
    // Every write can be repeated safely, because it says which one it is.
    requestId: requestId === undefined ? newId() : checkedName("requestId", requestId),
    actor: actor === undefined ? execution.actor : checkedText("actor", actor),
  });
}

/** Makes an id that nobody else has. */
export function newId(): string {
  return randomUUID();
}
