/** The fields of a pause: its enums to and from their numbers, and the whole of it. */
import { InternalError } from "./errors.js";
import type { ExecutionKey } from "./gen/statekeeper/v1/execution_pb.js";
import {
  ExpiryAction as ActionNumber,
  type Pause as PauseMessage,
  PauseStatus as PauseStatusNumber,
} from "./gen/statekeeper/v1/pause_pb.js";
import type { Document as DocumentMessage } from "./gen/statekeeper/v1/value_pb.js";
import type { Document, ExpiryAction, Pause, PauseStatus } from "./model/execution.js";
import { fromPresentTimestamp } from "./times.js";
import { readDocument } from "./values/documents.js";

export const EXPIRY_ACTION_NUMBERS: Readonly<Record<ExpiryAction, ActionNumber>> = {
  fail: ActionNumber.FAIL,
  resume: ActionNumber.RESUME,
  keep: ActionNumber.KEEP,
};
export const EXPIRY_ACTIONS = Object.keys(EXPIRY_ACTION_NUMBERS) as ExpiryAction[];

const ACTIONS = new Map(
  EXPIRY_ACTIONS.map((action) => [EXPIRY_ACTION_NUMBERS[action] as number, action]),
);
const STATUSES = new Map<number, PauseStatus>([
  [PauseStatusNumber.OPEN, "open"],
  [PauseStatusNumber.OVERDUE, "overdue"],
  [PauseStatusNumber.RESUMED, "resumed"],
  [PauseStatusNumber.EXPIRED, "expired"],
  [PauseStatusNumber.VOIDED, "voided"],
]);

/**
 * Reads a pause of an execution.
 *
 * @throws SerializationError - A value cannot be read.
 * @throws InternalError - This client does not know its status or its action.
 */
export function readPause(message: PauseMessage, key: ExecutionKey | undefined): Pause {
  const name = `pauses.${message.pauseId}`;
  const answer = message.resumption;
  return {
    namespace: key?.namespace ?? "",
    executionId: key?.executionId ?? "",
    pauseId: message.pauseId,
    status: known(STATUSES, message.status, "pause status"),
    member: message.member,
    reason: message.reason,
    data: values(message.data, `${name}.data`),
    createTime: fromPresentTimestamp(message.createTime),
    expireTime: fromPresentTimestamp(message.expireTime),
    onExpiry: known(ACTIONS, message.onExpiry, "expiry action"),
    defaultInput: values(message.defaultInput, `${name}.defaultInput`),
    actor: message.actor,
    resumption: answer && {
      input: values(answer.input, `${name}.resumption.input`),
      actor: answer.actor,
      time: fromPresentTimestamp(answer.time),
    },
    execution: undefined,
  };
}

function values(message: DocumentMessage | undefined, name: string): Document | undefined {
  return message && readDocument(message, name);
}

function known<Name>(names: ReadonlyMap<number, Name>, number: number, what: string): Name {
  const name = names.get(number);
  if (name === undefined) {
    throw new InternalError(
      `the server sent ${what} ${String(number)}, which this client does not know`,
    );
  }
  return name;
}
