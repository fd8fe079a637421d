import { create } from "@bufbuild/protobuf";
import { status as Code } from "@grpc/grpc-js";
import { expect, test } from "vitest";

import {
  ConflictError,
  InternalError,
  InvalidRequestError,
  SerializationError,
  StateError,
} from "../src/errors.js";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { ErrorReason } from "../src/gen/statekeeper/v1/error_reason_pb.js";
import { Failure, failureOfOperation, REASONS, toStateError } from "../src/transport/failure.js";
import { statusOf } from "./support/fake-service.js";

const site = { target: "host:1", timeoutMs: 10_000, namespace: "n", executionId: "e" };

function errorFor(reason: string, metadata: Record<string, string> = {}): StateError {
  return toStateError(failureOfOperation(statusOf(Code.ABORTED, reason, metadata)), site);
}

test("every reason of the contract has an error of its own", () => {
  const names = Object.values(ErrorReason).filter((reason) => typeof reason === "string");
  // Backups are for operators, who have the command line.
  const others = new Set(["UNSPECIFIED", "BACKUP_FAILED"]);
  expect([...REASONS].sort()).toEqual(names.filter((name) => !others.has(name)).sort());
  for (const reason of REASONS) {
    const error = errorFor(reason);
    expect(error.code).toBe(reason);
    expect(error.constructor).not.toBe(StateError);
    expect(error.name).toBe(error.constructor.name);
  }
});

test("an error tells the facts of the server, and else what was asked for", () => {
  const metadata = { expected: "1", current: "2", namespace: "other", execution_id: "x" };
  const error = errorFor("CONFLICT", metadata);
  expect(error).toBeInstanceOf(ConflictError);
  expect(error).toMatchObject({ expected: 1, current: 2, namespace: "other", executionId: "x" });
  expect(errorFor("CONFLICT")).toMatchObject({ expected: -1, namespace: "n", executionId: "e" });
  expect(errorFor("SERIALIZATION_ERROR", { path: "member_outputs.a" })).toMatchObject({
    path: "memberOutputs.a",
  });
});

test("what is malformed names the fields", () => {
  const status = statusOf(Code.INVALID_ARGUMENT, "INVALID_REQUEST");
  const fieldViolations = [{ field: "state.labels", description: "are too many" }];
  status.details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  const error = toStateError(failureOfOperation(status), site);
  expect(error).toBeInstanceOf(InvalidRequestError);
  expect(error).toMatchObject({ fields: fieldViolations });
});

test.each([
  [Code.UNAVAILABLE, "connect ECONNREFUSED 127.0.0.1:1", /host:1: connection refused$/],
  [Code.UNAVAILABLE, "Name resolution failed for target", /unknown host name$/],
  [Code.DEADLINE_EXCEEDED, "", /no answer from host:1 within 10 s$/],
  [Code.RESOURCE_EXHAUSTED, "too big", /RESOURCE_EXHAUSTED: too big$/],
])("what failed on the way says so: %s %s", (code, details, message) => {
  expect(toStateError(new Failure(code, details), site).message).toMatch(message);
});

test("details of somebody else are none of ours", () => {
  const status = statusOf(Code.INTERNAL, "CONFLICT");
  status.details = [];
  expect(toStateError(failureOfOperation(status), site)).toBeInstanceOf(InternalError);
});

test("errors are errors, with their cause", () => {
  const cause = new Error("why");
  const error = new SerializationError("no", { path: "a.b", cause });
  expect(error).toBeInstanceOf(Error);
  expect(error.cause).toBe(cause);
  expect(String(error)).toBe("SerializationError: no");
});
