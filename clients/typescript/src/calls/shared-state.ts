/** The calls of a handle about its shared state. */
import { create } from "@bufbuild/protobuf";

import { checkedChoice, checkedName, checkedTexts, invalid, typeName } from "../arguments.js";
import { SharedState } from "../gen/statekeeper/v1/shared_state_pb.js";
import {
  AccessOperation,
  DefineStateRequestSchema,
  GetAccessReportRequestSchema,
  type GetAccessReportResponse,
  type MemberAccess as MemberAccessMessage,
  MemberAccessSchema,
  ReadStateRequestSchema,
  UndeclaredAction,
  WriteStateRequestSchema,
} from "../gen/statekeeper/v1/shared_state_requests_pb.js";
import type {
  Access,
  AccessCounts,
  AccessReport,
  DefineOptions,
  DefineResult,
  SetStateOptions,
  SetStateResult,
  StateDefinition,
  StateView,
} from "../model/shared-state.js";
import { toRevision } from "../numbers.js";
import { keyOf } from "../requests/execution.js";
import { newId, writeOptions } from "../requests/write.js";
import { readWriteResult } from "../responses.js";
import { fromPresentTimestamp } from "../times.js";
import type { Call } from "../transport/call.js";
import {
  type DocumentInput,
  jsonText,
  readDocument,
  writeJsonDocument,
} from "../values/documents.js";
import { freeze, isPlain, setOwn } from "../values/objects.js";
import type { Handle } from "./handle.js";

const ACTIONS = { reject: UndeclaredAction.REJECT, drop: UndeclaredAction.DROP };

/** Makes the call that defines it. */
export function defineStateCall(
  handle: Handle,
  definition: StateDefinition,
  options: DefineOptions,
): Call<DefineResult> {
  return handle.write(
    SharedState.method.defineState,
    () => {
      const { schema, initial, members } = definition;
      const { input } = options;
      return create(DefineStateRequestSchema, {
        key: keyOf(handle.execution),
        schema: mapped("schema", schema ?? {}, (each, path) => jsonText(each, path)),
        initial: writeJsonDocument(initial ?? {}, "initial"),
        members: mapped("members", members ?? {}, memberAccess),
        input: input === undefined ? undefined : writeJsonDocument(input, "input"),
        options: writeOptions(handle.execution, options, handle.fencingToken),
      });
    },
    (response) => ({
      ...readWriteResult(response),
      definitionVersion: toRevision(response.definitionVersion),
      misfits: response.misfits.map(({ key, path, rule, problem }) => ({
        key,
        path,
        rule,
        problem,
      })),
    }),
  );
}

/** Makes the call that reads as a member. */
export function readStateCall(handle: Handle, member: string): Call<StateView> {
  return handle.plain(
    SharedState.method.readState,
    () =>
      create(ReadStateRequestSchema, {
        key: keyOf(handle.execution),
        member: checkedName("member", member),
        // However often it is sent, it is logged once.
        options: { requestId: newId() },
      }),
    ({ view }) => freeze(view === undefined ? {} : readDocument(view, "view")),
  );
}

/** Makes the call that writes as a member. */
export function writeStateCall(
  handle: Handle,
  member: string,
  updates: DocumentInput,
  options: SetStateOptions,
): Call<SetStateResult> {
  return handle.write(
    SharedState.method.writeState,
    () => {
      const choices = ["reject", "drop"] as const;
      const action = checkedChoice("onUndeclared", options.onUndeclared ?? "reject", choices);
      return create(WriteStateRequestSchema, {
        key: keyOf(handle.execution),
        member: checkedName("member", member),
        updates: writeJsonDocument(updates, "updates"),
        onUndeclared: ACTIONS[action],
        options: writeOptions(handle.execution, options, handle.fencingToken),
      });
    },
    (response) => ({ ...readWriteResult(response), dropped: response.dropped }),
  );
}

/** Makes the call that tells who has accessed what. */
export function accessReportCall(handle: Handle): Call<AccessReport> {
  return handle.plain(
    SharedState.method.getAccessReport,
    () => create(GetAccessReportRequestSchema, { key: keyOf(handle.execution) }),
    readReport,
  );
}

function readReport({ unusedKeys, keys }: GetAccessReportResponse): AccessReport {
  const accessPatterns: Record<string, readonly Access[]> = {};
  const counts: Record<string, Record<string, AccessCounts>> = {};
  const memberCounts: Record<string, Record<string, AccessCounts>> = {};
  for (const accesses of keys) {
    const { key } = accesses;
    const recent = accesses.recent.map(({ member, operation, time, revision }) => ({
      member,
      operation: operation === AccessOperation.WRITE ? ("write" as const) : ("read" as const),
      timestamp: fromPresentTimestamp(time),
      revision: toRevision(revision),
    }));
    setOwn(accessPatterns, key, recent);
    const byMember: Record<string, AccessCounts> = {};
    setOwn(counts, key, byMember);
    for (const { member, reads, writes } of accesses.counts) {
      const count = { reads: toRevision(reads), writes: toRevision(writes) };
      setOwn(byMember, member, count);
      if (!Object.hasOwn(memberCounts, member)) setOwn(memberCounts, member, {});
      setOwn(memberCounts[member] ?? {}, key, count);
    }
  }
  return { unusedKeys, accessPatterns, counts, memberCounts };
}

function memberAccess(access: unknown, path: string): MemberAccessMessage {
  if (typeof access !== "object" || access === null) {
    throw invalid(path, `must be an object with use and set, not ${typeName(access)}`);
  }
  const unknown = Object.keys(access).find((name) => name !== "use" && name !== "set");
  if (unknown !== undefined) throw invalid(`${path}.${unknown}`, "is neither use nor set");
  const { use, set } = access as Record<string, unknown>;
  return create(MemberAccessSchema, {
    use: checkedTexts(`${path}.use`, use ?? []),
    set: checkedTexts(`${path}.set`, set ?? []),
  });
}

function mapped<Made>(
  name: string,
  given: unknown,
  make: (each: unknown, path: string) => Made,
): Record<string, Made> {
  if (typeof given !== "object" || given === null || !isPlain(given)) {
    throw invalid(name, `must be a plain object, not ${typeName(given)}`);
  }
  const made: Record<string, Made> = {};
  for (const [key, each] of Object.entries(given)) {
    setOwn(made, key, make(each, `${name}.${key}`));
  }
  return made;
}
