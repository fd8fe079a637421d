package dev.statekeeper.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to ask for a lock; all of it may be left out.
 *
 * @param timeout how long to wait for it and, unless {@code lease} is given, how long the lease
 *     lasts, up to 24 h; zero: the answer comes at once, and the lease lasts 30 s
 * @param retry false: the answer comes at once, whatever the timeout
 * @param lease how long it lasts unless it is renewed, 1 ms to 24 h; null: as long as the timeout
 * @param exclusive whether writes without the lock are refused while it is held
 * @param owner who asks, 1 to 256 bytes; who has the same name gets the same grant, wherever it is.
 *     null: nobody else
 */
public record LockOptions(
    Duration timeout,
    boolean retry,
    @Nullable Duration lease,
    boolean exclusive,
    @Nullable String owner) {

  /** Waits for 30 seconds. */
  public static final LockOptions NONE =
      new LockOptions(Duration.ofSeconds(30), true, null, false, null);

  /**
   * Waits for so long.
   *
   * @param span how long to wait and, unless a lease is given, how long the lease lasts
   * @return a copy
   */
  public LockOptions withTimeout(Duration span) {
    return new LockOptions(span, retry, lease, exclusive, owner);
  }

  /**
   * Does not wait.
   *
   * @return a copy
   */
  public LockOptions withoutRetry() {
    return new LockOptions(timeout, false, lease, exclusive, owner);
  }

  /**
   * Sets the lease.
   *
   * @param span how long the lock lasts unless it is renewed
   * @return a copy
   */
  public LockOptions withLease(Duration span) {
    return new LockOptions(timeout, retry, span, exclusive, owner);
  }

  /**
   * Has the writes of others refused.
   *
   * @return a copy
   */
  public LockOptions asExclusive() {
    return new LockOptions(timeout, retry, lease, true, owner);
  }

  /**
   * Says who asks.
   *
   * @param name 1 to 256 bytes
   * @return a copy
   */
  public LockOptions withOwner(String name) {
    return new LockOptions(timeout, retry, lease, exclusive, name);
  }
}
