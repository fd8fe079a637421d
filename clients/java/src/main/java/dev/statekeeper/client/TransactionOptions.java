package dev.statekeeper.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a transaction is done; all of it may be left out.
 *
 * @param timeout for how long a function is called again and again after conflicts
 * @param ttl time to live from the write on; null: the handle's
 * @param actor who writes, for the history; null: the handle's
 */
public record TransactionOptions(Duration timeout, @Nullable Duration ttl, @Nullable String actor) {

  /** Goes on for a minute. */
  public static final TransactionOptions NONE =
      new TransactionOptions(Duration.ofMinutes(1), null, null);

  /**
   * Goes on for so long.
   *
   * @param span for how long
   * @return a copy
   */
  public TransactionOptions withTimeout(Duration span) {
    return new TransactionOptions(span, ttl, actor);
  }

  /**
   * Sets the time to live.
   *
   * @param span from the write on; zero: for ever
   * @return a copy
   */
  public TransactionOptions withTtl(Duration span) {
    return new TransactionOptions(timeout, span, actor);
  }

  /**
   * Says who writes.
   *
   * @param name at most 256 bytes
   * @return a copy
   */
  public TransactionOptions withActor(String name) {
    return new TransactionOptions(timeout, ttl, name);
  }

  WriteOptions toWriteOptions() {
    return new WriteOptions(null, ttl, null, actor);
  }
}
