package dev.statekeeper.client;

import dev.statekeeper.client.internal.caching.Cache;
import dev.statekeeper.client.internal.calls.Handle;
import dev.statekeeper.client.internal.locking.Grants;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.values.Codec;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of a handle have in common; all of it may be left out.
 *
 * @param namespace the execution's namespace; equal ids in two namespaces never meet
 * @param ttl time to live that every save and update gives; zero: for ever; null: what was last
 *     set, at first 24 h
 * @param cacheTtl for how long a load may give what was loaded or saved before through this client
 *     without asking the server. Writes through this client are always seen, those of others after
 *     this time, or at once with the client's {@code cacheWatch}. Zero: always ask.
 * @param actor who writes, for the history; null: the client's
 */
public record HandleOptions(
    String namespace, @Nullable Duration ttl, Duration cacheTtl, @Nullable String actor) {

  /** The default namespace, no cache. */
  public static final HandleOptions NONE =
      new HandleOptions(ExecutionRef.NAMESPACE_DEFAULT, null, Duration.ZERO, null);

  /**
   * Names the namespace.
   *
   * @param name the namespace
   * @return the options
   */
  public static HandleOptions in(String name) {
    return NONE.withNamespace(name);
  }

  /**
   * Names the namespace.
   *
   * @param name the namespace
   * @return a copy
   */
  public HandleOptions withNamespace(String name) {
    return new HandleOptions(name, ttl, cacheTtl, actor);
  }

  /**
   * Sets the time to live that every save and update gives.
   *
   * @param span the time; zero: for ever
   * @return a copy
   */
  public HandleOptions withTtl(Duration span) {
    return new HandleOptions(namespace, span, cacheTtl, actor);
  }

  /**
   * Lets loads give what was loaded or saved before.
   *
   * @param span for how long
   * @return a copy
   */
  public HandleOptions withCacheTtl(Duration span) {
    return new HandleOptions(namespace, ttl, span, actor);
  }

  /**
   * Says who writes.
   *
   * @param name at most 256 bytes
   * @return a copy
   */
  public HandleOptions withActor(String name) {
    return new HandleOptions(namespace, ttl, cacheTtl, name);
  }

  Handle toHandle(String executionId, String clientActor, Codec codec, Cache cache) {
    ExecutionRef execution =
        ExecutionRef.checked(namespace, executionId, ttl, actor == null ? clientActor : actor);
    return new Handle(execution, codec, cache, Times.span(cacheTtl, "cache_ttl"), new Grants());
  }
}
