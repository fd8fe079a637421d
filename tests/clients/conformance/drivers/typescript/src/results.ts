/** What the client gives, as the runner reads it. */
import { Binary, type LoadedState } from "statekeeper";

import { toSnake } from "./names.js";

const FACTS = [
  "revision",
  "version",
  "createTime",
  "updateTime",
  "expireTime",
  "pauses",
  "sharedState",
  "partial",
] as const;
const TIMES = new Set([
  "startTime",
  "createTime",
  "updateTime",
  "expireTime",
  "leaseExpireTime",
  "time",
  "timestamp",
]);
const DOCUMENTS = new Set([
  "input",
  "context",
  "memberOutputs",
  "metadata",
  "data",
  "defaultInput",
  "sharedState",
  "labels",
]);
const STATES = new Set(["state", "execution"]);
const PATHS = new Set(["changed", "removed"]);

/** A state with what stands beside it. */
export function stateOf(state: LoadedState | null | undefined): unknown {
  if (state === null || state === undefined) return null;
  const facts = Object.fromEntries(FACTS.map((name) => [name, state[name]]));
  return plain({ labels: {}, ...state, ...facts });
}

/** An object of the client's: its properties by their names, all the way down. */
export function plain(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(plain);
  if (typeof given !== "object" || given === null) return given ?? null;
  const told: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(given))
    told[toSnake(name)] = property(name, each);
  return told;
}

/** A document: its keys are the caller's. */
export function documentOf(given: unknown): unknown {
  if (given instanceof Map) return documentOf(Object.fromEntries(given));
  if (given instanceof Uint8Array) return raw(given);
  if (Array.isArray(given)) return given.map(documentOf);
  if (typeof given !== "object" || given === null) return given ?? null;
  return Object.fromEntries(
    Object.entries(given).map(([key, each]) => [key, documentOf(each)]),
  );
}

/** A time: RFC 3339, to the microsecond. */
export function timeOf(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const micros = Math.round((ms - seconds * 1000) * 1000);
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
  return `${whole}.${String(micros).padStart(6, "0")}Z`;
}

function property(name: string, value: unknown): unknown {
  if (TIMES.has(name) && typeof value === "number") return timeOf(value);
  if (DOCUMENTS.has(name)) return documentOf(value);
  if (STATES.has(name)) return stateOf(value as LoadedState | undefined);
  if (PATHS.has(name)) return (value as string[]).map(toSnake);
  return plain(value);
}

function raw(bytes: Uint8Array): object {
  const told = { $bytes: Buffer.from(bytes).toString("base64") };
  return bytes instanceof Binary
    ? { ...told, content_type: bytes.contentType }
    : told;
}
