/** Requests of Watch. */
import { create } from "@bufbuild/protobuf";

import {
  checkAtMostOne,
  checkedChoice,
  checkedName,
  checkedRevision,
  checkedText,
  checkedTexts,
  invalid,
} from "../arguments.js";
import {
  WatchInclude,
  type WatchRequest,
  WatchRequestSchema,
} from "../gen/statekeeper/v1/watch_pb.js";
import { EVENT_KINDS } from "../model/results.js";
import { Place } from "../places.js";
import { kindNumber } from "../responses.js";
import { checkedSpan, toDuration } from "../times.js";
import { type ExecutionRef, keyOf } from "./execution.js";
import type { CallOptions } from "./write.js";

const HEARTBEAT_MS_DEFAULT = 10_000;
const INCLUDES = {
  head: WatchInclude.HEAD,
  changes: WatchInclude.CHANGES,
  state: WatchInclude.STATE,
};

/** How to watch. */
export interface WatchOptions extends CallOptions {
  /**
   * Begins with what there is: an event of the kind `snapshot` for each execution, and in
   * the end one of the kind `snapshot_complete`.
   */
  snapshot?: boolean | undefined;
  /**
   * Goes on after the event that had this token, in a watch of the same executions and
   * kinds.
   */
  resumeToken?: string | undefined;
  /** The kinds of events to tell; left out: all. */
  kinds?: readonly (typeof EVENT_KINDS)[number][] | undefined;
  /**
   * What events tell of the values: nothing (`head`), what changed, or the whole state
   * after it. Left out: `head`.
   */
  include?: "head" | "changes" | "state" | undefined;
  /**
   * How often (ms) the server gives a sign when nothing happens, 100 ms to 1 h (10 s).
   * After three times as long without, the connection is taken to be broken, and another
   * one made.
   */
  heartbeat?: number | undefined;
  /** For how long (ms) to try to reach the server again; left out: for ever. */
  giveUpAfter?: number | undefined;
  /**
   * What to do where what happened since is no longer kept: `raise` RevisionCompactedError
   * (left out: that), or go on with an event of the kind `gap` and a `snapshot`.
   */
  onCompacted?: "raise" | "snapshot" | undefined;
}

/** How to watch one execution. */
export interface ExecutionWatchOptions extends WatchOptions {
  /** Begins with the first event after this revision; 0: with the first that is kept. */
  afterRevision?: number | undefined;
}

/** How to watch a namespace. */
export interface NamespaceWatchOptions extends WatchOptions {
  /** Whose; left out: `execution-state`. */
  namespace?: string | undefined;
  /** Only the executions whose ids begin so. Left out: all. */
  idPrefix?: string | undefined;
}

/** What to watch, and how; spans in ms. */
export interface WatchAsk {
  /** What to watch; the namespace alone: all of it. */
  readonly scope: ExecutionRef;
  /** The request, but for where to begin later. */
  readonly request: WatchRequest;
  /** Where to go on; undefined: where the request says. */
  readonly place: Place | undefined;
  /** After how long the server gives a sign of life. */
  readonly heartbeat: number;
  /** For how long to try to reach the server. */
  readonly giveUpAfter: number;
  /** Whether to begin again with a snapshot where the changes since are no longer kept. */
  readonly restarts: boolean;
}

/**
 * Makes one from what a caller gave, or throws an InvalidRequestError.
 *
 * @param idPrefix - Of a namespace, how the ids of its executions begin; undefined: the
 * scope is one execution.
 */
export function checkedWatch(
  scope: ExecutionRef,
  idPrefix: string | undefined,
  options: ExecutionWatchOptions,
): WatchAsk {
  const { afterRevision, resumeToken } = options;
  const snapshot = options.snapshot === true ? true : undefined;
  checkAtMostOne({ snapshot, afterRevision, resumeToken });
  const heartbeat = checkedSpan(options.heartbeat ?? HEARTBEAT_MS_DEFAULT, "heartbeat");
  const names = ["head", "changes", "state"] as const;
  const request = create(WatchRequestSchema, {
    include: INCLUDES[checkedChoice("include", options.include ?? "head", names)],
    kinds: checkedTexts("kinds", options.kinds ?? []).map((kind) =>
      kindNumber(checkedChoice("kinds", kind, EVENT_KINDS)),
    ),
    heartbeatInterval: toDuration(heartbeat),
    ...(idPrefix === undefined
      ? { key: keyOf(scope) }
      : { namespace: scope.namespace, idPrefix: checkedText("idPrefix", idPrefix) }),
  });
  if (snapshot) request.start = { case: "snapshot", value: true };
  if (afterRevision !== undefined) {
    const value = checkedRevision("afterRevision", afterRevision);
    request.start = { case: "afterRevision", value };
  }
  const choices = ["raise", "snapshot"] as const;
  return {
    scope,
    request,
    place: resumeToken === undefined ? undefined : readPlace(resumeToken),
    heartbeat,
    giveUpAfter:
      options.giveUpAfter === undefined
        ? Number.POSITIVE_INFINITY
        : checkedSpan(options.giveUpAfter, "giveUpAfter"),
    restarts: checkedChoice("onCompacted", options.onCompacted ?? "raise", choices) === "snapshot",
  };
}

/**
 * Makes the request for a stream.
 *
 * @param place - Where to go on; undefined: where the request says.
 */
export function watchRequest(request: WatchRequest, place: Place | undefined): WatchRequest {
  if (place === undefined) return request;
  return { ...request, start: { case: "resumeToken", value: place.token } };
}

function readPlace(resumeToken: string): Place {
  const place = Place.read(checkedName("resumeToken", resumeToken));
  if (place === undefined) throw invalid("resumeToken", "is no resume token");
  return place;
}
