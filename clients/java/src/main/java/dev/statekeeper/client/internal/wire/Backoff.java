package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.internal.requests.Times;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/** How long to wait before the next try: exponential, with full jitter. */
public final class Backoff {
  private static final long FIRST_NANOS_MAX = 10_000_000L;
  private static final long LATER_NANOS_MAX = 1_000_000_000L;

  private final LongSupplier nanoTime;
  private final DoubleSupplier chance;
  private final long beganNanos;
  private final long spanNanos;
  private long delayNanosMax = FIRST_NANOS_MAX;

  /**
   * Makes one.
   *
   * @param span for how long to try, from now on
   */
  public Backoff(Duration span) {
    this(span, System::nanoTime, Math::random);
  }

  Backoff(Duration span, LongSupplier nanoTime, DoubleSupplier chance) {
    this.nanoTime = nanoTime;
    this.chance = chance;
    this.beganNanos = nanoTime.getAsLong();
    this.spanNanos = Times.nanos(span);
  }

  /** Gives the nanoseconds to wait before the next try; empty: no more, time is over. */
  public OptionalLong delayNanos() {
    long delayNanos = (long) (delayNanosMax * chance.getAsDouble());
    delayNanosMax = Math.min(2 * delayNanosMax, LATER_NANOS_MAX);
    long passedNanos = nanoTime.getAsLong() - beganNanos;
    return passedNanos + delayNanos < spanNanos
        ? OptionalLong.of(delayNanos)
        : OptionalLong.empty();
  }
}
