package dev.statekeeper.client;

import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.internal.caching.Cache;
import dev.statekeeper.client.internal.caching.CacheKey;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.internal.watching.Following;
import dev.statekeeper.client.internal.wire.Backoff;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.client.model.WatchEvent;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a client's cache from giving out what others have replaced: watches the namespaces of which
 * it has copies, each in a thread of its own.
 */
final class CacheWatch implements Cache.Watcher, AutoCloseable {
  private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

  private final Connection connection;
  private final Codec codec;
  private final CountDownLatch closed = new CountDownLatch(1);

  CacheWatch(Connection connection, Codec codec) {
    this.connection = connection;
    this.codec = codec;
  }

  @Override
  public void begin(Cache cache, String namespace) {
    Thread thread = new Thread(() -> keep(cache, namespace), "statekeeper-cache");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void keep(Cache cache, String namespace) {
    Backoff backoff = new Backoff(FOR_EVER);
    while (closed.getCount() > 0) {
      // A watch that breaks ends, because the cache has to begin anew then.
      WatchOptions options = WatchOptions.NONE.withGiveUpAfter(Duration.ZERO);
      try (Watch events =
          Watch.begin(connection, Following.of(namespace, "", options, codec), null)) {
        cache.watchStands(namespace);
        backoff = new Backoff(FOR_EVER);
        for (WatchEvent event : events) {
          tell(cache, event);
        }
      } catch (StateException | IllegalStateException broken) {
        cache.watchBroke(namespace);
        pause(backoff.delayNanos().orElse(0));
      }
    }
  }

  private static void tell(Cache cache, WatchEvent event) {
    if (event.kind() != EventKind.LOCKED && event.kind() != EventKind.UNLOCKED) {
      cache.changed(new CacheKey(event.namespace(), event.executionId()), event.revision());
    }
  }

  private void pause(long nanos) {
    try {
      if (closed.await(nanos, TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      closed.countDown();
    }
  }
}
