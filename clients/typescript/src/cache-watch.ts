/** Keeps a client's cache from giving out what others have replaced. */
import { type Cache, cacheKey } from "./cache.js";
import { StateError } from "./errors.js";
import { Following } from "./following.js";
import { checkedWatch } from "./requests/watch.js";
import { Backoff } from "./transport/backoff.js";
import type { Channel } from "./transport/channel.js";
import { sleep } from "./transport/waiting.js";
import { Watch } from "./watch.js";

/**
 * Tells a cache what changes in a namespace, until the channel is closed.
 *
 * @param cache - The cache.
 * @param channel - The client's.
 */
export async function keepCacheFresh(
  cache: Cache,
  channel: Channel,
  namespace: string,
): Promise<void> {
  const scope = { namespace, executionId: "", actor: "" };
  let backoff = new Backoff(Number.POSITIVE_INFINITY);
  while (!channel.closed) {
    // A watch that breaks ends, because the cache has to begin anew then.
    const watch = new Watch(channel, new Following(checkedWatch(scope, "", { giveUpAfter: 0 })));
    try {
      await watch.ready();
      cache.watchStands(namespace);
      backoff = new Backoff(Number.POSITIVE_INFINITY);
      for await (const { kind, executionId, revision } of watch) {
        if (kind !== "locked" && kind !== "unlocked") {
          cache.changed(cacheKey({ namespace, executionId }), revision);
        }
      }
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
    cache.watchBroke(namespace);
    await sleep(backoff.delay() ?? 0);
  }
}
