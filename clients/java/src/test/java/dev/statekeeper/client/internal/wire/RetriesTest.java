package dev.statekeeper.client.internal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.ConflictException;
import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.OverloadedException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.StorageException;
import dev.statekeeper.client.errors.StorageFullException;
import dev.statekeeper.client.errors.UnavailableException;
import io.grpc.Status;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final long MILLI = 1_000_000L;
  private static final ErrorFacts FACTS = ErrorFacts.of("it failed");

  private static OptionalLong delay(StateException error, int attempt, @Nullable Long pushback) {
    Failure failure = new Failure(Status.Code.UNAVAILABLE, "", null, pushback);
    return Retries.delayNanos(failure, error, attempt, () -> 0.5);
  }

  @Test
  void whatPassesIsTriedAgainLaterAndLater() {
    for (StateException error :
        new StateException[] {
          new UnavailableException(FACTS),
          new StorageException(FACTS),
          new CallCancelledException(FACTS),
          new OverloadedException(FACTS, null)
        }) {
      assertEquals(OptionalLong.of(100 * MILLI), delay(error, 1, null));
      assertEquals(OptionalLong.of(400 * MILLI), delay(error, 3, null));
      assertEquals(OptionalLong.empty(), delay(error, 5, null));
    }
  }

  @Test
  void whatDoesNotPassIsNotTriedAgain() {
    assertEquals(OptionalLong.empty(), delay(new ConflictException(FACTS), 1, null));
    assertEquals(OptionalLong.empty(), delay(new StorageFullException(FACTS), 1, null));
  }

  @Test
  void theServerSaysWhen() {
    StateException overloaded = new OverloadedException(FACTS, Duration.ofMillis(70));
    assertEquals(OptionalLong.of(70 * MILLI), delay(overloaded, 1, null));
    assertEquals(OptionalLong.of(30 * MILLI), delay(overloaded, 1, 30L));
  }

  @Test
  void theServerSaysNever() {
    assertEquals(OptionalLong.empty(), delay(new StorageException(FACTS), 1, -1L));
  }
}
