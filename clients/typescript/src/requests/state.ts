/** Requests of Save, Load, Update and Delete. */
import { create } from "@bufbuild/protobuf";

import { checkAtMostOne, checkedName, checkedRevision, invalid } from "../arguments.js";
import { toPath, toPaths } from "../field-paths.js";
import {
  type DeleteRequest,
  DeleteRequestSchema,
  type LoadRequest,
  LoadRequestSchema,
  type SaveRequest,
  SaveRequestSchema,
  type UpdateRequest,
  UpdateRequestSchema,
} from "../gen/statekeeper/v1/state_requests_pb.js";
import { factsOf } from "../model/facts.js";
import { DOCUMENTS, TEXTS, toFields, writeFields, writeState } from "../state-fields.js";
import { checkId, type ExecutionRef, keyOf } from "./execution.js";
import { type CallOptions, type WriteOptions, writeOptions } from "./write.js";

/** What a load takes. */
export interface LoadOptions extends CallOptions {
  /** The state as it was right after this revision. Left out: as it is. */
  revision?: number | undefined;
  /** The state that this checkpoint names, in place of a revision. */
  checkpoint?: string | undefined;
  /**
   * Reads only these: `context`, `context.userId`, `labels`, `pauses`; the state is
   * `partial` then. Left out: all, but for `sharedState`, which is read only by its name.
   */
  fields?: readonly string[] | undefined;
}

/** What an update takes beside the changes. */
export interface UpdateOptions extends WriteOptions {
  /**
   * Documents (or `labels`) of the changes that replace the stored ones whole instead of
   * being merged.
   */
  replace?: readonly string[] | undefined;
  /**
   * What to remove: an entry (`context.userId`), a label (`labels.team`), a document,
   * `currentMember`, `schemaVersion`.
   */
  remove?: readonly string[] | undefined;
}

/** What a delete takes. */
export type DeleteOptions = Omit<WriteOptions, "ttl">;

const NULLABLE: ReadonlySet<string> = new Set([...DOCUMENTS, ...TEXTS]);

/**
 * Makes the request that saves a whole state.
 *
 * A state that was loaded is saved at the revision it was loaded at, unless another one is
 * expected.
 *
 * @throws InvalidRequestError - A field is missing or of no use, or the state was loaded
 * in part.
 * @throws SerializationError - A value of a document cannot be sent.
 */
export function saveRequest(
  execution: ExecutionRef,
  given: unknown,
  options: WriteOptions,
  fencingToken: number,
): SaveRequest {
  const fields = toFields(given);
  const facts = factsOf(fields);
  if (facts?.partial === true) {
    throw invalid(
      "state",
      "was loaded with `fields`: saving it would remove what was not loaded; use update",
    );
  }
  if (fields.status === undefined || fields.status === null) throw invalid("status", "is required");
  const state = writeState(fields);
  checkId(execution, state.id);
  const expectedRevision = options.expectedRevision ?? facts?.revision;
  return create(SaveRequestSchema, {
    key: keyOf(execution),
    state,
    options: writeOptions(execution, { ...options, expectedRevision }, fencingToken),
  });
}

/** Makes the request that loads a state, or throws an InvalidRequestError. */
export function loadRequest(execution: ExecutionRef, options: LoadOptions): LoadRequest {
  const { revision, checkpoint, fields } = options;
  checkAtMostOne({ revision, checkpoint });
  const request = create(LoadRequestSchema, { key: keyOf(execution) });
  if (revision !== undefined) request.revision = checkedRevision("revision", revision);
  if (checkpoint !== undefined) request.checkpoint = checkedName("checkpoint", checkpoint);
  if (fields !== undefined) request.fields = toPaths("fields", fields);
  return request;
}

/**
 * Makes the request that changes some fields.
 *
 * @throws InvalidRequestError - A field is of no use, or can be changed but not removed.
 * @throws SerializationError - A value of a document cannot be sent.
 */
export function updateRequest(
  execution: ExecutionRef,
  given: unknown,
  options: UpdateOptions,
  fencingToken: number,
): UpdateRequest {
  const fields = toFields(given, "changes");
  const changes = writeFields(fields);
  checkId(execution, changes.id);
  const replace = toPaths("replace", options.replace ?? []);
  const remove = toPaths("remove", options.remove ?? []);
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null) continue;
    if (NULLABLE.has(name)) remove.push(toPath(name));
    else if (name === "labels") replace.push(name);
    else throw invalid(name, "cannot be removed");
  }
  return create(UpdateRequestSchema, {
    key: keyOf(execution),
    changes,
    replace,
    remove,
    options: writeOptions(execution, options, fencingToken),
  });
}

/** Makes the request that deletes an execution, or throws an InvalidRequestError. */
export function deleteRequest(
  execution: ExecutionRef,
  options: DeleteOptions,
  fencingToken: number,
): DeleteRequest {
  const known = { ...execution, ttl: undefined };
  return create(DeleteRequestSchema, {
    key: keyOf(execution),
    options: writeOptions(known, { ...options, ttl: undefined }, fencingToken),
  });
}
