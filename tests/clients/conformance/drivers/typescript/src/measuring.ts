/** How many saves the client makes in a second. */
import { randomBytes } from "node:crypto";

import { Client, type SavableState, type StateManager } from "statekeeper";

import type { Act } from "./session.js";

const TEXT_LETTERS = 1_022;
const EXECUTIONS_EACH = 16;

export const measure: Act = async (_session, command) => {
  const client = new Client(command.target as string);
  const states = [state(), state()] as const;
  const callers = Array.from(
    { length: command.callers as number },
    (_, number) =>
      Array.from({ length: EXECUTIONS_EACH }, (_each, index) =>
        client.stateManager(
          `execution-${String(number * EXECUTIONS_EACH + index)}`,
        ),
      ),
  );
  try {
    await client.stateManager("execution-0").load();
    const began = performance.now();
    const ends = began + (command.seconds as number) * 1000;
    const calls = await Promise.all(
      callers.map((handles) => work(handles, states, ends)),
    );
    const seconds = (performance.now() - began) / 1000;
    return { calls: calls.reduce((sum, each) => sum + each, 0), seconds };
  } finally {
    client.close();
  }
};

/** Saves round these executions until the time is over; tells how often. */
async function work(
  handles: readonly StateManager[],
  states: readonly SavableState[],
  ends: number,
): Promise<number> {
  let calls = 0;
  for (;;) {
    for (const each of states) {
      for (const handle of handles) {
        if (performance.now() >= ends) return calls;
        await handle.save(each);
        calls += 1;
      }
    }
  }
}

function state(): SavableState {
  const text = randomBytes(TEXT_LETTERS)
    .toString("base64")
    .slice(0, TEXT_LETTERS);
  return { status: "running", context: { state: text } };
}
