/** Shared state: defined, seen and written by members, reported on. */
import type {
  DefineOptions,
  SetStateOptions,
  StateDefinition,
} from "statekeeper";

import { documentOf, plain } from "./results.js";
import type { Act } from "./session.js";
import { document, options, writeOptions } from "./values.js";

export const defineState: Act = async (session, command, signal) => {
  const definition: Record<string, unknown> = {};
  for (const name of ["schema", "initial", "members"]) {
    if (name in command) definition[name] = document(command[name]);
  }
  const asked: DefineOptions = writeOptions(command, signal);
  if ("input" in command) asked.input = document(command.input);
  const result = await session
    .manager(command)
    .defineState(definition as StateDefinition, asked);
  const misfits = result.misfits.map(({ key }) => key);
  return { ...(plain(result) as object), misfits };
};

export const member: Act = (session, command) => {
  session.members.put(
    command,
    session.manager(command).member(command.member as string),
  );
};

export const memberState: Act = async (session, command, signal) =>
  documentOf(await session.members.of(command).state({ signal }));

export const setState: Act = async (session, command, signal) => {
  const asked: SetStateOptions = {
    ...options<SetStateOptions>(command, "on_undeclared"),
    ...writeOptions(command, signal),
  };
  return plain(
    await session.members
      .of(command)
      .setState(document(command.updates), asked),
  );
};

export const accessReport: Act = async (session, command, signal) => {
  const report = await session.manager(command).accessReport({ signal });
  const { unusedKeys, accessPatterns, memberCounts } = report;
  const byKey = Object.entries(accessPatterns).map(([key, accesses]) => [
    key,
    plain(accesses),
  ]);
  return {
    unused_keys: unusedKeys,
    by_key: Object.fromEntries(byKey) as object,
    by_member: memberCounts,
  };
};

export const mutateView: Act = async (session, command, signal) => {
  let place = (await session.members.of(command).state({ signal })) as Record<
    string,
    unknown
  >;
  const path = command.path as string[];
  for (const key of path.slice(0, -1))
    place = place[key] as Record<string, unknown>;
  try {
    place[path.at(-1) ?? ""] = command.value;
  } catch (error) {
    if (error instanceof TypeError) return { refused: true };
    throw error;
  }
  return { refused: false };
};
