import { status as Code } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";

import { Client } from "../src/client.js";
import {
  CallCancelledError,
  DeadlineExceededError,
  OverloadedError,
  StateError,
  StorageFullError,
  UnavailableError,
} from "../src/errors.js";
import { failureOf, FakeService, statusOf } from "./support/fake-service.js";

// GetLock is always a call of its own; what shares a stream is tested with the pipeline.
let service: FakeService;
let client: Client;

beforeEach(async () => {
  service = await FakeService.start();
  client = new Client(service.target, { timeout: 5_000 });
});

afterEach(() => {
  client.close();
  service.stop();
});

/** Fails the first calls so, and tells how often it was called. */
function failing(times: number, fail: () => ReturnType<typeof failureOf>): () => number {
  let calls = 0;
  service.behaviour.getLock = () => (++calls <= times ? fail() : undefined);
  return () => calls;
}

const ask = (): Promise<unknown> => client.stateManager("e").getLock();

test("what is overloaded is asked again after the delay that it names", async () => {
  const overloaded = statusOf(Code.RESOURCE_EXHAUSTED, "OVERLOADED", {}, 80);
  const calls = failing(2, () => failureOf(overloaded));
  const began = performance.now();
  expect(await ask()).toBeNull();
  expect(calls()).toBe(3);
  expect(performance.now() - began).toBeGreaterThan(155);
});

test("the server's pushback is obeyed: after its time, or not at all", async () => {
  const overloaded = statusOf(Code.RESOURCE_EXHAUSTED, "OVERLOADED", {}, 60_000);
  const soon = failing(1, () => failureOf(overloaded, { "grpc-retry-pushback-ms": "10" }));
  expect(await ask()).toBeNull();
  expect(soon()).toBe(2);
  const full = statusOf(Code.RESOURCE_EXHAUSTED, "STORAGE_FULL");
  const never = failing(1, () => failureOf(full, { "grpc-retry-pushback-ms": "-1" }));
  await expect(ask()).rejects.toThrow(StorageFullError);
  expect(never()).toBe(1);
});

test("a storage that is down is asked again, and not for ever", async () => {
  const down = statusOf(Code.UNAVAILABLE, "STORAGE_ERROR");
  const calls = failing(100, () => failureOf(down));
  await expect(ask()).rejects.toMatchObject({ code: "STORAGE_ERROR" });
  expect(calls()).toBe(5);
});

test("CANCELLED by a server that stops is tried again", async () => {
  const calls = failing(1, () => ({ code: Code.CANCELLED, details: "stopping" }));
  expect(await ask()).toBeNull();
  expect(calls()).toBe(2);
});

test("what is refused for good is asked once", async () => {
  const calls = failing(9, () => failureOf(statusOf(Code.NOT_FOUND, "STATE_NOT_FOUND")));
  await expect(ask()).rejects.toMatchObject({ code: "STATE_NOT_FOUND", executionId: "e" });
  expect(calls()).toBe(1);
});

test("a delay that is longer than the time left is not waited for", async () => {
  const overloaded = statusOf(Code.RESOURCE_EXHAUSTED, "OVERLOADED", {}, 60_000);
  failing(9, () => failureOf(overloaded));
  const began = performance.now();
  const error = await ask().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OverloadedError);
  expect((error as OverloadedError).retryAfter).toBe(60_000);
  expect(performance.now() - began).toBeLessThan(4_000);
});

test("a server that was never heard of is looked for shortly", async () => {
  service.stop();
  for (const call of [ask, () => client.stateManager("e").load()]) {
    const began = performance.now();
    await expect(call()).rejects.toThrow(UnavailableError);
    await expect(call()).rejects.toThrow(/cannot reach .*: connection refused/);
    expect(performance.now() - began).toBeLessThan(6_000);
  }
});

test("a server that was heard of is waited for", async () => {
  expect(await ask()).toBeNull();
  service.stop();
  const waiting = [ask(), client.stateManager("e").save({ status: "running" })];
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await service.startAgain();
  await Promise.all(waiting);
});

test("a call ends with its deadline", async () => {
  service.behaviour.pipeline = () => undefined;
  const hasty = new Client(service.target, { timeout: 200 });
  await expect(hasty.stateManager("e").load()).rejects.toThrow(DeadlineExceededError);
  hasty.close();
});

test("a signal ends a call, and closing the client ends all", async () => {
  service.behaviour.pipeline = () => undefined;
  const cancel = new AbortController();
  const call = client.stateManager("e").load({ signal: cancel.signal });
  const other = client.stateManager("e").load();
  setTimeout(() => {
    cancel.abort(new Error("enough"));
  }, 50);
  await expect(call).rejects.toMatchObject({ code: "CANCELLED", cause: new Error("enough") });
  client.close();
  await expect(other).rejects.toThrow(CallCancelledError);
  await expect(ask()).rejects.toThrow(/closed/);
});

test("one signal may be that of many calls", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): number => warnings.push(warning);
  process.on("warning", warn);
  const { signal } = new AbortController();
  const handles = Array.from({ length: 50 }, () => client.stateManager("e"));
  await Promise.all(handles.map((sm) => sm.save({ status: "running" }, { signal })));
  await new Promise(setImmediate);
  process.off("warning", warn);
  expect(warnings).toEqual([]);
});

test("reasons that are not known keep their code", async () => {
  failing(1, () => failureOf(statusOf(Code.FAILED_PRECONDITION, "SOMETHING_NEW", { a: "b" })));
  const error = await ask().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StateError);
  expect(error).toMatchObject({ code: "SOMETHING_NEW", metadata: { a: "b" } });
});
