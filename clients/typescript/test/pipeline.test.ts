import { create } from "@bufbuild/protobuf";
import { Metadata, status as Code } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";

import { Client } from "../src/client.js";
import { ConflictError, StateError } from "../src/errors.js";
import { type BatchRequest, BatchResponseSchema } from "../src/gen/statekeeper/v1/batch_pb.js";
import type { Operation } from "../src/gen/statekeeper/v1/operation_pb.js";
import {
  FakeService,
  type FakePipeline,
  refused,
  saved,
  statusOf,
} from "./support/fake-service.js";
import { Proxy } from "./support/proxy.js";

let service: FakeService;
let proxy: Proxy;
let client: Client;

beforeEach(async () => {
  service = await FakeService.start();
  proxy = await Proxy.to(service.target);
  client = new Client(proxy.target);
});

afterEach(() => {
  client.close();
  proxy.stop();
  service.stop();
});

const save = (id: string, size = 10): Promise<unknown> =>
  client.stateManager(id).save({ status: "running", context: { text: "x".repeat(size) } });

/** Keeps what streams get, and answers as told. */
function receiving(answer: (stream: FakePipeline, batch: BatchRequest) => void): BatchRequest[] {
  const batches: BatchRequest[] = [];
  service.behaviour.pipeline = (stream) => {
    stream.on("data", (batch: BatchRequest) => {
      batches.push(batch);
      answer(stream, batch);
    });
  };
  return batches;
}

function answerAll(stream: FakePipeline, { operations }: BatchRequest): void {
  stream.write(create(BatchResponseSchema, { results: operations.map(saved) }));
}

function requestId({ operation }: Operation): string {
  return operation.case === "save" ? (operation.value.options?.requestId ?? "") : "";
}

function idOf({ operation }: Operation): string {
  return operation.case === "save" ? (operation.value.key?.executionId ?? "") : "";
}

function textOf({ operation }: Operation): unknown {
  return operation.case === "save"
    ? operation.value.state?.context?.entries.text?.kind.value
    : undefined;
}

test("what is called at the same time shares messages, in order", async () => {
  const batches = receiving(answerAll);
  await save("first");
  const ids = Array.from({ length: 1_200 }, (_, number) => `e${String(number)}`);
  await Promise.all(ids.map((id) => save(id)));
  expect(batches.length).toBeLessThan(10);
  for (const { operations } of batches) expect(operations.length).toBeLessThanOrEqual(500);
  expect(batches.flatMap(({ operations }) => operations.map(idOf))).toEqual(["first", ...ids]);
});

test("a message has its limit in bytes", async () => {
  const batches = receiving(answerAll);
  await Promise.all(Array.from({ length: 20 }, (_, number) => save(`e${String(number)}`, 60_000)));
  expect(batches.length).toBeGreaterThanOrEqual(5);
  for (const { operations } of batches) expect(operations.length).toBeLessThanOrEqual(4);
});

test("messages that wait for a server that reads late arrive as they were sent", async () => {
  const batches: BatchRequest[] = [];
  service.behaviour.pipeline = (stream) => {
    setTimeout(() => {
      stream.on("data", (batch: BatchRequest) => {
        batches.push(batch);
        answerAll(stream, batch);
      });
    }, 300);
  };
  const texts = Array.from({ length: 60 }, (_, number) => `${String(number)} `.repeat(15_000));
  const saves = texts.map(async (text, number) => {
    // Some at a time, so that there are messages of many sizes.
    await new Promise((resolve) => setTimeout(resolve, 5 * (number % 7)));
    await client.stateManager(`e${String(number)}`).save({ status: "running", context: { text } });
  });
  await Promise.all(saves);
  expect(batches.length).toBeGreaterThan(5);
  const arrived = new Map(
    batches.flatMap(({ operations }) => operations.map((each) => [idOf(each), textOf(each)])),
  );
  for (const [number, text] of texts.entries()) {
    expect(arrived.get(`e${String(number)}`) === JSON.stringify(text)).toBe(true);
  }
});

test("bytes are sent as they were when they were given", async () => {
  const batches = receiving(answerAll);
  const bytes = Uint8Array.of(1, 2, 3);
  const saved = client.stateManager("e").save({ status: "running", context: { bytes } });
  bytes.fill(0);
  await saved;
  const [{ operation } = { operation: undefined }] = batches[0]?.operations ?? [];
  expect(operation?.value).toMatchObject({
    state: {
      context: {
        entries: { bytes: { kind: { case: "binary", value: Buffer.from([1, 2, 3]) } } },
      },
    },
  });
});

test("what a broken stream left without an answer is sent again, in order, with its id", async () => {
  const seen: string[][] = [];
  service.behaviour.pipeline = (stream) => {
    const ids: string[] = [];
    seen.push(ids);
    stream.on("data", (batch: BatchRequest) => {
      ids.push(...batch.operations.map(requestId));
      const first = seen.length === 1;
      if (!first || batch.operations.map(idOf).includes("answered")) answerAll(stream, batch);
      if (first && ids.length === 51) proxy.cut();
    });
  };
  await save("answered");
  await Promise.all(Array.from({ length: 50 }, (_, number) => save(`e${String(number)}`)));
  expect(seen.length).toBe(2);
  expect(seen[1]).toEqual(seen[0]?.slice(1));
});

test("a server that ends the stream with success is not the end", async () => {
  let streams = 0;
  service.behaviour.pipeline = (stream) => {
    streams += 1;
    if (streams === 1) stream.end();
    else
      stream.on("data", (batch: BatchRequest) => {
        answerAll(stream, batch);
      });
  };
  await save("e");
  expect(streams).toBe(2);
});

test("one that fails harms no other", async () => {
  const conflict = statusOf(Code.ABORTED, "CONFLICT", { expected: "1", current: "2" });
  receiving((stream, { operations }) => {
    const results = operations.map((each) =>
      idOf(each) === "bad" ? refused(each, conflict) : saved(each),
    );
    stream.write(create(BatchResponseSchema, { results }));
  });
  const [good, bad] = await Promise.allSettled([save("good"), save("bad")]);
  expect(good.status).toBe("fulfilled");
  expect(bad).toMatchObject({ reason: { code: "CONFLICT", expected: 1, current: 2 } });
  expect((bad as PromiseRejectedResult).reason).toBeInstanceOf(ConflictError);
});

test("one that is cancelled harms no other, and is not sent if it was not yet", async () => {
  const batches = receiving(answerAll);
  await save("first");
  const cancel = new AbortController();
  const given = client.stateManager("given up").save({ status: "running" }, cancel);
  const kept = save("kept");
  cancel.abort();
  await expect(given).rejects.toMatchObject({ code: "CANCELLED" });
  await kept;
  expect(batches.flatMap(({ operations }) => operations.map(idOf))).toEqual(["first", "kept"]);
});

test("an overloaded operation is sent again after the delay that it names", async () => {
  const overloaded = statusOf(Code.RESOURCE_EXHAUSTED, "OVERLOADED", {}, 50);
  let refusals = 2;
  const batches = receiving((stream, { operations }) => {
    const results = operations.map((each) =>
      refusals-- > 0 ? refused(each, overloaded) : saved(each),
    );
    stream.write(create(BatchResponseSchema, { results }));
  });
  await save("e");
  const ids = batches.flatMap(({ operations }) => operations.map(requestId));
  expect(ids.length).toBe(3);
  expect(new Set(ids).size).toBe(1);
});

test("a stream that is refused for good fails what waits, and says why", async () => {
  service.behaviour.pipeline = (stream) => {
    stream.emit("error", {
      code: Code.UNAUTHENTICATED,
      details: "who are you",
      metadata: new Metadata(),
    });
  };
  await expect(save("e")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  service.behaviour.pipeline = (stream) => {
    const metadata = new Metadata();
    metadata.set("grpc-retry-pushback-ms", "-1");
    stream.emit("error", { code: Code.UNAVAILABLE, details: "go away", metadata });
  };
  await expect(save("e")).rejects.toThrow(StateError);
});

test("answers to what was never asked are passed over", async () => {
  receiving((stream, batch) => {
    const [first] = batch.operations;
    if (first === undefined) return;
    const unknown = { ...saved(first), tag: 999_999n };
    stream.write(create(BatchResponseSchema, { results: [unknown] }));
    answerAll(stream, batch);
    answerAll(stream, batch);
  });
  await save("a");
  await save("b");
});
