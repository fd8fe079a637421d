/** The calls of a handle about its state as a whole: save, load, update, delete, history. */
import { create } from "@bufbuild/protobuf";

import { InternalError } from "../errors.js";
import { type Execution, ExecutionSchema } from "../gen/statekeeper/v1/execution_pb.js";
import { PauseStatus } from "../gen/statekeeper/v1/pause_pb.js";
import { StateManager } from "../gen/statekeeper/v1/state_manager_pb.js";
import type { SaveRequest, UpdateRequest } from "../gen/statekeeper/v1/state_requests_pb.js";
import type { WriteResult as ResultMessage } from "../gen/statekeeper/v1/write_pb.js";
import type { LoadedState } from "../model/execution.js";
import { changeFacts, factsOf } from "../model/facts.js";
import type { DeleteResult, Revision, WriteResult } from "../model/results.js";
import { sizeOf } from "../protobuf/encoding.js";
import { listRevisionsRequest, type PageOptions } from "../requests/paging.js";
import {
  type DeleteOptions,
  deleteRequest,
  type LoadOptions,
  loadRequest,
  saveRequest,
  type UpdateOptions,
  updateRequest,
} from "../requests/state.js";
import type { WriteOptions } from "../requests/write.js";
import { readDeleteResult, readRevision, readWriteResult, resultOf } from "../responses.js";
import { readExecution } from "../state-fields.js";
import { Call, type Page } from "../transport/call.js";
import type { Handle } from "./handle.js";

// An update that asks for the whole state back costs its transfer; above this size a later
// load that may never come is cheaper.
const RETURNED_BYTES_MAX = 64 * 1024;

/** Makes the call that saves a whole state. */
export function saveCall(handle: Handle, state: object, options: WriteOptions): Call<WriteResult> {
  const request = handle.located(() =>
    saveRequest(handle.execution, state, options, handle.fencingToken),
  );
  const before = copyOf(handle);
  const ticket = handle.cache.begin(handle.key, handle.cacheTtl > 0);
  return Call.of(
    StateManager.method.save,
    request,
    handle.execution,
    (response) => {
      const told = resultOf(response);
      handle.cache.endWrite(ticket, {
        revision: told.revision,
        execution: savedExecution(handle, request, told, before),
        ttl: handle.cacheTtl,
      });
      const result = readWriteResult(response);
      if (factsOf(state) !== undefined) moveOn(state as LoadedState, result);
      return result;
    },
    handle.failing(ticket),
  );
}

/** Gives the state from the cache; undefined: it may not be used, or has none. */
export function cachedState(handle: Handle): LoadedState | undefined {
  const copy = copyOf(handle);
  return copy && handle.located(() => readExecution(copy));
}

/** Makes the call that loads a state. */
export function loadCall(handle: Handle, options: LoadOptions): Call<LoadedState | null> {
  const request = handle.located(() => loadRequest(handle.execution, options));
  const partial = request.fields.length > 0;
  const past = request.revision !== undefined || request.checkpoint !== "";
  const cached = handle.cacheTtl > 0 && !past && !partial;
  const ticket = cached ? handle.cache.begin(handle.key) : undefined;
  return Call.of(
    StateManager.method.load,
    request,
    handle.execution,
    ({ execution }) => {
      if (ticket !== undefined) handle.cache.endLoad(ticket, execution, handle.cacheTtl);
      if (execution === undefined) return null;
      return handle.located(() => readExecution(execution, partial));
    },
    {
      giveUp: () => {
        if (ticket !== undefined) handle.cache.endLoad(ticket, undefined, 0);
      },
    },
  );
}

/** Makes the call that changes some fields. */
export function updateCall(
  handle: Handle,
  changes: unknown,
  options: UpdateOptions,
): Call<WriteResult> {
  const request = handle.located(() =>
    updateRequest(handle.execution, changes, options, handle.fencingToken),
  );
  return sendUpdate(handle, request);
}

/** Makes the call of an update whose request is there already. */
export function sendUpdate(handle: Handle, request: UpdateRequest): Call<WriteResult> {
  const before = copyOf(handle);
  if (before !== undefined && sizeOf(ExecutionSchema, before) < RETURNED_BYTES_MAX) {
    request.returnExecution = true;
  }
  const ticket = handle.cache.begin(handle.key, handle.cacheTtl > 0);
  return Call.of(
    StateManager.method.update,
    request,
    handle.execution,
    (response) => {
      const told = resultOf(response);
      handle.cache.endWrite(ticket, {
        revision: told.revision,
        execution: told.replayed ? undefined : response.execution,
        ttl: handle.cacheTtl,
      });
      return readWriteResult(response);
    },
    handle.failing(ticket),
  );
}

/** Makes the call that deletes the execution. */
export function deleteCall(handle: Handle, options: DeleteOptions): Call<DeleteResult> {
  return handle.write(
    StateManager.method.delete,
    () => deleteRequest(handle.execution, options, handle.fencingToken),
    readDeleteResult,
  );
}

/** Makes the call for one page of the changes. */
export function listRevisionsCall(
  handle: Handle,
  options: PageOptions,
  pageToken = "",
): Call<Page<Revision>> {
  return handle.plain(
    StateManager.method.listRevisions,
    () => listRevisionsRequest(handle.execution, options, pageToken),
    ({ revisions, nextPageToken }) => ({ items: revisions.map(readRevision), nextPageToken }),
  );
}

/** Brings what stands beside a state to where writing it has brought the execution. */
export function moveOn(state: LoadedState, result: WriteResult): void {
  const facts = factsOf(state);
  if (facts === undefined) throw new InternalError("a state without facts cannot be moved on");
  let { pauses, createTime } = facts;
  if (state.status !== "paused") {
    pauses = pauses.map((pause) =>
      pause.status === "open" || pause.status === "overdue"
        ? { ...pause, status: "voided" as const }
        : pause,
    );
  }
  if (result.version === 1) createTime = result.updateTime;
  // Others have written in between, and may have created it anew.
  else if (facts.version !== result.version - 1) createTime = undefined;
  const { revision, version, updateTime, expireTime } = result;
  state.id = result.executionId;
  changeFacts(state, { pauses, createTime, revision, version, updateTime, expireTime });
}

function copyOf(handle: Handle): Execution | undefined {
  return handle.cacheTtl > 0 ? handle.cache.get(handle.key) : undefined;
}

/** Gives the execution as a load would read it after a save; undefined: not known. */
function savedExecution(
  handle: Handle,
  request: SaveRequest,
  result: ResultMessage,
  copy: Execution | undefined,
): Execution | undefined {
  if (handle.cacheTtl === 0 || result.replayed) return undefined;
  const before = copy !== undefined && copy.version + 1n === result.version ? copy : undefined;
  // What becomes of pauses that wait is the server's to say.
  if (before?.pauses.some(({ status }) => WAITING.has(status)) === true) return undefined;
  if (before === undefined && result.version > 1n) return undefined;
  const { state } = request;
  const startTime = state?.startTime ?? before?.state?.startTime;
  if (state === undefined || startTime === undefined) return undefined;
  return create(ExecutionSchema, {
    key: result.key,
    revision: result.revision,
    version: result.version,
    createTime: before?.createTime ?? result.updateTime,
    updateTime: result.updateTime,
    expireTime: result.expireTime,
    state: { ...state, id: handle.execution.executionId, startTime },
    pauses: before?.pauses ?? [],
  });
}

const WAITING: ReadonlySet<PauseStatus> = new Set([PauseStatus.OPEN, PauseStatus.OVERDUE]);
