/** Clients and handles. */
import { readFileSync } from "node:fs";

import { Client, type TlsOptions } from "statekeeper";

import type { Act } from "./session.js";
import { options } from "./values.js";

export const connect: Act = (session, command) => {
  const client = new Client(command.target as string, {
    ...options<object>(command, "timeout", "actor", "token", "cache_watch"),
    tls: tlsOf(command.tls),
  });
  session.clients.put(command, client);
};

export const manager: Act = (session, command) => {
  const made = session.clients
    .of(command)
    .stateManager(command.execution_id as string, {
      ...options<object>(command, "namespace", "ttl", "actor"),
      ...("cache_ttl" in command
        ? { cache: { ttl: Number(command.cache_ttl) * 1000 } }
        : {}),
    });
  session.managers.put(command, made);
};

export const close: Act = (session, command) => {
  session.clients.of(command).close();
};

export const reset: Act = (session) => {
  session.reset();
};

export const cancel: Act = (session, command) => {
  session.underWay.get(command.command as number)?.abort();
};

function tlsOf(given: unknown): TlsOptions | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const files = Object.entries(given as Record<string, string | null>);
  const named = files.filter(
    (file): file is [string, string] => typeof file[1] === "string",
  );
  return Object.fromEntries(
    named.map(([name, file]) => [name, readFileSync(file)]),
  );
}
