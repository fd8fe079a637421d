import { expect, test } from "vitest";

import { Given, Place } from "../src/places.js";

const marks = [
  { executionId: "a", revision: 1 },
  { executionId: "ü", revision: 2 },
  { executionId: "a", revision: 3 },
  { executionId: "a", revision: 3 },
];

test("a place after a message is the server's token", () => {
  expect(new Place("token").text()).toBe("token");
  expect(Place.read("token")).toEqual(new Place("token"));
});

test("a place within a message is written as in all languages", () => {
  // As the client for Python writes it.
  const text = "~WyJ0b2tlbiIsWyJhIiwzLDJdLFsiw7wiLDIsMV1d";
  expect(new Place("token", marks, 4).text()).toBe(text);
  const read = Place.read(text);
  expect(read?.token).toBe("token");
  expect(read?.text()).toBe(text);
});

test("marks that are added later are none of an earlier place", () => {
  expect(new Place("t", marks, 1).text()).toBe(new Place("t", marks.slice(0, 1), 1).text());
});

test.each(["~", "~%%%", "~e30", "~WzFd", "~WyJ0IixbMV1d", "~WyJ0IixbImEiLC0xLDFdXQ"])(
  "%s is no place",
  (text) => {
    expect(Place.read(text)).toBeUndefined();
  },
);

test("what was given is passed over, and nothing else", () => {
  const given = new Given(new Place("t", marks, 4));
  expect(given.has({ executionId: "b", revision: 1 })).toBe(false);
  expect(given.has({ executionId: "a", revision: 1 })).toBe(true);
  expect(given.has({ executionId: "a", revision: 3 })).toBe(true);
  expect(given.marks()).toEqual([
    { executionId: "a", revision: 3 },
    { executionId: "ü", revision: 2 },
  ]);
  expect(given.has({ executionId: "a", revision: 3 })).toBe(true);
  expect(given.has({ executionId: "a", revision: 3 })).toBe(false);
  expect(given.has({ executionId: "ü", revision: 4 })).toBe(false);
});
