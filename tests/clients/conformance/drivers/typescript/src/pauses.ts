/** Pauses: opened, answered, looked up, listed. */
import type { PauseOptions, PauseTarget, ResumeToken } from "statekeeper";

import { plain } from "./results.js";
import type { Act, Command } from "./session.js";
import { document, instant, options, writeOptions } from "./values.js";

export const pause: Act = async (session, command, signal) => {
  const asked = { ...pauseOptions(command), ...writeOptions(command, signal) };
  return tokenOf(await session.manager(command).pause(asked));
};

export const resume: Act = async (session, command, signal) => {
  const input = inputOf(command);
  const write = writeOptions(command, signal);
  return plain(
    "manager" in command
      ? await session.manager(command).resume(targetOf(command), input, write)
      : await session.clients
          .of(command)
          .resume(String(command.token), input, write),
  );
};

export const getPause: Act = async (session, command, signal) =>
  plain(
    "manager" in command
      ? await session.manager(command).getPause(targetOf(command), { signal })
      : await session.clients
          .of(command)
          .getPause(String(command.token), { signal }),
  );

export const listPauses: Act = async (session, command, signal) => {
  const told = [];
  const asked = {
    ...options<object>(command, "namespace", "page_size"),
    signal,
  };
  for await (const each of session.clients.of(command).listPauses(asked))
    told.push(plain(each));
  return told;
};

/** How to pause. */
export function pauseOptions(command: Command): PauseOptions {
  return {
    ...options<PauseOptions>(command, "member", "reason", "on_expiry"),
    ...("data" in command ? { data: document(command.data) } : {}),
    ...("expires_at" in command
      ? { expiresAt: instant(command.expires_at) }
      : {}),
    ...("default_input" in command
      ? { defaultInput: document(command.default_input) }
      : {}),
  };
}

/** The answer that a command gives. */
export function inputOf(command: Command): Record<string, unknown> | undefined {
  return command.input === undefined || command.input === null
    ? undefined
    : document(command.input);
}

/** Which pause a command is about; one that names it twice is for the client to refuse. */
export function targetOf(command: Command): PauseTarget {
  const { token, pause_id: pauseId } = command;
  if (pauseId === undefined) return token as string;
  return (
    token === undefined ? { pauseId } : { token, pauseId }
  ) as PauseTarget;
}

/** What a pause gave. */
export function tokenOf(token: ResumeToken): object {
  return {
    token: token.token,
    pause_id: token.pauseId,
    result: plain(token.result),
  };
}
