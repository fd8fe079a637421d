/** Checkpoints. */
import { plain } from "./results.js";
import type { Act, Command } from "./session.js";
import { options, writeOptions } from "./values.js";

export const checkpoint: Act = async (session, command, signal) => {
  const write = writeOptions(command, signal);
  return plain(
    await session.manager(command).checkpoint(command.name as string, write),
  );
};

export const restore: Act = async (session, command, signal) => {
  const write = writeOptions(command, signal);
  return plain(
    await session.manager(command).restore(restoreTarget(command), write),
  );
};

export const listCheckpoints: Act = async (session, command, signal) =>
  plain(
    await session.manager(command).listCheckpoints({
      ...options(command, "include_state"),
      signal,
    }),
  );

export const deleteCheckpoint: Act = async (session, command, signal) => {
  const write = writeOptions(command, signal);
  return plain(
    await session
      .manager(command)
      .deleteCheckpoint(command.name as string, write),
  );
};

/** What a command wants to go back to. */
export function restoreTarget(command: Command): string | { revision: number } {
  return "revision" in command
    ? { revision: command.revision as number }
    : (command.name as string);
}
