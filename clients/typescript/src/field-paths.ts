/**
 * Paths of fields, whose first step is the name of a field of the state.
 *
 * Callers write `memberOutputs.a`, as the properties are called; the protocol has
 * `member_outputs.a`. What follows the first point is a key and left as it is.
 */
import { checkedTexts } from "./arguments.js";

const PROTOCOL_NAMES: ReadonlyMap<string, string> = new Map([
  ["memberOutputs", "member_outputs"],
  ["currentMember", "current_member"],
  ["startTime", "start_time"],
  ["schemaVersion", "schema_version"],
  ["sharedState", "shared_state"],
]);
const PROPERTY_NAMES: ReadonlyMap<string, string> = new Map(
  Array.from(PROTOCOL_NAMES, ([property, protocol]) => [protocol, property]),
);

/** Gives the protocol's paths for a caller's, or throws an InvalidRequestError. */
export function toPaths(field: string, paths: unknown): string[] {
  return checkedTexts(field, paths).map(toPath);
}

/** Gives the protocol's path for a caller's. */
export function toPath(path: string): string {
  return renamed(path, PROTOCOL_NAMES);
}

/** Gives the caller's path for the protocol's. */
export function fromPath(path: string): string {
  return renamed(path, PROPERTY_NAMES);
}

function renamed(path: string, names: ReadonlyMap<string, string>): string {
  const point = path.indexOf(".");
  const first = point < 0 ? path : path.slice(0, point);
  const name = names.get(first);
  return name === undefined ? path : name + path.slice(first.length);
}
