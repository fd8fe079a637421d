/** What commands hold, as the client takes it. */
import { Binary, type StateFields, type WriteOptions } from "statekeeper";

import { Unsupported } from "./errors.js";
import { toCamel } from "./names.js";
import type { Command } from "./session.js";

type Values = Readonly<Record<string, unknown>>;

const NOT_JSON: Values = {
  nan: Number.NaN,
  infinity: Infinity,
  function: () => 1,
};
const DOCUMENTS = new Set(["input", "context", "memberOutputs", "metadata"]);
/** Options that are spans of time: seconds to the runner, ms to the client. */
const SPANS = new Set(["ttl", "timeout", "lease", "heartbeat", "giveUpAfter"]);

/** A value of a document. */
export function value(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(value);
  if (typeof given !== "object" || given === null) return given;
  const held = given as Values;
  if (typeof held.$bytes === "string") {
    const bytes = Buffer.from(held.$bytes, "base64");
    return typeof held.content_type === "string" && held.content_type !== ""
      ? new Binary(bytes, held.content_type)
      : bytes;
  }
  if (typeof held.$not_json === "string") {
    if (!(held.$not_json in NOT_JSON)) {
      throw new Unsupported(`JavaScript has no ${held.$not_json}`);
    }
    return NOT_JSON[held.$not_json];
  }
  return document(given);
}

/** A document, or what somebody gives in its place. */
export function document(given: unknown): Record<string, unknown> {
  if (typeof given !== "object" || given === null) return given as never;
  return Object.fromEntries(
    Object.entries(given).map(([key, each]) => [key, value(each)]),
  );
}

/** Fields of a state. */
export function fields(given: unknown): StateFields {
  if (typeof given !== "object" || given === null) return given as never;
  const made: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(given)) {
    const field = toCamel(name);
    if (DOCUMENTS.has(field)) made[field] = document(each);
    else if (field === "startTime" && each !== null)
      made[field] = instant(each);
    else made[field] = each;
  }
  return made;
}

/** A time, with the microseconds that a Date has no room for. */
export function instant(text: unknown): number {
  const [, seconds = "", fraction = "", zone = ""] =
    /^([^.Z+]*?)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(String(text)) ?? [];
  return Date.parse(seconds + zone) + Number(`0${fraction}`) * 1000;
}

/** Those of these options that a command has, as the client takes them. */
export function options<Options>(
  command: Command,
  ...names: readonly string[]
): Options {
  const given: Record<string, unknown> = {};
  for (const name of names) {
    if (!(name in command)) continue;
    const option = toCamel(name);
    const each = command[name];
    given[option] =
      SPANS.has(option) && typeof each === "number" ? each * 1000 : each;
  }
  return given as Options;
}

/** What says how to write. */
export function writeOptions(
  command: Command,
  signal: AbortSignal,
): WriteOptions {
  return {
    ...options(command, "expected_revision", "ttl", "request_id", "actor"),
    signal,
  };
}

/** Paths of fields, as the client takes them. */
export function paths(given: unknown): string[] {
  return Array.isArray(given)
    ? given.map((path) => toCamel(String(path)))
    : (given as never);
}
