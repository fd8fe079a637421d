/** The lock: taken, renewed, released. */
import type { LockOptions } from "statekeeper";

import { plain } from "./results.js";
import type { Act, Command } from "./session.js";
import { options } from "./values.js";

export const lock: Act = async (session, command, signal) => {
  const sm = session.manager(command);
  const taken = await sm.lock(lockOptions(command, signal));
  session.locks.put(command, taken);
  if (taken !== null) {
    return {
      acquired: true,
      fencing_token: taken.fencingToken,
      owner: taken.owner,
    };
  }
  const holder = await sm.getLock({ signal });
  return { acquired: false, fencing_token: 0, owner: holder?.owner };
};

export const renew: Act = async (session, command, signal) => {
  const { lease } = options<{ lease?: number }>(command, "lease");
  await session.locks.of(command)?.renew(lease, { signal });
};

export const release: Act = async (session, command) => ({
  released: (await session.locks.of(command)?.unlock()) ?? false,
});

export const unlock: Act = async (session, command, signal) => ({
  released: await session.manager(command).unlock({ signal }),
});

export const isLocked: Act = (session, command, signal) =>
  session.manager(command).isLocked({ signal });

export const getLock: Act = async (session, command, signal) =>
  plain(await session.manager(command).getLock({ signal }));

export const locked: Act = (session, command, signal) =>
  session.manager(command).withLock(
    async () => {
      const results = [];
      for (const step of command.steps as Command[])
        results.push(await session.do(step, signal));
      return results;
    },
    lockOptions(command, signal),
  );

function lockOptions(command: Command, signal: AbortSignal): LockOptions {
  return {
    ...options(command, "timeout", "retry", "lease", "exclusive", "owner"),
    signal,
  };
}
