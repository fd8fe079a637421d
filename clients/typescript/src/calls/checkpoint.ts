/** The calls of a handle about checkpoints. */
import { create } from "@bufbuild/protobuf";

import { checkedName, checkedRevision } from "../arguments.js";
import {
  CheckpointRequestSchema,
  DeleteCheckpointRequestSchema,
  RestoreRequestSchema,
} from "../gen/statekeeper/v1/checkpoint_pb.js";
import { StateManager } from "../gen/statekeeper/v1/state_manager_pb.js";
import type { Checkpoint, DeleteResult, WriteResult } from "../model/results.js";
import { keyOf } from "../requests/execution.js";
import { type CheckpointListOptions, listCheckpointsRequest } from "../requests/paging.js";
import { type WriteOptions, writeOptions } from "../requests/write.js";
import { readCheckpoint, readDeleteResult, readWriteResult } from "../responses.js";
import type { Call, Page } from "../transport/call.js";
import type { Handle } from "./handle.js";

/** A revision to go back to, in place of a checkpoint. */
export interface RestoreByRevision {
  /** The state as it was right after this revision. */
  readonly revision: number;
}

/** Makes the call that names the execution's revision. */
export function checkpointCall(
  handle: Handle,
  name: string,
  options: WriteOptions,
): Call<WriteResult> {
  // It changes no state, but may well prolong its life.
  return handle.write(
    StateManager.method.checkpoint,
    () =>
      create(CheckpointRequestSchema, {
        key: keyOf(handle.execution),
        name: checkedName("name", name),
        options: writeOptions(handle.execution, options, handle.fencingToken),
      }),
    readWriteResult,
  );
}

/** Makes the call that brings an earlier state back. */
export function restoreCall(
  handle: Handle,
  target: string | RestoreByRevision,
  options: WriteOptions,
): Call<WriteResult> {
  return handle.write(
    StateManager.method.restore,
    () =>
      create(RestoreRequestSchema, {
        key: keyOf(handle.execution),
        target:
          typeof target === "object" && "revision" in target
            ? { case: "revision", value: checkedRevision("revision", target.revision) }
            : { case: "name", value: checkedName("name", target) },
        options: writeOptions(handle.execution, options, handle.fencingToken),
      }),
    readWriteResult,
  );
}

/** Makes the call for one page of the checkpoints. */
export function listCheckpointsCall(
  handle: Handle,
  options: CheckpointListOptions,
  pageToken = "",
): Call<Page<Checkpoint>> {
  return handle.plain(
    StateManager.method.listCheckpoints,
    () => listCheckpointsRequest(handle.execution, options, pageToken),
    ({ checkpoints, nextPageToken }) => ({
      items: checkpoints.map(readCheckpoint),
      nextPageToken,
    }),
  );
}

/** Makes the call that removes a checkpoint. */
export function deleteCheckpointCall(
  handle: Handle,
  name: string,
  options: WriteOptions,
): Call<DeleteResult> {
  return handle.write(
    StateManager.method.deleteCheckpoint,
    () =>
      create(DeleteCheckpointRequestSchema, {
        key: keyOf(handle.execution),
        name: checkedName("name", name),
        options: writeOptions(handle.execution, options, handle.fencingToken),
      }),
    readDeleteResult,
  );
}
