package dev.statekeeper.client.model;

import dev.statekeeper.client.errors.InvalidRequestException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Where an execution stands. */
public enum Status {
  /** At work. */
  RUNNING("running"),
  /** Waiting for something other than a person. */
  WAITING("waiting"),
  /** Stopped until it is resumed. */
  PAUSED("paused"),
  /** Ended well. */
  COMPLETED("completed"),
  /** Ended badly. */
  FAILED("failed");

  private final String text;

  Status(String text) {
    this.text = text;
  }

  /**
   * Gives the one of a name.
   *
   * @param text the name in lower case, as {@link #toString} gives it
   * @return the one that is called so
   * @throws InvalidRequestException where none is
   */
  public static Status of(String text) {
    for (Status each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    String known = Arrays.stream(values()).map(Status::toString).collect(Collectors.joining(", "));
    throw InvalidRequestException.of("status", "'" + text + "' is none of " + known);
  }

  /** The name in lower case, as it is in all languages. */
  @Override
  public String toString() {
    return text;
  }
}
