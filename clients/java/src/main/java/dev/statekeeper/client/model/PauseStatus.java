package dev.statekeeper.client.model;

import dev.statekeeper.client.errors.InvalidRequestException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Where a pause stands. */
public enum PauseStatus {
  /** It waits for an answer. */
  OPEN("open"),
  /** Its time is over, its token is void, and it still waits. */
  OVERDUE("overdue"),
  /** It was answered. */
  RESUMED("resumed"),
  /** Its time was over before anybody answered. */
  EXPIRED("expired"),
  /** The execution went on without an answer. */
  VOIDED("voided");

  private final String text;

  PauseStatus(String text) {
    this.text = text;
  }

  /**
   * Gives the one of a name.
   *
   * @param text the name in lower case, as {@link #toString} gives it
   * @return the one that is called so
   * @throws InvalidRequestException where none is
   */
  public static PauseStatus of(String text) {
    for (PauseStatus each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    String known =
        Arrays.stream(values()).map(PauseStatus::toString).collect(Collectors.joining(", "));
    throw InvalidRequestException.of("pause_status", "'" + text + "' is none of " + known);
  }

  /** The name in lower case, as it is in all languages. */
  @Override
  public String toString() {
    return text;
  }
}
