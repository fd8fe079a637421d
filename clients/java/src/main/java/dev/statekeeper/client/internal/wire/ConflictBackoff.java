package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.internal.requests.Times;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * When to try again what somebody else has got in the way of.
 *
 * <p>An attempt succeeds if no other one does between its load and its commit. So what is long
 * enough to wait depends on how long attempts take. Waits are spread over a window of 8 attempts as
 * long as the last one, then 16, up to 64, but of 2 seconds at most, and no longer than what is
 * left: whoever is about to give up comes first.
 */
public final class ConflictBackoff {
  private static final int WINDOW_FIRST = 8;
  private static final int WINDOW_MAX = 64;
  private static final long WINDOW_NANOS_MAX = 2_000_000_000L;

  private final LongSupplier nanoTime;
  private final DoubleSupplier chance;
  private final long startNanos;
  private final long spanNanos;
  private long beganNanos;
  private int window = WINDOW_FIRST;

  /**
   * Makes one, when the first attempt begins.
   *
   * @param span for how long to try, from now on
   */
  public ConflictBackoff(Duration span) {
    this(span, System::nanoTime, Math::random);
  }

  ConflictBackoff(Duration span, LongSupplier nanoTime, DoubleSupplier chance) {
    this.nanoTime = nanoTime;
    this.chance = chance;
    this.startNanos = nanoTime.getAsLong();
    this.beganNanos = startNanos;
    this.spanNanos = Times.nanos(span);
  }

  /** Gives the nanoseconds to wait before the next attempt; empty: no more, time is over. */
  public OptionalLong delayNanos() {
    long now = nanoTime.getAsLong();
    long left = spanNanos - (now - startNanos);
    if (left <= 0) {
      return OptionalLong.empty();
    }
    long windowNanos = Math.min(Math.min(window * (now - beganNanos), WINDOW_NANOS_MAX), left);
    window = Math.min(2 * window, WINDOW_MAX);
    long delayNanos = (long) (windowNanos * chance.getAsDouble());
    beganNanos = now + delayNanos;
    return OptionalLong.of(delayNanos);
  }
}
