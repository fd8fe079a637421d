/** What only a real server can show, and no scenario of the common suite does. */
import { randomUUID } from "node:crypto";

import { afterAll, expect, inject, test } from "vitest";

import type { StateManager } from "../src/index.js";
import {
  Binary,
  Client,
  type Lock,
  LockTimeoutError,
  migrateState,
  throwFirst,
} from "../src/index.js";
import { Proxy } from "./support/proxy.js";

const client = new Client(inject("target"));
afterAll(() => {
  client.close();
});

const fresh = (): StateManager => client.stateManager(randomUUID());

async function loaded(sm: StateManager): Promise<NonNullable<Awaited<ReturnType<typeof sm.load>>>> {
  const state = await sm.load();
  if (state === null) throw new Error("there is no state");
  return state;
}

test("a loaded state is equal to what was saved, and knows its revision all the same", async () => {
  const sm = fresh();
  const state = {
    id: sm.executionId,
    status: "running" as const,
    input: { big: 2n ** 64n, float: 0.1, deep: [[{ a: null }]] },
    context: { raw: new Uint8Array([0, 255]), typed: new Binary(new Uint8Array([1]), "a/b") },
    memberOutputs: new Map([["step", { ok: true }]]),
    startTime: 1_763_812_345_678.125,
    labels: { team: "red" },
  };
  const { revision } = await sm.save(state);
  const read = await loaded(sm);
  expect(read).toStrictEqual(state);
  expect(read.revision).toBe(revision);
  expect(Object.keys(read)).not.toContain("revision");
  expect((read.context?.typed as Binary).contentType).toBe("a/b");
});

test("saving a loaded state moves it on, and a spread of it is a plain one", async () => {
  const sm = fresh();
  await sm.save({ status: "running" });
  const state = await loaded(sm);
  const copy = { ...state };
  state.context = { n: 1 };
  await sm.save(state);
  expect(state.version).toBe(2);
  await sm.save(state);
  expect(state.version).toBe(3);
  expect((await sm.save(copy)).version).toBe(4);
  await expect(sm.save(state)).rejects.toMatchObject({ code: "CONFLICT" });
});

test("a block holds the lock, its writes carry the token, and who shares the handle waits", async () => {
  const sm = fresh();
  await sm.save({ status: "running" });
  const order: string[] = [];
  const work = (name: string) => async (lock: Lock) => {
    order.push(`${name} in`);
    const again = await sm.lock({ retry: false });
    expect(again?.fencingToken).toBe(lock.fencingToken);
    await again?.unlock();
    expect(await sm.isLocked()).toBe(true);
    await sm.update({ context: { name } });
    order.push(`${name} out`);
  };
  await Promise.all([
    sm.withLock(work("a"), { exclusive: true }),
    sm.withLock(work("b"), { exclusive: true }),
  ]);
  expect(order).toEqual(["a in", "a out", "b in", "b out"]);
  expect(await sm.isLocked()).toBe(false);
});

test("a lock that is held is refused, and what a block throws passes through", async () => {
  const sm = fresh();
  const held = await sm.lock({ owner: "ann" });
  expect(held?.owner).toBe("ann");
  const other = fresh();
  expect(await client.stateManager(sm.executionId).lock({ retry: false })).toBeNull();
  const refused = client.stateManager(sm.executionId).withLock(() => 1, { timeout: 100 });
  await expect(refused).rejects.toThrow(LockTimeoutError);
  await expect(refused).rejects.toMatchObject({ owner: "ann" });
  expect(await held?.unlock()).toBe(true);
  const boom = other.withLock(() => {
    throw new Error("boom");
  });
  await expect(boom).rejects.toThrow("boom");
  expect(await other.isLocked()).toBe(false);
});

test("a lock that is lost is told, and fences off", async () => {
  const sm = fresh();
  const thief = client.stateManager(sm.executionId);
  await sm.save({ status: "running" });
  const lock = await sm.lock({ lease: 50 });
  const stolen = await thief.lock({ timeout: 5_000 });
  expect(stolen).not.toBeNull();
  expect(lock?.lost).toBe(true);
  await expect(sm.update({ status: "waiting" })).rejects.toMatchObject({ code: "FENCED" });
  expect(await lock?.unlock()).toBe(false);
  expect((await sm.update({ status: "waiting" })).version).toBe(2);
});

test("a cached state is given out again, and writes of the client are seen", async () => {
  const sm = client.stateManager(randomUUID(), { cache: { enabled: true, ttl: 60_000 } });
  await sm.save({ status: "running", context: { n: 1 } });
  const first = await loaded(sm);
  await client.stateManager(sm.executionId).update({ context: { n: 2 } });
  const second = await loaded(sm);
  expect(second.context).toEqual({ n: 2 });
  const other = new Client(inject("target"));
  await other.stateManager(sm.executionId).update({ context: { n: 3 } });
  other.close();
  expect((await loaded(sm)).context).toEqual({ n: 2 });
  second.context = {};
  expect((await loaded(sm)).context).toEqual({ n: 2 });
  expect(first.context).toEqual({ n: 1 });
});

test("nothing is lost or done twice where the way breaks again and again", async () => {
  const proxy = await Proxy.to(inject("target"));
  const shaky = new Client(proxy.target);
  const handles = Array.from({ length: 20 }, () => shaky.stateManager(randomUUID()));
  const cutting = setInterval(() => {
    proxy.cut();
  }, 60);
  for (let round = 1; round <= 10; round++) {
    const results = await Promise.all(
      handles.map((sm) => sm.save({ status: "running", context: { round } })),
    );
    for (const { version } of results) expect(version).toBe(round);
  }
  clearInterval(cutting);
  shaky.close();
  proxy.stop();
});

test("a batch gives results and errors, typed by their operations", async () => {
  const [a, b] = [fresh(), fresh()];
  const [save, update, load] = await client.batch([
    a.operation.save({ status: "running" }),
    b.operation.update({ status: "waiting" }),
    a.operation.load(),
  ]);
  expect(throwFirst([save])[0]?.version).toBe(1);
  expect(update).toMatchObject({ code: "STATE_NOT_FOUND", executionId: b.executionId });
  expect(throwFirst([load])[0]?.status).toBe("running");
  const many = Array.from({ length: 2_500 }, (_, n) => a.operation.update({ context: { n } }));
  const results = throwFirst(await client.batch(many));
  expect(results.at(-1)?.version).toBe(2_501);
  const wrong = client.batch([a.operation.load(), a.operation.save({} as never)]);
  await expect(wrong).rejects.toThrow(/^operations\[1\]\.status: is required/);
});

test("a migration keeps the revision, and changes nothing of what was given", async () => {
  const sm = fresh();
  await sm.save({ status: "running", schemaVersion: "1", context: { name: "Ada Lovelace" } });
  const old = await loaded(sm);
  const made = migrateState(old, {
    from: "1",
    to: "2",
    transformers: [
      (state) => ({ ...state, context: { first: String(state.context?.name).split(" ")[0] } }),
    ],
  });
  expect(old.context).toEqual({ name: "Ada Lovelace" });
  await sm.update({ status: "waiting" });
  await expect(sm.save(made)).rejects.toMatchObject({ code: "CONFLICT" });
  const wrong = (): unknown => migrateState(old, { from: "7", to: "8", transformers: [] });
  expect(wrong).toThrow(/^schemaVersion: is '1'/);
});

test("a wait ends with what it waits for, with its time, or with its signal", async () => {
  const sm = fresh();
  const waiting = sm.waitFor((state) => state.memberOutputs?.has("payment") ?? false);
  await sm.save({ status: "running" });
  await sm.update({ memberOutputs: { payment: { id: "ch_123" } } });
  expect((await waiting).memberOutputs?.get("payment")).toEqual({ id: "ch_123" });
  const late = sm.waitFor("completed", { timeout: 2_000 });
  await expect(late).rejects.toMatchObject({ code: "WAIT_TIMEOUT", status: "running" });
  const cancelled = sm.waitFor("completed", { signal: AbortSignal.timeout(50) });
  await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
});
