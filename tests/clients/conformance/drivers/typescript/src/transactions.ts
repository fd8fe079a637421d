/** Transactions and migrations. */
import type {
  LoadedState,
  MigrateOptions,
  TransactionOptions,
} from "statekeeper";

import { edit } from "./edits.js";
import { plain, stateOf } from "./results.js";
import type { Act, Command } from "./session.js";
import { options } from "./values.js";

export const transaction: Act = async (session, command, signal) => {
  let attempts = 0;
  let changed: LoadedState | undefined;
  const asked = {
    ...options<TransactionOptions>(command, "timeout", "ttl", "actor"),
    // JavaScript has no block of its own that knows whether it threw; what a block does
    // in other languages is a function that is called once.
    ...(command.form === "block" ? { timeout: 0 } : {}),
    signal,
  };
  const result = await session.manager(command).transaction(async (state) => {
    attempts += 1;
    changed = state as unknown as LoadedState;
    for (const change of command.edits as Command[]) {
      if (!("meanwhile" in change)) edit(changed, change);
      else if (attempts === 1)
        await session.do(change.meanwhile as Command, signal);
    }
  }, asked);
  return { state: stateOf(changed), result: plain(result), attempts };
};

export const migrate: Act = async (session, command, signal) => {
  const transformer = (changes: Command[]) => (state: LoadedState) => {
    for (const change of changes) edit(state, change);
    return state;
  };
  const asked: MigrateOptions = {
    ...options<object>(command, "dry_run"),
    from: (command.from_version as string | null) ?? undefined,
    to: command.to_version as string,
    transformers: (command.transformers as Command[][]).map(transformer),
    signal,
  };
  return stateOf(await session.manager(command).migrate(asked));
};
