import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";

import { SharedState } from "../src/gen/statekeeper/v1/shared_state_pb.js";
import { StateManager } from "../src/gen/statekeeper/v1/state_manager_pb.js";
import {
  LoadRequestSchema,
  SaveRequestSchema,
} from "../src/gen/statekeeper/v1/state_requests_pb.js";
import { encode, sizeOf } from "../src/protobuf/encoding.js";
import { ReverseWriter } from "../src/protobuf/reverse-writer.js";

const TEXTS = [
  "",
  "plain",
  "é",
  "x".repeat(127),
  "x".repeat(128),
  "ü".repeat(64),
  "漢字 and 🎉",
  "\u0000",
  "half \ud800 of a pair",
  "\udc00",
  "y".repeat(20_000),
];
const INTEGERS = [0n, 1n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n];
const BIGINTS = [...INTEGERS, 2n ** 63n - 1n, -1n, -(2n ** 53n), -(2n ** 63n)];
const NUMBERS = [0, 1, 127, 128, 2 ** 31 - 1, -1, -(2 ** 31)];
const BYTES = [new Uint8Array(), Uint8Array.of(0, 255), new Uint8Array(300).fill(7)];
const DEPTH_MAX = 6;

/** A generator of numbers that are the same in every run (mulberry32). */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes messages of any kind. */
class Maker {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  message(schema: DescMessage, depth = 0): Message {
    const message = create(schema) as Message & Record<string, unknown>;
    const chosen = new Map(schema.oneofs.map((oneof) => [oneof, this.#pick(oneof.fields)]));
    for (const field of schema.fields) {
      if (depth >= DEPTH_MAX && field.message !== undefined) continue;
      if (this.#random() < 0.3) continue;
      if (field.oneof === undefined) message[field.localName] = this.#field(field, depth);
      else if (chosen.get(field.oneof) === field) {
        const value = this.#value(field, depth);
        message[field.oneof.localName] = { case: field.localName, value };
      }
    }
    if (this.#random() < 0.1) {
      message.$unknown = [
        { no: 1_000, wireType: WireType.Varint, data: Uint8Array.of(5) },
        { no: 1_001, wireType: WireType.LengthDelimited, data: Uint8Array.of(1, 9) },
      ];
    }
    return message;
  }

  #field(field: DescField, depth: number): unknown {
    const count = Math.floor(4 * this.#random());
    const values = Array.from({ length: count }, () => this.#value(field, depth + 1));
    switch (field.fieldKind) {
      case "list":
        return values;
      case "map":
        return Object.fromEntries(values.map((value) => [this.#pick(TEXTS), value]));
      default:
        return this.#value(field, depth);
    }
  }

  #value(field: DescField, depth: number): unknown {
    if (field.message !== undefined) return this.message(field.message, depth + 1);
    if (field.enum !== undefined) return this.#pick(field.enum.values).number;
    switch (field.scalar) {
      case ScalarType.STRING:
        return this.#pick(TEXTS);
      case ScalarType.BYTES:
        return this.#pick(BYTES);
      case ScalarType.BOOL:
        return this.#random() < 0.5;
      case ScalarType.INT32:
        return this.#pick(NUMBERS);
      case ScalarType.UINT64:
        return this.#pick(INTEGERS);
      default:
        return this.#pick(BIGINTS);
    }
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(items.length * this.#random())] as Item;
  }
}

const REQUESTS = [StateManager, SharedState]
  .flatMap(({ methods }) => methods)
  .map(({ name, input }) => [name, input] as const);

test.each(REQUESTS)("the request of %s is encoded as the generated code does it", (_, schema) => {
  for (let seed = 0; seed < 200; seed++) {
    const message = new Maker(seed).message(schema);
    const expected = toBinary(schema, message);
    expect(encode(schema, message).equals(expected)).toBe(true);
    expect(sizeOf(schema, message)).toBe(expected.length);
  }
});

test("what is absent, empty or zero is told apart", () => {
  const key = { namespace: "n", executionId: "e" };
  for (const request of [
    create(SaveRequestSchema),
    create(SaveRequestSchema, { key: {}, state: {}, options: {} }),
    create(SaveRequestSchema, { key, options: { expectedRevision: 0n, ttl: {} } }),
    create(SaveRequestSchema, { key, state: { context: {}, currentMember: "", labels: {} } }),
    create(SaveRequestSchema, { state: { context: { entries: { "": {} } }, labels: { "": "" } } }),
    create(SaveRequestSchema, {
      state: { input: { entries: { b: { kind: { case: "binary", value: new Uint8Array() } } } } },
    }),
  ]) {
    expect(encode(SaveRequestSchema, request).equals(toBinary(SaveRequestSchema, request))).toBe(
      true,
    );
  }
  const load = create(LoadRequestSchema, { key, revision: 0n, fields: ["", "context"] });
  expect(encode(LoadRequestSchema, load).equals(toBinary(LoadRequestSchema, load))).toBe(true);
});

test("a writer grows, and begins anew in the same buffer", () => {
  const writer = new ReverseWriter(1);
  for (const text of ["first", "x".repeat(1_000), "last"]) writer.text(text);
  expect(writer.written.toString()).toBe(`last${"x".repeat(1_000)}first`);
  const before = writer.written.buffer;
  writer.clear();
  expect(writer.length).toBe(0);
  writer.text("again");
  expect(writer.written.toString()).toBe("again");
  expect(writer.written.buffer).toBe(before);
});
