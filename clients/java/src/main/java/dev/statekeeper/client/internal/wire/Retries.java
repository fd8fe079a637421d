package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.OverloadedException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.StorageException;
import dev.statekeeper.client.errors.UnavailableException;
import dev.statekeeper.client.internal.requests.Times;
import java.util.OptionalLong;
import java.util.function.DoubleSupplier;

/**
 * Which failed calls are worth another try, and when.
 *
 * <p>All RPCs are safe to repeat: reads change nothing, and every write carries a request id. The
 * server has the last word, by the trailer {@code grpc-retry-pushback-ms}.
 */
final class Retries {
  private static final int ATTEMPTS_MAX = 5;
  private static final long FIRST_NANOS = 100_000_000L;
  private static final long LATER_NANOS_MAX = 2_000_000_000L;
  private static final long NANOS_PER_MILLI = 1_000_000L;

  private Retries() {}

  /** Gives the nanoseconds after which a call is worth another try; empty: it is not. */
  static OptionalLong delayNanos(Failure failure, StateException error, int attempt) {
    return delayNanos(failure, error, attempt, Math::random);
  }

  static OptionalLong delayNanos(
      Failure failure, StateException error, int attempt, DoubleSupplier chance) {
    if (attempt >= ATTEMPTS_MAX) {
      return OptionalLong.empty();
    }
    Long pushback = failure.pushbackMillis();
    if (pushback != null) {
      return pushback < 0
          ? OptionalLong.empty()
          : OptionalLong.of(Math.multiplyExact(pushback, NANOS_PER_MILLI));
    }
    if (error instanceof OverloadedException overloaded && overloaded.retryAfter().isPresent()) {
      return OptionalLong.of(Times.nanos(overloaded.retryAfter().get()));
    }
    // CANCELLED is what a server that stops says to the calls that it cuts off.
    boolean passing =
        error instanceof UnavailableException
            || error instanceof OverloadedException
            || error instanceof StorageException
            || error instanceof CallCancelledException;
    if (!passing) {
      return OptionalLong.empty();
    }
    long nanos = Math.min(FIRST_NANOS << (attempt - 1), LATER_NANOS_MAX);
    return OptionalLong.of((long) (nanos * (0.8 + 0.4 * chance.getAsDouble())));
  }
}
