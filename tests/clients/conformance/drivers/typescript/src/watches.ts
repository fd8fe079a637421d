/** Watches, and waiting for a status. */
import type {
  ExecutionWatchOptions,
  NamespaceWatchOptions,
  WaitTarget,
  Watch,
  WatchEvent,
} from "statekeeper";

import { plain, stateOf } from "./results.js";
import type { Act } from "./session.js";
import { options } from "./values.js";

const TIMEOUT_S = 30;
const OPTIONS = [
  "snapshot",
  "resume_token",
  "kinds",
  "include",
  "heartbeat",
  "give_up_after",
  "on_compacted",
];

type Step = ReturnType<Watch["next"]>;

/** A watch, and the step that is under way: what came too late for one command is the next's. */
export class OpenWatch {
  #step: Step | undefined;

  constructor(readonly watch: Watch) {}

  /** Waits for the next event, but not for longer than until the promise. */
  async next(late: Promise<undefined>): Promise<WatchEvent | undefined> {
    this.#step ??= this.watch.next();
    const step = await Promise.race([this.#step, late]);
    if (step !== undefined) this.#step = undefined;
    return step?.value;
  }
}

export const watch: Act = async (session, command) => {
  const begun =
    "manager" in command
      ? session
          .manager(command)
          .watch(
            options<ExecutionWatchOptions>(
              command,
              "after_revision",
              ...OPTIONS,
            ),
          )
      : session.clients
          .of(command)
          .watch(
            options<NamespaceWatchOptions>(
              command,
              "namespace",
              "id_prefix",
              ...OPTIONS,
            ),
          );
  session.watches.put(command, new OpenWatch(begun));
  await begun.ready();
};

export const events: Act = async (session, command) => {
  const told: unknown[] = [];
  const open = session.watches.of(command);
  const seconds = (command.timeout as number | undefined) ?? TIMEOUT_S;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, seconds * 1000);
  });
  while (told.length < (command.count as number)) {
    const event = await open.next(late);
    if (event === undefined) break;
    told.push(plain(event));
  }
  clearTimeout(timer);
  return told;
};

export const closeWatch: Act = (session, command) => {
  session.watches.of(command).watch.close();
};

export const waitFor: Act = async (session, command, signal) => {
  const asked = {
    ...options<{ timeout?: number }>(command, "timeout"),
    signal,
  };
  return stateOf(
    await session.manager(command).waitFor(command.status as WaitTarget, asked),
  );
};
