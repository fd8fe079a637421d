/** Requests of Pause, Resume and GetPause. */
import { create } from "@bufbuild/protobuf";

import { checkedChoice, checkedName, checkOne, invalid } from "../arguments.js";
import {
  type GetPauseRequest,
  GetPauseRequestSchema,
  type PauseRequest,
  PauseRequestSchema,
  type ResumeRequest,
  ResumeRequestSchema,
} from "../gen/statekeeper/v1/pause_requests_pb.js";
import type { ExpiryAction } from "../model/execution.js";
import { ResumeToken } from "../model/results.js";
import { EXPIRY_ACTION_NUMBERS, EXPIRY_ACTIONS } from "../pause-fields.js";
import { type Instant, toTimestamp } from "../times.js";
import { type DocumentInput, writeDocument } from "../values/documents.js";
import { type ExecutionRef, keyOf } from "./execution.js";
import { type WriteOptions, writeOptions } from "./write.js";

/** How to pause. */
export interface PauseOptions extends WriteOptions {
  /** The member that pauses; becomes the current member. */
  member: string;
  /** Why. */
  reason: string;
  /** What the person needs to see. */
  data?: DocumentInput | undefined;
  /** Until when an answer is accepted; left out: for 24 h. */
  expiresAt?: Instant | undefined;
  /** What becomes of the pause then; left out: `fail`. */
  onExpiry?: ExpiryAction | undefined;
  /** The answer that `resume` gives on expiry. */
  defaultInput?: DocumentInput | undefined;
}

/** A pause that is named by its id: for who may answer without a token. */
export interface PauseById {
  /** Names it among all pauses of the execution. */
  readonly pauseId: string;
}

/** What names a pause: what `pause` gave, its text, or the pause's id. */
export type PauseTarget = ResumeToken | string | PauseById;

/**
 * Makes the request that pauses an execution.
 *
 * @throws InvalidRequestError - An argument is of no use.
 * @throws SerializationError - A value cannot be sent.
 */
export function pauseRequest(
  execution: ExecutionRef,
  options: PauseOptions,
  fencingToken: number,
): PauseRequest {
  const { data, expiresAt, defaultInput } = options;
  const request = create(PauseRequestSchema, {
    key: keyOf(execution),
    member: checkedName("member", options.member),
    reason: checkedName("reason", options.reason),
  });
  if (data !== undefined) request.data = writeDocument(data, "data");
  if (defaultInput !== undefined)
    request.defaultInput = writeDocument(defaultInput, "defaultInput");
  if (expiresAt !== undefined) request.expireTime = toTimestamp(expiresAt, "expiresAt");
  const action = checkedChoice("onExpiry", options.onExpiry ?? "fail", EXPIRY_ACTIONS);
  if (defaultInput !== undefined && action !== "resume") {
    throw invalid("defaultInput", "has a meaning with onExpiry: 'resume' alone");
  }
  request.onExpiry = EXPIRY_ACTION_NUMBERS[action];
  request.options = writeOptions(execution, options, fencingToken);
  return request;
}

/**
 * Makes the request that answers a pause.
 *
 * @param execution - Whose pause; one without an id is left to the token.
 * @throws InvalidRequestError - An argument is of no use.
 * @throws SerializationError - A value cannot be sent.
 */
export function resumeRequest(
  execution: ExecutionRef,
  target: PauseTarget,
  input: DocumentInput | undefined,
  options: WriteOptions,
  fencingToken: number,
): ResumeRequest {
  const request = create(ResumeRequestSchema, {
    ...knownKey(execution),
    target: readTarget(target),
  });
  if (input !== undefined) request.input = writeDocument(input, "input");
  request.options = writeOptions(execution, options, fencingToken);
  return request;
}

/** Makes the request that looks a pause up, or throws an InvalidRequestError. */
export function getPauseRequest(execution: ExecutionRef, target: PauseTarget): GetPauseRequest {
  return create(GetPauseRequestSchema, { ...knownKey(execution), target: readTarget(target) });
}

function knownKey(execution: ExecutionRef): { key?: ReturnType<typeof keyOf> } {
  return execution.executionId === "" ? {} : { key: keyOf(execution) };
}

function readTarget(given: unknown): { case: "token" | "pauseId"; value: string } {
  if (given instanceof ResumeToken) return { case: "token", value: given.token };
  const target = typeof given === "object" && given !== null ? given : { token: given };
  const { token, pauseId } = target as { token?: unknown; pauseId?: unknown };
  checkOne({ token, pauseId });
  return pauseId === undefined
    ? { case: "token", value: checkedName("token", token) }
    : { case: "pauseId", value: checkedName("pauseId", pauseId) };
}
