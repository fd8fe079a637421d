package dev.statekeeper.client;

import dev.statekeeper.client.model.ExpiryAction;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who pauses and why, and what becomes of it.
 *
 * <pre>{@code
 * sm.pause(PauseOptions.of("approval", "a refund above 100").withData(Map.of("amount", 120)));
 * }</pre>
 *
 * @param member the member that pauses; becomes the current member
 * @param reason why
 * @param data what the person needs to see, a map or an object; null: nothing
 * @param expiresAt until when an answer is accepted; null: for 24 h
 * @param onExpiry what becomes of the pause then
 * @param defaultInput the answer that {@link ExpiryAction#RESUME} gives; null: none
 */
public record PauseOptions(
    String member,
    String reason,
    @Nullable Object data,
    @Nullable Instant expiresAt,
    ExpiryAction onExpiry,
    @Nullable Object defaultInput) {

  /**
   * Says what has to be said.
   *
   * @param member the member that pauses
   * @param reason why
   * @return the options
   */
  public static PauseOptions of(String member, String reason) {
    return new PauseOptions(member, reason, null, null, ExpiryAction.FAIL, null);
  }

  /**
   * Adds what the person needs to see.
   *
   * @param document a map or an object
   * @return a copy
   */
  public PauseOptions withData(@Nullable Object document) {
    return new PauseOptions(member, reason, document, expiresAt, onExpiry, defaultInput);
  }

  /**
   * Sets until when an answer is accepted.
   *
   * @param time the time
   * @return a copy
   */
  public PauseOptions withExpiresAt(Instant time) {
    return new PauseOptions(member, reason, data, time, onExpiry, defaultInput);
  }

  /**
   * Sets what becomes of the pause when its time is over.
   *
   * @param action what
   * @return a copy
   */
  public PauseOptions withOnExpiry(ExpiryAction action) {
    return new PauseOptions(member, reason, data, expiresAt, action, defaultInput);
  }

  /**
   * Sets the answer that {@link ExpiryAction#RESUME} gives.
   *
   * @param document a map or an object
   * @return a copy
   */
  public PauseOptions withDefaultInput(@Nullable Object document) {
    return new PauseOptions(member, reason, data, expiresAt, onExpiry, document);
  }
}
