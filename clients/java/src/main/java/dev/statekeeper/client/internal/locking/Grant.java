package dev.statekeeper.client.internal.locking;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A lock that was granted, as far as is known on this side. */
public final class Grant {
  // A lease has two thirds of its time left when it is renewed first, and is tried nine times more
  // at most while the server cannot be reached.
  private static final int RENEWED_AFTER_PARTS = 3;
  private static final int TRIED_AGAIN_AFTER_PARTS = 10;

  private final String owner;
  private final long fencingToken;
  private final LongSupplier nanoTime;
  private @Nullable Grant outer;
  private int holds;
  private boolean released;
  private boolean lost;
  private Duration lease = Duration.ZERO;
  private Instant leaseExpireTime = Instant.EPOCH;
  private long dueNanos;
  private long overNanos;

  Grant(String owner, long fencingToken, @Nullable Grant outer, LongSupplier nanoTime) {
    this.owner = owner;
    this.fencingToken = fencingToken;
    this.outer = outer;
    this.nanoTime = nanoTime;
  }

  /** Who asked for it. */
  public String owner() {
    return owner;
  }

  /** What the server gave. */
  public long fencingToken() {
    return fencingToken;
  }

  /** How long the lease lasts from when it is renewed. */
  public synchronized Duration lease() {
    return lease;
  }

  /** When the lease is over, by the server's clock. */
  public synchronized Instant leaseExpireTime() {
    return leaseExpireTime;
  }

  /** Whether it was given back for good. */
  public synchronized boolean released() {
    return released;
  }

  /** Whether it is no longer ours, or the lease is known to be over. */
  public synchronized boolean lost() {
    return lost || (!released && leftNanos() <= 0);
  }

  /** How many nanoseconds the lease lasts, by this machine's clock. */
  public synchronized long leftNanos() {
    return overNanos - nanoTime.getAsLong();
  }

  /**
   * Notes that it was granted or renewed.
   *
   * @param span for how long
   * @param expireTime until when, by the server's clock
   * @param sinceNanos from when on, by this machine's
   */
  public synchronized void prolong(Duration span, Instant expireTime, long sinceNanos) {
    lease = span;
    leaseExpireTime = expireTime;
    lost = false;
    dueNanos = sinceNanos + span.toNanos() / RENEWED_AFTER_PARTS;
    overNanos = sinceNanos + span.toNanos();
  }

  /** Notes that it is no longer ours. */
  public synchronized void lose() {
    lost = true;
  }

  /** Notes that it could not be renewed, and may be after a while. */
  public synchronized void renewalFailed() {
    dueNanos = nanoTime.getAsLong() + lease.toNanos() / TRIED_AGAIN_AFTER_PARTS;
  }

  /** Tells in how many nanoseconds to renew it; empty: never again. */
  public synchronized OptionalLong renewalInNanos() {
    if (released || lost) {
      return OptionalLong.empty();
    }
    if (leftNanos() <= 0) {
      lost = true;
      return OptionalLong.empty();
    }
    long now = nanoTime.getAsLong();
    return OptionalLong.of(Math.max(0, Math.min(dueNanos - now, overNanos - now)));
  }

  @Nullable Grant outer() {
    return outer;
  }

  void setOuter(@Nullable Grant grant) {
    outer = grant;
  }

  synchronized void hold() {
    holds++;
  }

  /** Gives one hold back; tells whether it was the last one. */
  synchronized boolean leave() {
    holds--;
    return holds <= 0;
  }

  synchronized int holds() {
    return holds;
  }

  synchronized void release() {
    released = true;
  }
}
