package dev.statekeeper.client.errors;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Too much is waiting in the server, even after the client's own retries. */
public final class OverloadedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "OVERLOADED";

  private static final long serialVersionUID = 1L;

  private final @Nullable Duration retryAfter;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   * @param retryAfter how long to wait before the next attempt; null: not told
   */
  public OverloadedException(ErrorFacts facts, @Nullable Duration retryAfter) {
    super(CODE, facts);
    this.retryAfter = retryAfter;
  }

  /**
   * How long to wait before the next attempt.
   *
   * @return empty where it is not told
   */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
