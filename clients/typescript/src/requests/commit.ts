/** The update that brings a state from what it was to what it has become. */
import { create } from "@bufbuild/protobuf";

import { invalid } from "../arguments.js";
import { toPath } from "../field-paths.js";
import {
  type ExecutionState as StateMessage,
  ExecutionStateSchema,
  Status,
} from "../gen/statekeeper/v1/execution_pb.js";
import {
  type UpdateRequest,
  UpdateRequestSchema,
} from "../gen/statekeeper/v1/state_requests_pb.js";
import { type Document, DocumentSchema, type Value } from "../gen/statekeeper/v1/value_pb.js";
import { DOCUMENTS, type Fields, TEXTS, writeState } from "../state-fields.js";
import { setOwn } from "../values/objects.js";
import { checkId, type ExecutionRef, keyOf } from "./execution.js";
import { type WriteOptions, writeOptions } from "./write.js";

// An update can remove 10,000 fields; a document that loses more entries than this is
// replaced.
const REMOVED_MAX = 2_000;

/**
 * Gives a state as this client would send it.
 *
 * What was read is encoded again to be compared with: others may write the same value as
 * another text.
 */
export function encoded(state: object): StateMessage {
  return writeState(state as Fields);
}

/**
 * Makes the request for what was changed; undefined: nothing was.
 *
 * @param before - What `encoded` gave when it was loaded.
 * @param state - What it has become.
 * @param writable - Whether absent documents were shown as empty ones.
 * @throws InvalidRequestError - A field is of no use, or can be changed but not removed.
 * @throws SerializationError - A value cannot be sent.
 */
export function commitRequest(
  execution: ExecutionRef,
  before: StateMessage,
  state: object,
  writable: boolean,
  options: WriteOptions,
  fencingToken: number,
): UpdateRequest | undefined {
  const fields = state as Fields;
  for (const name of ["status", "startTime"]) {
    if ((fields[name] ?? undefined) === undefined) throw invalid(name, "cannot be removed");
  }
  const after = encoded(state);
  checkId(execution, after.id);
  const changes = create(ExecutionStateSchema);
  const request = create(UpdateRequestSchema, { key: keyOf(execution), changes });
  compareFields(request, changes, before, after);
  for (const name of DOCUMENTS) {
    const stayedAbsent =
      writable && before[name] === undefined && isEmpty(after[name]?.entries ?? {});
    if (!stayedAbsent) compareDocuments(request, changes, name, before[name], after[name]);
  }
  compareLabels(request, changes, before.labels, after.labels);
  const changed =
    changes.status !== Status.UNSPECIFIED ||
    changes.startTime !== undefined ||
    [...DOCUMENTS, ...TEXTS].some((name) => changes[name] !== undefined) ||
    !isEmpty(changes.labels);
  if (!changed && request.replace.length === 0 && request.remove.length === 0) return undefined;
  request.options = writeOptions(execution, options, fencingToken);
  return request;
}

function compareFields(
  request: UpdateRequest,
  changes: StateMessage,
  before: StateMessage,
  after: StateMessage,
): void {
  if (after.status !== before.status) changes.status = after.status;
  const { startTime } = after;
  if (
    startTime !== undefined &&
    (startTime.seconds !== before.startTime?.seconds || startTime.nanos !== before.startTime.nanos)
  ) {
    changes.startTime = startTime;
  }
  for (const name of TEXTS) {
    if (after[name] === before[name]) continue;
    if (after[name] === undefined) request.remove.push(toPath(name));
    else changes[name] = after[name];
  }
}

function compareDocuments(
  request: UpdateRequest,
  changes: StateMessage,
  name: (typeof DOCUMENTS)[number],
  before: Document | undefined,
  after: Document | undefined,
): void {
  const path = toPath(name);
  if (after === undefined) {
    if (before !== undefined) request.remove.push(path);
    return;
  }
  if (before === undefined) {
    changes[name] = after;
    return;
  }
  const gone = Object.keys(before.entries).filter((key) => !Object.hasOwn(after.entries, key));
  if (gone.length > Math.min(Object.keys(after.entries).length, REMOVED_MAX)) {
    changes[name] = after;
    request.replace.push(path);
    return;
  }
  request.remove.push(...gone.map((key) => `${path}.${key}`));
  const set = Object.entries(after.entries).filter(
    ([key, value]) =>
      !Object.hasOwn(before.entries, key) || !equalValues(before.entries[key], value),
  );
  if (set.length === 0) return;
  const document = create(DocumentSchema);
  for (const [key, value] of set) setOwn(document.entries, key, value);
  changes[name] = document;
}

function compareLabels(
  request: UpdateRequest,
  changes: StateMessage,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) request.remove.push(`labels.${key}`);
  }
  for (const [key, label] of Object.entries(after)) {
    if (!Object.hasOwn(before, key) || before[key] !== label) setOwn(changes.labels, key, label);
  }
}

function equalValues(one: Value | undefined, other: Value): boolean {
  if (one?.contentType !== other.contentType) return false;
  if (one.kind.case === "binary" && other.kind.case === "binary") {
    return Buffer.compare(one.kind.value, other.kind.value) === 0;
  }
  return one.kind.case === other.kind.case && one.kind.value === other.kind.value;
}

function isEmpty(entries: object): boolean {
  return Object.keys(entries).length === 0;
}
