import { expect, test } from "vitest";

import { Backoff, ConflictBackoff } from "../src/transport/backoff.js";

class Clock {
  time = 0;
  chance = 1;
  now = (): number => this.time;
  random = (): number => this.chance;
}

test("waits grow to a second, with full jitter, and end with the time", () => {
  const clock = new Clock();
  const backoff = new Backoff(10_000, clock);
  const delays = Array.from({ length: 9 }, () => backoff.delay());
  expect(delays).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  clock.chance = 0;
  expect(backoff.delay()).toBe(0);
  clock.time = 10_000;
  expect(backoff.delay()).toBeUndefined();
});

test("waits after conflicts go by how long an attempt took", () => {
  const clock = new Clock();
  const backoff = new ConflictBackoff(60_000, clock);
  clock.time = 10;
  expect(backoff.delay()).toBe(80);
  clock.time = 100;
  expect(backoff.delay()).toBe(160);
  clock.time = 1_260;
  expect(backoff.delay()).toBe(2_000);
  clock.time = 59_990;
  expect(backoff.delay()).toBe(10);
  clock.time = 60_000;
  expect(backoff.delay()).toBeUndefined();
});
