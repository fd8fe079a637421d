/** The fields of an event of a watch: from the message to what callers get. */
import { fromPath } from "./field-paths.js";
import type { Event } from "./gen/statekeeper/v1/watch_pb.js";
import type { StateFields } from "./model/execution.js";
import type { EventKind } from "./model/results.js";
import { type EventFacts, eventAt, type WatchEvent } from "./model/watch.js";
import { toRevision } from "./numbers.js";
import type { Place } from "./places.js";
import { readKind } from "./responses.js";
import { DOCUMENTS, readExecution, readOptionalStatus, TEXTS } from "./state-fields.js";
import { fromPresentTimestamp, fromTimestamp } from "./times.js";
import { readDocument, readMap } from "./values/documents.js";

/**
 * Reads an event; throws a SerializationError.
 *
 * @param place - The place after it.
 */
export function readEvent(event: Event, place: Place): WatchEvent {
  return eventAt(
    {
      kind: readKind(event.kind),
      namespace: event.key?.namespace ?? "",
      executionId: event.key?.executionId ?? "",
      revision: toRevision(event.revision),
      executionRevision: toRevision(event.executionRevision),
      version: toRevision(event.version),
      time: fromPresentTimestamp(event.time),
      status: readOptionalStatus(event.status),
      changed: event.changed.map(fromPath),
      actor: event.actor,
      pauseId: event.pauseId,
      checkpoint: event.checkpoint,
      owner: event.owner,
      changes: readChanges(event),
      removed: event.removed.map(fromPath),
      state: event.execution && readExecution(event.execution),
      valuesMissing: event.valuesMissing,
    },
    place,
  );
}

/** Makes an event that tells of the watch itself. */
export function notice(kind: EventKind, namespace: string, place: Place): WatchEvent {
  return eventAt({ ...NOTHING, kind, namespace, time: Date.now() }, place);
}

const NOTHING: EventFacts = {
  kind: "unknown",
  namespace: "",
  executionId: "",
  revision: 0,
  executionRevision: 0,
  version: 0,
  time: 0,
  status: undefined,
  changed: [],
  actor: "",
  pauseId: "",
  checkpoint: "",
  owner: "",
  changes: undefined,
  removed: [],
  state: undefined,
  valuesMissing: false,
};

function readChanges({ changes, changed }: Event): StateFields | undefined {
  if (changes === undefined) return undefined;
  const fields: StateFields = {};
  const status = readOptionalStatus(changes.status);
  if (status !== undefined) fields.status = status;
  for (const name of DOCUMENTS) {
    const document = changes[name];
    if (document === undefined) continue;
    fields[name] =
      name === "memberOutputs" ? readMap(document, name) : readDocument(document, name);
  }
  for (const name of TEXTS) {
    const text = changes[name];
    if (text !== undefined) fields[name] = text;
  }
  if (changes.startTime) fields.startTime = fromTimestamp(changes.startTime);
  if (changed.includes("labels")) fields.labels = { ...changes.labels };
  return fields;
}
