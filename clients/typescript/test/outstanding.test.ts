import { expect, test } from "vitest";

import { Outstanding } from "../src/transport/outstanding.js";

test("items have ascending numbers, and each can be removed once", () => {
  const outstanding = new Outstanding<string>();
  const [first, second, third] = ["a", "b", "c"].map((item) => outstanding.add(item));
  expect([first, second, third]).toEqual([1, 2, 3]);
  expect(outstanding.remove(2)).toBe("b");
  expect(outstanding.remove(2)).toBeUndefined();
  expect(outstanding.get(2)).toBeUndefined();
  expect([outstanding.size, outstanding.begin, outstanding.end]).toEqual([2, 1, 4]);
  outstanding.remove(1);
  expect([outstanding.size, outstanding.begin, outstanding.end]).toEqual([1, 3, 4]);
  outstanding.remove(3);
  expect([outstanding.size, outstanding.begin, outstanding.end]).toEqual([0, 4, 4]);
});

test("numbers that were never given have no items", () => {
  const outstanding = new Outstanding<string>();
  for (let count = 0; count < 1_000; count++) outstanding.remove(outstanding.add("gone"));
  outstanding.add("there");
  for (const number of [-1, 0, 1_000, 1_002, 1_001 + 256, 1_001 - 256, Number.MAX_VALUE]) {
    expect(outstanding.get(number)).toBeUndefined();
    expect(outstanding.remove(number)).toBeUndefined();
  }
  expect(outstanding.get(1_001)).toBe("there");
});

test("it grows around items that stay", () => {
  const outstanding = new Outstanding<number>();
  for (let number = 1; number <= 100; number++) outstanding.remove(outstanding.add(number));
  for (let number = 101; number <= 5_000; number++) {
    expect(outstanding.add(number)).toBe(number);
    if (number % 3 === 0) outstanding.remove(number);
  }
  for (let number = 101; number <= 5_000; number++) {
    expect(outstanding.get(number)).toBe(number % 3 === 0 ? undefined : number);
  }
});
