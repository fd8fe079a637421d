/** Which handle stands behind a client's objects; users see neither. */
import { checkedText, invalid, typeName } from "./arguments.js";
import type { Cache } from "./cache.js";
import { Handle } from "./calls/handle.js";
import { checkedExecution } from "./requests/execution.js";
import type { HandleOptions } from "./state-manager.js";
import { checkedSpan } from "./times.js";
import type { Channel } from "./transport/channel.js";

/** What handles need of their client. */
export interface ClientParts {
  readonly channel: Channel;
  readonly cache: Cache;
  readonly actor: string;
}

const PARTS = new WeakMap<object, ClientParts>();

/** Notes the parts of a client. */
export function keepParts(client: object, parts: ClientParts): void {
  PARTS.set(client, parts);
}

/** Makes the handle of an execution, or throws an InvalidRequestError. */
export function handleOf(client: object, executionId: unknown, options: HandleOptions): Handle {
  const parts = PARTS.get(client);
  if (parts === undefined) throw invalid("client", `must be a Client, not ${typeName(client)}`);
  const actor = options.actor === undefined ? parts.actor : checkedText("actor", options.actor);
  const execution = checkedExecution(options.namespace, executionId, options.ttl, actor);
  const { cache } = options;
  const cacheTtl =
    cache === undefined || cache.enabled === false ? 0 : checkedSpan(cache.ttl, "cache.ttl");
  return new Handle(execution, parts.channel, parts.cache, cacheTtl);
}
