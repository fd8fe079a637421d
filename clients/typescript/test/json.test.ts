import { expect, test } from "vitest";

import { SerializationError } from "../src/errors.js";
import { writeDocument } from "../src/values/documents.js";
import { parseExactly } from "../src/values/parser.js";
import { parseJson, stringifyJson } from "../src/values/text.js";

function roundTrip(value: unknown): unknown {
  return parseJson(stringifyJson(value));
}

function pathOf(value: unknown): string {
  try {
    writeDocument({ key: value }, "context");
  } catch (error) {
    if (error instanceof SerializationError) return error.path;
    throw error;
  }
  return "";
}

test("values come back as they went in", () => {
  const values = [
    null,
    true,
    0,
    -0,
    1.5,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    -(2 ** 64),
    1e21,
    1e300,
    5e-324,
    2n ** 53n,
    -(2n ** 200n),
    "",
    'text "quoted" \\ \u2028 ü💥\0',
    [[], [null], {}],
    { a: { b: [1, { c: 12345678901234567890n }] }, "": 1, "a.b": 2 },
  ];
  for (const value of values) expect(roundTrip(value)).toStrictEqual(value);
});

test("a bigint in the safe range comes back as a number, as JSON has one kind of number", () => {
  expect(roundTrip(7n)).toBe(7);
});

test("a whole number beyond 2^53 has a fraction as text, a bigint has none", () => {
  expect(stringifyJson([2 ** 60, 2n ** 60n])).toBe("[1152921504606847000.0,1152921504606846976]");
});

test("the exact parser reads what the engine's own does", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const make = (depth: number): unknown => {
    switch (random(depth > 4 ? 5 : 7)) {
      case 0:
        return random(2) === 0;
      case 1:
        return (random(2_000_001) - 1_000_000) / 10 ** random(9);
      case 2:
        return null;
      case 3:
        return String.fromCodePoint(...Array.from({ length: random(9) }, () => random(0xd800)));
      case 4:
        return random(1_000_000_000);
      case 5:
        return Array.from({ length: random(5) }, () => make(depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: random(5) }, () => [String(random(99)), make(depth + 1)]),
        );
    }
  };
  for (let round = 0; round < 500; round++) {
    const value = make(0);
    const text = JSON.stringify(value, undefined, random(3));
    expect(parseExactly(text)).toStrictEqual(JSON.parse(text));
  }
});

test.each([
  "",
  " ",
  "[1234567890123456789",
  "{1234567890123456789:1}",
  '{"a" 1234567890123456789}',
  "[1234567890123456789,]",
  "01234567890123456789",
  "1234567890123456789 x",
  '"1234567890123456789',
  '"\n1234567890123456789"',
  "[1234567890123456789}",
  "+1234567890123456789",
  "nul 1234567890123456789",
  "1e999",
  "1234567890123456789e9999",
])("%j is no JSON", (text) => {
  expect(() => parseJson(text)).toThrow(SerializationError);
});

test("a key called __proto__ is a key", () => {
  const text = '{"__proto__":{"a":12345678901234567890}}';
  const read = parseJson(text) as object;
  expect(Object.keys(read)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect(stringifyJson(read)).toBe(text);
  expect(Object.keys(writeDocument(JSON.parse('{"__proto__":1}'), "context").entries)).toEqual([
    "__proto__",
  ]);
});

test("undefined properties are none, as everywhere in JavaScript", () => {
  expect(stringifyJson({ a: undefined, b: 2n ** 64n })).toBe('{"b":18446744073709551616}');
  expect(Object.keys(writeDocument({ a: undefined, b: 1 }, "context").entries)).toEqual(["b"]);
});

test("what cannot be sent is refused, and its path is named", () => {
  const circle: unknown[] = [];
  circle.push({ circle });
  const twice = { a: 1 };
  expect(pathOf({ a: [1, Number.NaN] })).toBe("context.key.a[1]");
  expect(pathOf(Infinity)).toBe("context.key");
  expect(pathOf({ a: { b: () => 1 } })).toBe("context.key.a.b");
  expect(pathOf([undefined])).toBe("context.key[0]");
  expect(pathOf(new Array(2))).toBe("context.key[0]");
  expect(pathOf({ when: new Date(0) })).toBe("context.key.when");
  expect(pathOf([new Map()])).toBe("context.key[0]");
  expect(pathOf({ a: new Uint8Array() })).toBe("context.key.a");
  expect(pathOf({ a: "\ud800" })).toBe("context.key.a");
  expect(pathOf({ "\ud800": 1 })).toBe("context.key");
  expect(pathOf({ a: Symbol("a") })).toBe("context.key.a");
  expect(pathOf(circle)).toBe("context.key[0].circle");
  expect(pathOf([twice, twice])).toBe("");
});

test("values may be nested deeply, and what is too deep is refused", () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 2n ** 64n;
    for (let level = 0; level < levels; level++) value = [value];
    return value;
  };
  expect(roundTrip(nested(900))).toEqual(nested(900));
  expect(pathOf(nested(200_000))).toMatch(/^context\.key(\[0\])+/);
});

test("long texts with many digits are read", () => {
  const text = `${'12345678901234567890 \\ " '.repeat(100_000)}end`;
  expect(roundTrip([text, 2n ** 70n])).toEqual([text, 2n ** 70n]);
});
