package dev.statekeeper.client.internal.calls;

import com.google.protobuf.Message;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.internal.caching.Cache;
import dev.statekeeper.client.internal.caching.CacheKey;
import dev.statekeeper.client.internal.locking.Grant;
import dev.statekeeper.client.internal.locking.Grants;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Rpc;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What all calls about one execution have in common.
 *
 * @param execution the execution
 * @param codec reads and writes values
 * @param cache the client's cache, which every write has to tell
 * @param cacheTtl how long a copy may be given out; zero: never
 * @param grants what the handle was granted of its lock
 */
public record Handle(
    ExecutionRef execution, Codec codec, Cache cache, Duration cacheTtl, Grants grants) {

  boolean caches() {
    return !cacheTtl.isZero();
  }

  CacheKey key() {
    return CacheKey.of(execution);
  }

  /** Makes a call that the cache has no part in. */
  <A extends Message, R extends @Nullable Object> Call<A, R> plain(
      Rpc<A> rpc, Message request, Function<A, R> read) {
    return Call.of(
        rpc, request, execution, response -> execution.located(() -> read.apply(response)));
  }

  /** Makes a call after which the cache's copy is no longer of use. */
  <A extends Message, R> Call<A, R> write(
      Rpc<A> rpc,
      Message request,
      Function<A, dev.statekeeper.v1.WriteResult> result,
      Function<A, R> read) {
    Cache.Ticket ticket = cache.begin(key());
    return Call.of(
        rpc,
        request,
        execution,
        response -> {
          cache.endWrite(ticket, result.apply(response).getRevision(), null, Duration.ZERO);
          return read.apply(response);
        },
        error -> cache.endWrite(ticket));
  }

  /** Adds the token of the lock under which is written. */
  Write fenced(WriteOptions options) {
    Grant grant = grants.under();
    return new Write(options, grant == null ? 0 : grant.fencingToken());
  }
}
