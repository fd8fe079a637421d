package dev.statekeeper.client.model;

import dev.statekeeper.client.errors.InvalidRequestException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What becomes of a pause that nobody has answered in time. */
public enum ExpiryAction {
  /** The execution fails, which closes its other pauses too. */
  FAIL("fail"),
  /** The pause is answered with its default input. */
  RESUME("resume"),
  /** It stays paused. The token is void, the pause id is not. */
  KEEP("keep");

  private final String text;

  ExpiryAction(String text) {
    this.text = text;
  }

  /**
   * Gives the one of a name.
   *
   * @param text the name in lower case, as {@link #toString} gives it
   * @return the one that is called so
   * @throws InvalidRequestException where none is
   */
  public static ExpiryAction of(String text) {
    for (ExpiryAction each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    String known =
        Arrays.stream(values()).map(ExpiryAction::toString).collect(Collectors.joining(", "));
    throw InvalidRequestException.of("on_expiry", "'" + text + "' is none of " + known);
  }

  /** The name in lower case, as it is in all languages. */
  @Override
  public String toString() {
    return text;
  }
}
