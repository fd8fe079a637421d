/** From the server's responses to what callers get. */
import { InternalError } from "./errors.js";
import { fromPath } from "./field-paths.js";
import type { Checkpoint as CheckpointMessage } from "./gen/statekeeper/v1/checkpoint_pb.js";
import type { Execution } from "./gen/statekeeper/v1/execution_pb.js";
import {
  EventKind as KindNumber,
  type Revision as RevisionMessage,
} from "./gen/statekeeper/v1/history_pb.js";
import type { LockHolder as HolderMessage } from "./gen/statekeeper/v1/lock_pb.js";
import type { Pause as PauseMessage } from "./gen/statekeeper/v1/pause_pb.js";
import type { PauseResponse, ResumeResponse } from "./gen/statekeeper/v1/pause_requests_pb.js";
import type { WriteResult as ResultMessage } from "./gen/statekeeper/v1/write_pb.js";
import type { Pause } from "./model/execution.js";
import { attachFacts } from "./model/facts.js";
import {
  type Checkpoint,
  type DeleteResult,
  EVENT_KINDS,
  type EventKind,
  type LockHolder,
  type ResumeResult,
  ResumeToken,
  type Revision,
  type WriteResult,
} from "./model/results.js";
import { toRevision } from "./numbers.js";
import { readPause } from "./pause-fields.js";
import { DOCUMENTS, readExecution, readOptionalStatus, readState } from "./state-fields.js";
import { fromOptionalTimestamp, fromPresentTimestamp } from "./times.js";

/** A response that tells what a write did. */
export interface HasResult {
  readonly result?: ResultMessage | undefined;
}

/** Gives what a write told; throws an InternalError where it told nothing. */
export function resultOf(response: HasResult): ResultMessage {
  if (response.result === undefined) {
    throw new InternalError("the server sent a response without a result");
  }
  return response.result;
}

/** Reads what a write did. */
export function readWriteResult(response: HasResult): WriteResult {
  const result = resultOf(response);
  return {
    namespace: result.key?.namespace ?? "",
    executionId: result.key?.executionId ?? "",
    revision: toRevision(result.revision),
    version: toRevision(result.version),
    updateTime: fromPresentTimestamp(result.updateTime),
    replayed: result.replayed,
    warnings: result.warnings,
    expireTime: fromOptionalTimestamp(result.expireTime),
  };
}

/** Reads what a delete did. */
export function readDeleteResult(response: HasResult & { existed: boolean }): DeleteResult {
  return { ...readWriteResult(response), existed: response.existed };
}

/** Reads what a pause gave. */
export function readResumeToken(response: PauseResponse): ResumeToken {
  return new ResumeToken(response.token, response.pauseId, readWriteResult(response));
}

/** Reads what a resume did. */
export function readResumeResult(response: ResumeResponse): ResumeResult {
  const { member, pauseId } = response;
  return { ...readWriteResult(response), member, pauseId };
}

/** Reads a pause together with what is told of its execution; throws a SerializationError. */
export function readPauseOf(response: {
  pause?: PauseMessage | undefined;
  execution?: Execution | undefined;
}): Pause {
  const { pause, execution } = response;
  if (pause === undefined || execution === undefined) {
    throw new InternalError("the server sent a pause without its execution");
  }
  const state = readExecution(execution, true);
  // They come without their entries, and what is not known must not look as if it were
  // empty.
  for (const name of DOCUMENTS) Reflect.deleteProperty(state, name);
  return { ...readPause(pause, execution.key), execution: state };
}

/** Reads a checkpoint; throws a SerializationError. */
export function readCheckpoint(message: CheckpointMessage): Checkpoint {
  const revision = toRevision(message.revision);
  const state = message.state && readState(message.state);
  if (state !== undefined) {
    attachFacts(state, {
      revision,
      version: undefined,
      createTime: undefined,
      updateTime: undefined,
      expireTime: undefined,
      pauses: [],
      sharedState: undefined,
      partial: false,
      startTimeExact: message.state?.startTime,
    });
  }
  return {
    name: message.name,
    timestamp: fromPresentTimestamp(message.createTime),
    revision,
    actor: message.actor,
    state,
  };
}

/** Reads who holds a lock. */
export function readLockHolder(holder: HolderMessage): LockHolder {
  return {
    owner: holder.owner,
    fencingToken: toRevision(holder.fencingToken),
    leaseExpireTime: fromPresentTimestamp(holder.leaseExpireTime),
    exclusive: holder.exclusive,
  };
}

const KIND_NUMBERS: Readonly<Record<(typeof EVENT_KINDS)[number], KindNumber>> = {
  saved: KindNumber.SAVED,
  updated: KindNumber.UPDATED,
  deleted: KindNumber.DELETED,
  expired: KindNumber.EXPIRED,
  paused: KindNumber.PAUSED,
  resumed: KindNumber.RESUMED,
  pause_expired: KindNumber.PAUSE_EXPIRED,
  checkpointed: KindNumber.CHECKPOINTED,
  restored: KindNumber.RESTORED,
  locked: KindNumber.LOCKED,
  unlocked: KindNumber.UNLOCKED,
};
const KINDS = new Map<KindNumber, EventKind>([
  [KindNumber.SNAPSHOT, "snapshot"],
  ...EVENT_KINDS.map((kind): [KindNumber, EventKind] => [KIND_NUMBERS[kind], kind]),
]);

/** Gives the number of a kind that may be asked for. */
export function kindNumber(kind: (typeof EVENT_KINDS)[number]): KindNumber {
  return KIND_NUMBERS[kind];
}

/** Gives the kind for its number. */
export function readKind(number: KindNumber): EventKind {
  return KINDS.get(number) ?? "unknown";
}

/** Reads one change of an execution. */
export function readRevision(message: RevisionMessage): Revision {
  return {
    revision: toRevision(message.revision),
    version: toRevision(message.version),
    time: fromPresentTimestamp(message.time),
    kind: readKind(message.kind),
    status: readOptionalStatus(message.status),
    changed: message.changed.map(fromPath),
    actor: message.actor,
    pauseId: message.pauseId,
    checkpoint: message.checkpoint,
  };
}
