import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";

import { Cache, cacheKey } from "../src/cache.js";
import { type Execution, ExecutionSchema } from "../src/gen/statekeeper/v1/execution_pb.js";
import { PauseStatus } from "../src/gen/statekeeper/v1/pause_pb.js";

const key = cacheKey({ namespace: "n", executionId: "e" });
const other = cacheKey({ namespace: "n", executionId: "f" });
const TTL = 1_000;

function execution(revision: number, fields: Partial<Execution> = {}): Execution {
  return create(ExecutionSchema, { revision: BigInt(revision), ...fields } as never);
}

function load(cache: Cache, revision: number, at = key): void {
  cache.endLoad(cache.begin(at), execution(revision), TTL);
}

test("what was loaded is given out until its time is over", () => {
  let now = 0;
  const cache = new Cache(undefined, { monotonic: () => now });
  load(cache, 1);
  now = TTL - 1;
  expect(cache.get(key)?.revision).toBe(1n);
  now = TTL;
  expect(cache.get(key)).toBeUndefined();
});

test("a write replaces the copy or drops it, also one that failed", () => {
  const cache = new Cache();
  load(cache, 1);
  cache.endWrite(cache.begin(key), { revision: 2n, execution: execution(2), ttl: TTL });
  expect(cache.get(key)?.revision).toBe(2n);
  cache.endWrite(cache.begin(key));
  expect(cache.get(key)).toBeUndefined();
});

test("a load that was under way when a write ended puts nothing", () => {
  const cache = new Cache();
  const reading = cache.begin(key);
  cache.endWrite(cache.begin(key), { revision: 2n, ttl: 0 });
  cache.endLoad(reading, execution(1), TTL);
  expect(cache.get(key)).toBeUndefined();
});

test("of two writes the later revision stays, whichever ends first", () => {
  const cache = new Cache();
  const first = cache.begin(key);
  const second = cache.begin(key);
  cache.endWrite(second, { revision: 3n, execution: execution(3), ttl: TTL });
  cache.endWrite(first, { revision: 2n, execution: execution(2), ttl: TTL });
  expect(cache.get(key)?.revision).toBe(3n);
});

test("a copy lives no longer than the execution, or an open pause of it", () => {
  const wallClock = (): number => 10_000;
  const cache = new Cache(undefined, { wallClock });
  const expireTime = { seconds: 10n, nanos: 0 };
  const over = { expireTime } as unknown as Partial<Execution>;
  cache.endLoad(cache.begin(key), execution(1, over), TTL);
  expect(cache.get(key)).toBeUndefined();
  const pauses = [{ status: PauseStatus.OPEN, expireTime }];
  cache.endLoad(cache.begin(key), execution(1, { pauses } as never), TTL);
  expect(cache.get(key)).toBeUndefined();
});

test("the least recently used leave first", () => {
  const cache = new Cache(undefined, { executionsMax: 2 });
  load(cache, 1);
  load(cache, 2, other);
  cache.get(key);
  load(cache, 3, cacheKey({ namespace: "n", executionId: "g" }));
  expect(cache.get(other)).toBeUndefined();
  expect(cache.get(key)?.revision).toBe(1n);
});

test("a watched cache holds copies while its watch stands, and drops what others change", () => {
  const watched: string[] = [];
  const cache = new Cache((namespace) => watched.push(namespace));
  expect(cache.get(key)).toBeUndefined();
  expect(watched).toEqual(["n"]);
  load(cache, 1);
  expect(cache.get(key)).toBeUndefined();
  const early = cache.begin(key);
  cache.watchStands("n");
  cache.endLoad(early, execution(1), TTL);
  expect(cache.get(key)).toBeUndefined();
  load(cache, 1);
  cache.changed(key, 1);
  expect(cache.get(key)?.revision).toBe(1n);
  cache.changed(key, 2);
  expect(cache.get(key)).toBeUndefined();
  const reading = cache.begin(key);
  cache.changed(key, 5);
  cache.endLoad(reading, execution(4), TTL);
  expect(cache.get(key)).toBeUndefined();
  load(cache, 5);
  cache.watchBroke("n");
  expect(cache.get(key)).toBeUndefined();
});
