package dev.statekeeper.client.model;

import dev.statekeeper.client.errors.InvalidRequestException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What was done with a key of the shared state. */
public enum AccessOperation {
  /** It was read. */
  READ("read"),
  /** It was written. */
  WRITE("write");

  private final String text;

  AccessOperation(String text) {
    this.text = text;
  }

  /**
   * Gives the one of a name.
   *
   * @param text the name in lower case, as {@link #toString} gives it
   * @return the one that is called so
   * @throws InvalidRequestException where none is
   */
  public static AccessOperation of(String text) {
    for (AccessOperation each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    String known =
        Arrays.stream(values()).map(AccessOperation::toString).collect(Collectors.joining(", "));
    throw InvalidRequestException.of("operation", "'" + text + "' is none of " + known);
  }

  /** The name in lower case, as it is in all languages. */
  @Override
  public String toString() {
    return text;
  }
}
