/** States: saved, loaded, updated, deleted, listed. */
import type { SavableState } from "statekeeper";

import { plain, stateOf } from "./results.js";
import type { Act } from "./session.js";
import {
  document,
  fields,
  instant,
  options,
  paths,
  writeOptions,
} from "./values.js";

export const save: Act = async (session, command, signal) => {
  const state = fields(command.state) as SavableState;
  return plain(
    await session.manager(command).save(state, writeOptions(command, signal)),
  );
};

export const saveLoaded: Act = async (session, command, signal) => {
  const state = session.states.of(command);
  Object.assign(state, fields(command.set ?? {}));
  return plain(
    await session.manager(command).save(state, writeOptions(command, signal)),
  );
};

export const load: Act = async (session, command, signal) => {
  const state = await session.manager(command).load({
    ...options(command, "revision", "checkpoint"),
    ...("fields" in command ? { fields: paths(command.fields) } : {}),
    signal,
  });
  if (state !== null && "keep" in command)
    session.states.set(String(command.keep), state);
  return stateOf(state);
};

export const update: Act = async (session, command, signal) => {
  const result = await session
    .manager(command)
    .update(fields(command.changes ?? {}), {
      ...("replace" in command ? { replace: paths(command.replace) } : {}),
      ...("remove" in command ? { remove: paths(command.remove) } : {}),
      ...writeOptions(command, signal),
    });
  return plain(result);
};

export const remove: Act = async (session, command, signal) =>
  plain(await session.manager(command).delete(writeOptions(command, signal)));

export const listRevisions: Act = async (session, command, signal) => {
  const told = [];
  const asked = { ...options<object>(command, "page_size"), signal };
  for await (const each of session.manager(command).listRevisions(asked))
    told.push(plain(each));
  return told;
};

export const list: Act = async (session, command, signal) => {
  const told = [];
  const asked = {
    ...options<object>(
      command,
      "namespace",
      "status",
      "id_prefix",
      "page_size",
    ),
    ...("labels" in command
      ? { labels: document(command.labels) as never }
      : {}),
    ...("updated_after" in command
      ? { updatedAfter: instant(command.updated_after) }
      : {}),
    ...("fields" in command ? { fields: paths(command.fields) } : {}),
    signal,
  };
  for await (const each of session.clients.of(command).list(asked))
    told.push(stateOf(each));
  return told;
};
