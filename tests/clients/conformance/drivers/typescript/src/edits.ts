/** Edits: what a scenario has done to a state, inside of a transaction or a migration. */
import type { LoadedState } from "statekeeper";

import { DriverError } from "./errors.js";
import { toCamel } from "./names.js";
import type { Command } from "./session.js";
import { document, instant, value } from "./values.js";

type Fields = Record<string, unknown>;

/** Does one edit; throws a DriverError where it is to raise. */
export function edit(state: LoadedState, change: Command): void {
  if ("raise" in change) throw new DriverError("RAISED", String(change.raise));
  if ("set" in change) set(state, String(change.set), change.to);
  else if ("add" in change) add(state, String(change.add), change.by as number);
  else remove(state, String(change.remove));
}

function set(state: LoadedState, path: string, to: unknown): void {
  const [name, key] = split(path);
  const fields = state as unknown as Fields;
  if (key !== undefined) put(place(fields, name), key, value(to));
  else if (name === "startTime") state.startTime = instant(to);
  else if (name === "memberOutputs")
    state.memberOutputs = new Map(Object.entries(document(to)));
  else fields[name] = value(to);
}

function add(state: LoadedState, path: string, by: number): void {
  const [name, key = ""] = split(path);
  const holder = place(state as unknown as Fields, name);
  const before = holder instanceof Map ? holder.get(key) : holder[key];
  put(holder, key, ((before as number | undefined) ?? 0) + by);
}

function remove(state: LoadedState, path: string): void {
  const [name, key] = split(path);
  const fields = state as unknown as Fields;
  if (key === undefined) {
    Reflect.deleteProperty(fields, name);
    return;
  }
  const holder = place(fields, name);
  if (holder instanceof Map) holder.delete(key);
  else Reflect.deleteProperty(holder, key);
}

/** The document of a path, which is made where there is none. */
function place(fields: Fields, name: string): Fields | Map<string, unknown> {
  fields[name] ??= name === "memberOutputs" ? new Map() : {};
  return fields[name] as Fields | Map<string, unknown>;
}

function put(
  holder: Fields | Map<string, unknown>,
  key: string,
  to: unknown,
): void {
  if (holder instanceof Map) holder.set(key, to);
  else holder[key] = to;
}

function split(path: string): [string, string | undefined] {
  const point = path.indexOf(".");
  return point < 0
    ? [toCamel(path), undefined]
    : [toCamel(path.slice(0, point)), path.slice(point + 1)];
}
