/** The calls of a client that lead from a token, or a namespace, to pauses and executions. */
import { type Cache, cacheKey } from "../cache.js";
import { InvalidTokenError } from "../errors.js";
import { StateManager } from "../gen/statekeeper/v1/state_manager_pb.js";
import type { LoadedState, Pause } from "../model/execution.js";
import type { ResumeResult, ResumeToken } from "../model/results.js";
import type { ExecutionRef } from "../requests/execution.js";
import {
  type ListOptions,
  listPausesRequest,
  listRequest,
  type PauseListOptions,
} from "../requests/paging.js";
import { getPauseRequest, resumeRequest } from "../requests/pause.js";
import type { WriteOptions } from "../requests/write.js";
import { readPauseOf, readResumeResult } from "../responses.js";
import { readExecution } from "../state-fields.js";
import { Call, type Page } from "../transport/call.js";
import type { DocumentInput } from "../values/documents.js";

/**
 * Makes the call that answers the pause of a token.
 *
 * @param actor - Who writes, where the call does not say.
 */
export function resumeAnyCall(
  cache: Cache,
  actor: string,
  token: ResumeToken | string,
  input: DocumentInput | undefined,
  options: WriteOptions,
): Call<ResumeResult> {
  const anywhere = unknownExecution("", actor);
  return Call.of(
    StateManager.method.resume,
    resumeRequest(anywhere, token, input, options, 0),
    anywhere,
    (response) => {
      const result = readResumeResult(response);
      // The ticket is taken late, because only the answer tells for what.
      const revision = BigInt(result.revision);
      cache.endWrite(cache.begin(cacheKey(result), false), { revision, ttl: 0 });
      return result;
    },
    {
      giveUp: (error) => {
        // Without an answer it may have been any execution. A bad token was none, and may
        // be one of many that somebody tries.
        if (!(error instanceof InvalidTokenError)) cache.clear();
      },
    },
  );
}

/** Makes the call that looks up the pause of a token. */
export function getAnyPauseCall(token: ResumeToken | string): Call<Pause> {
  const anywhere = unknownExecution("");
  return Call.of(
    StateManager.method.getPause,
    getPauseRequest(anywhere, token),
    anywhere,
    readPauseOf,
  );
}

/** Makes the call for one page of the pauses that wait. */
export function listPausesCall(options: PauseListOptions, pageToken = ""): Call<Page<Pause>> {
  const request = listPausesRequest(options, pageToken);
  return Call.of(
    StateManager.method.listPauses,
    request,
    unknownExecution(request.namespace),
    ({ pauses, nextPageToken }) => ({ items: pauses.map(readPauseOf), nextPageToken }),
  );
}

/** Makes the call for one page of the executions. */
export function listCall(options: ListOptions, pageToken = ""): Call<Page<LoadedState>> {
  const request = listRequest(options, pageToken);
  const partial = request.fields.length > 0;
  return Call.of(
    StateManager.method.list,
    request,
    unknownExecution(request.namespace),
    ({ executions, nextPageToken }) => ({
      items: executions.map((execution) => readExecution(execution, partial)),
      nextPageToken,
    }),
  );
}

function unknownExecution(namespace: string, actor = ""): ExecutionRef {
  return { namespace, executionId: "", actor };
}
