import { expect, test } from "vitest";

import { InvalidRequestError } from "../src/errors.js";
import { checkedSpan, fromDuration, fromTimestamp, toDuration, toTimestamp } from "../src/times.js";

test("instants are exact to the microsecond", () => {
  for (const ms of [
    0, 1_763_812_345_678, 1_763_812_345_678.123, -1.5, 0.999_9, 253_402_300_799_999,
  ]) {
    const back = fromTimestamp(toTimestamp(ms, "startTime"));
    expect(back).toBeCloseTo(ms, 2);
    expect(toTimestamp(back, "startTime")).toEqual(toTimestamp(ms, "startTime"));
  }
  expect(toTimestamp(1_763_812_345_678.123, "t").nanos).toBe(678_123_000);
  expect(fromTimestamp(toTimestamp(new Date(1_234), "t"))).toBe(1_234);
});

test("what is no instant is refused by name", () => {
  for (const wrong of [Number.NaN, "now", null, new Date(Number.NaN), 9e18]) {
    expect(() => toTimestamp(wrong, "expiresAt")).toThrow(/^expiresAt: /);
  }
});

test("spans are milliseconds", () => {
  expect(fromDuration(toDuration(1_500.25))).toBe(1_500.25);
  for (const wrong of [-1, Number.NaN, "1s", Infinity]) {
    expect(() => checkedSpan(wrong, "ttl")).toThrow(InvalidRequestError);
  }
});
