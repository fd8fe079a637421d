/** Requests of lists, which are answered page by page. */
import { create } from "@bufbuild/protobuf";

import { checkedText, invalid, typeName } from "../arguments.js";
import { toPaths } from "../field-paths.js";
import {
  type ListCheckpointsRequest,
  ListCheckpointsRequestSchema,
} from "../gen/statekeeper/v1/checkpoint_pb.js";
import { type ListRequest, ListRequestSchema } from "../gen/statekeeper/v1/list_pb.js";
import {
  type ListPausesRequest,
  ListPausesRequestSchema,
} from "../gen/statekeeper/v1/pause_requests_pb.js";
import {
  type ListRevisionsRequest,
  ListRevisionsRequestSchema,
} from "../gen/statekeeper/v1/state_requests_pb.js";
import type { Status } from "../model/execution.js";
import { checkedLabels, statusNumber } from "../state-fields.js";
import { type Instant, toTimestamp } from "../times.js";
import { checkedNamespace, type ExecutionRef, keyOf } from "./execution.js";
import type { CallOptions } from "./write.js";

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 2 ** 31 - 1;

/** What every list takes. */
export interface PageOptions extends CallOptions {
  /**
   * How many are fetched at a time, 1 to 1,000 (100). The next page is fetched when it is
   * needed.
   */
  pageSize?: number | undefined;
}

/** What the list of checkpoints takes. */
export interface CheckpointListOptions extends CallOptions {
  /** Whether to fetch the states as well. */
  includeState?: boolean | undefined;
}

/** What the list of waiting pauses takes. */
export interface PauseListOptions extends PageOptions {
  /** Whose; left out: `execution-state`. */
  namespace?: string | undefined;
}

/** What executions to list; what is given must all be true of an execution. */
export interface ListOptions extends PageOptions {
  /** Whose; left out: `execution-state`. */
  namespace?: string | undefined;
  /** Their status, or several of which it is one. Left out: any. */
  status?: Status | readonly Status[] | undefined;
  /** Labels that they have, with these values. */
  labels?: Readonly<Record<string, string>> | undefined;
  /** What their ids begin with. */
  idPrefix?: string | undefined;
  /** They were last written after this moment. */
  updatedAfter?: Instant | undefined;
  /**
   * Reads only these of each, as in `load`; the states are `partial` then: `["labels"]` is
   * a short list. Left out: all.
   */
  fields?: readonly string[] | undefined;
}

/** Makes the request for one page of the changes, or throws an InvalidRequestError. */
export function listRevisionsRequest(
  execution: ExecutionRef,
  options: PageOptions,
  pageToken: string,
): ListRevisionsRequest {
  return create(ListRevisionsRequestSchema, {
    key: keyOf(execution),
    pageSize: checkedPageSize(options.pageSize),
    pageToken,
  });
}

/** Makes the request for one page of the checkpoints. */
export function listCheckpointsRequest(
  execution: ExecutionRef,
  options: CheckpointListOptions,
  pageToken: string,
): ListCheckpointsRequest {
  return create(ListCheckpointsRequestSchema, {
    key: keyOf(execution),
    includeState: options.includeState ?? false,
    pageToken,
  });
}

/** Makes the request for one page of the waiting pauses, or throws an InvalidRequestError. */
export function listPausesRequest(options: PauseListOptions, pageToken: string): ListPausesRequest {
  return create(ListPausesRequestSchema, {
    namespace: checkedNamespace(options.namespace),
    pageSize: checkedPageSize(options.pageSize),
    pageToken,
  });
}

/** Makes the request for one page of the executions, or throws an InvalidRequestError. */
export function listRequest(options: ListOptions, pageToken: string): ListRequest {
  const { status, labels, updatedAfter, fields } = options;
  const request = create(ListRequestSchema, {
    namespace: checkedNamespace(options.namespace),
    idPrefix: checkedText("idPrefix", options.idPrefix ?? ""),
    pageSize: checkedPageSize(options.pageSize),
    pageToken,
  });
  if (status !== undefined) {
    const statuses = Array.isArray(status) ? (status as unknown[]) : [status];
    request.statuses = statuses.map((each) => statusNumber("status", each));
  }
  if (labels !== undefined) request.labels = checkedLabels("labels", labels);
  if (updatedAfter !== undefined) request.updatedAfter = toTimestamp(updatedAfter, "updatedAfter");
  if (fields !== undefined) request.fields = toPaths("fields", fields);
  return request;
}

function checkedPageSize(pageSize: unknown): number {
  const size = pageSize ?? PAGE_SIZE_DEFAULT;
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1 || size > PAGE_SIZE_MAX) {
    const given = typeof size === "number" ? String(size) : typeName(size);
    throw invalid("pageSize", `must be a whole number from 1 on, not ${given}`);
  }
  return size;
}
