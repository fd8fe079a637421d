package dev.statekeeper.client.internal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final long MILLI = 1_000_000L;

  private final AtomicLong now = new AtomicLong();

  @Test
  void delaysGrowToASecondAndEndWithTheTime() {
    Backoff backoff = new Backoff(Duration.ofSeconds(60), now::get, () -> 1.0);
    long[] expected = {10, 20, 40, 80, 160, 320, 640, 1_000, 1_000};
    for (long millis : expected) {
      assertEquals(OptionalLong.of(millis * MILLI), backoff.delayNanos());
    }
    now.set(Duration.ofSeconds(60).toNanos() - 1);
    assertEquals(OptionalLong.empty(), backoff.delayNanos());
  }

  @Test
  void delaysAreSpread() {
    Backoff backoff = new Backoff(Duration.ofSeconds(60), now::get, () -> 0.0);
    assertEquals(OptionalLong.of(0), backoff.delayNanos());
  }

  @Test
  void conflictsAreWaitedForAsLongAsAttemptsTake() {
    ConflictBackoff backoff = new ConflictBackoff(Duration.ofSeconds(60), now::get, () -> 1.0);
    now.addAndGet(5 * MILLI);
    assertEquals(OptionalLong.of(8 * 5 * MILLI), backoff.delayNanos());
    now.addAndGet(8 * 5 * MILLI + 5 * MILLI);
    assertEquals(OptionalLong.of(16 * 5 * MILLI), backoff.delayNanos());
    now.addAndGet(16 * 5 * MILLI + 500 * MILLI);
    assertEquals(OptionalLong.of(2_000 * MILLI), backoff.delayNanos());
  }

  @Test
  void conflictsAreWaitedForNoLongerThanIsLeft() {
    ConflictBackoff backoff = new ConflictBackoff(Duration.ofSeconds(1), now::get, () -> 1.0);
    now.addAndGet(900 * MILLI);
    assertEquals(OptionalLong.of(100 * MILLI), backoff.delayNanos());
    now.addAndGet(100 * MILLI);
    assertTrue(backoff.delayNanos().isEmpty());
  }
}
