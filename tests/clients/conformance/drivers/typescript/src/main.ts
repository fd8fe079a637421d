/** Reads commands, does them with the client, and writes what comes of them. */
import { createInterface } from "node:readline";

import { parseJson, StateError, stringifyJson } from "statekeeper";

import { COMMANDS } from "./commands.js";
import { DriverError, errorOf, Unsupported } from "./errors.js";
import { type Command, Session } from "./session.js";

const session = new Session(COMMANDS);

async function answer(command: Command): Promise<void> {
  const { id } = command;
  const cancel = new AbortController();
  session.underWay.set(id as number, cancel);
  let told: object;
  try {
    told = { result: await session.do(command, cancel.signal) };
  } catch (error) {
    told = failure(error);
  }
  session.underWay.delete(id as number);
  process.stdout.write(`${stringifyJson({ id, ...told })}\n`);
}

function failure(error: unknown): object {
  if (error instanceof StateError || error instanceof DriverError)
    return { error: errorOf(error) };
  if (error instanceof Unsupported) return { unsupported: error.message };
  return {
    fault:
      error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void answer(parseJson(line) as Command));
lines.on("close", () => {
  session.reset();
});
