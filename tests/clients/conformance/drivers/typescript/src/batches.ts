/** Batches. */
import {
  type Operation,
  ResumeToken,
  type SavableState,
  StateError,
} from "statekeeper";

import { restoreTarget } from "./checkpoints.js";
import { errorOf } from "./errors.js";
import { inputOf, pauseOptions, targetOf, tokenOf } from "./pauses.js";
import { plain, stateOf } from "./results.js";
import type { Act, Command, Session } from "./session.js";
import { fields, options, paths, writeOptions } from "./values.js";

export const batch: Act = async (session, command, signal) => {
  const commands = command.operations as Command[];
  const operations = commands.map((each) => operation(session, each, signal));
  const outcomes = await session.clients
    .of(command)
    .batch(operations, { signal });
  return outcomes.map((outcome, position) =>
    told(outcome, commands[position]?.do),
  );
};

function operation(
  session: Session,
  command: Command,
  signal: AbortSignal,
): Operation<unknown> {
  const made = session.manager(command).operation;
  const write = writeOptions(command, signal);
  switch (command.do) {
    case "save":
      return made.save(fields(command.state) as SavableState, write);
    case "load":
      return made.load({
        ...options(command, "revision", "checkpoint"),
        ...("fields" in command ? { fields: paths(command.fields) } : {}),
      });
    case "update":
      return made.update(fields(command.changes ?? {}), {
        ...("replace" in command ? { replace: paths(command.replace) } : {}),
        ...("remove" in command ? { remove: paths(command.remove) } : {}),
        ...write,
      });
    case "delete":
      return made.delete(write);
    case "pause":
      return made.pause({ ...pauseOptions(command), ...write });
    case "resume":
      return made.resume(targetOf(command), inputOf(command), write);
    case "checkpoint":
      return made.checkpoint(command.name as string, write);
    case "restore":
      return made.restore(restoreTarget(command), write);
    default:
      throw new Error(`there is no operation '${String(command.do)}'`);
  }
}

function told(outcome: unknown, kind: unknown): object {
  if (outcome instanceof StateError) return { error: errorOf(outcome) };
  if (outcome instanceof ResumeToken) return { result: tokenOf(outcome) };
  return {
    result: kind === "load" ? stateOf(outcome as never) : plain(outcome),
  };
}
