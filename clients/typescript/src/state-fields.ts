/** The fields of a state: from what callers give to the message, and back. */
import { create } from "@bufbuild/protobuf";

import { checkedChoice, checkedText, invalid, typeName } from "./arguments.js";
import { InternalError } from "./errors.js";
import {
  type Execution,
  type ExecutionState as StateMessage,
  ExecutionStateSchema,
  Status as StatusNumber,
} from "./gen/statekeeper/v1/execution_pb.js";
import type { LoadedState, Status } from "./model/execution.js";
import { attachFacts, factsOf } from "./model/facts.js";
import { toRevision } from "./numbers.js";
import { readPause } from "./pause-fields.js";
import { fromOptionalTimestamp, fromTimestamp, toTimestamp } from "./times.js";
import { readDocument, readMap, writeDocument } from "./values/documents.js";
import { isPlain, setOwn } from "./values/objects.js";

/** The documents of a state. */
export const DOCUMENTS = ["input", "context", "memberOutputs", "metadata"] as const;
/** Its optional texts. */
export const TEXTS = ["currentMember", "schemaVersion"] as const;

const STATUS_NUMBERS: Readonly<Record<Status, StatusNumber>> = {
  running: StatusNumber.RUNNING,
  waiting: StatusNumber.WAITING,
  paused: StatusNumber.PAUSED,
  completed: StatusNumber.COMPLETED,
  failed: StatusNumber.FAILED,
};
const STATUSES = Object.keys(STATUS_NUMBERS) as Status[];
const BY_NUMBER = new Map(STATUSES.map((status) => [STATUS_NUMBERS[status], status]));

/** The fields of a caller's state by name; a field that is null or undefined is absent. */
export type Fields = Readonly<Record<string, unknown>>;

/** Gives the fields of a caller's state by name, or throws an InvalidRequestError. */
export function toFields(state: unknown, name = "state"): Fields {
  if (typeof state === "object" && state !== null && !Array.isArray(state)) {
    return state as Fields;
  }
  throw invalid(name, `must be an object with the fields of a state, not ${typeName(state)}`);
}

/**
 * Writes fields; null leaves a field absent.
 *
 * @throws InvalidRequestError - There is no such field, or its value is of no use.
 * @throws SerializationError - A value of a document cannot be sent.
 */
export function writeFields(fields: Fields): StateMessage {
  const message = create(ExecutionStateSchema);
  for (const [name, value] of Object.entries(fields)) {
    const write = Object.hasOwn(WRITERS, name) ? WRITERS[name] : undefined;
    if (write === undefined) {
      throw invalid(name, `is no field of a state; there are ${Object.keys(WRITERS).join(", ")}`);
    }
    if (value !== undefined && value !== null) write(message, value);
  }
  return message;
}

/** Gives the number of a status, or throws an InvalidRequestError. */
export function statusNumber(name: string, value: unknown): StatusNumber {
  return STATUS_NUMBERS[checkedChoice(name, value, STATUSES)];
}

/** Gives labels that can be sent, or throws an InvalidRequestError. */
export function checkedLabels(name: string, value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || !isPlain(value)) {
    throw invalid(name, `must be a plain object, not ${typeName(value)}`);
  }
  const labels: Record<string, string> = {};
  for (const [key, label] of Object.entries(value)) {
    if (label === undefined) continue;
    setOwn(labels, checkedText(`${name} (key)`, key), checkedText(`${name}.${key}`, label));
  }
  return labels;
}

type Writer = (message: StateMessage, value: unknown) => void;

const WRITERS: Readonly<Record<string, Writer>> = {
  id: (message, value) => {
    message.id = checkedText("id", value);
  },
  status: (message, value) => {
    message.status = statusNumber("status", value);
  },
  ...Object.fromEntries(
    DOCUMENTS.map((name): [string, Writer] => [
      name,
      (message, value) => {
        message[name] = writeDocument(value, name);
      },
    ]),
  ),
  ...Object.fromEntries(
    TEXTS.map((name): [string, Writer] => [
      name,
      (message, value) => {
        message[name] = checkedText(name, value);
      },
    ]),
  ),
  startTime: (message, value) => {
    message.startTime = toTimestamp(value, "startTime");
  },
  labels: (message, value) => {
    message.labels = checkedLabels("labels", value);
  },
};

/** Gives the status for its number, or throws an InternalError where it is not known. */
export function readStatus(number: StatusNumber): Status {
  const status = BY_NUMBER.get(number);
  if (status === undefined) {
    throw new InternalError(
      `the server sent status ${String(number)}, which this client does not know`,
    );
  }
  return status;
}

/** The same where there may be none, or one that this client does not know. */
export function readOptionalStatus(number: StatusNumber): Status | undefined {
  return BY_NUMBER.get(number);
}

/** Reads a state without what stands beside it; throws a SerializationError. */
export function readState(message: StateMessage): LoadedState {
  const state = { id: message.id, status: readStatus(message.status) } as LoadedState;
  if (message.input) state.input = readDocument(message.input, "input");
  if (message.context) state.context = readDocument(message.context, "context");
  if (message.memberOutputs) {
    state.memberOutputs = readMap(message.memberOutputs, "memberOutputs");
  }
  if (message.metadata) state.metadata = readDocument(message.metadata, "metadata");
  for (const name of TEXTS) {
    const text = message[name];
    if (text !== undefined) state[name] = text;
  }
  if (message.startTime) state.startTime = fromTimestamp(message.startTime);
  if (Object.keys(message.labels).length > 0) state.labels = { ...message.labels };
  return state;
}

/**
 * Reads an execution; throws a SerializationError.
 *
 * @param execution - As the server sent it.
 * @param partial - Whether only some fields were asked for.
 */
export function readExecution(execution: Execution, partial = false): LoadedState {
  const state = readState(stateOf(execution));
  attachFacts(state, {
    revision: toRevision(execution.revision),
    version: toRevision(execution.version),
    createTime: fromOptionalTimestamp(execution.createTime),
    updateTime: fromOptionalTimestamp(execution.updateTime),
    expireTime: fromOptionalTimestamp(execution.expireTime),
    pauses: execution.pauses.map((pause) => readPause(pause, execution.key)),
    sharedState: execution.sharedState && readDocument(execution.sharedState, "sharedState"),
    partial,
    startTimeExact: execution.state?.startTime,
  });
  return state;
}

/** Writes a state that may have come from the server, to be saved as a whole. */
export function writeState(state: Fields): StateMessage {
  const message = writeFields(state);
  // What another client wrote may be finer than a number of this one can tell.
  const exact = factsOf(state)?.startTimeExact;
  if (exact !== undefined && state.startTime === fromTimestamp(exact)) message.startTime = exact;
  return message;
}

function stateOf(execution: Execution): StateMessage {
  if (execution.state === undefined) {
    throw new InternalError("the server sent an execution without a state");
  }
  return execution.state;
}
