package dev.statekeeper.client;

import dev.statekeeper.client.errors.InvalidRequestException;

/** What becomes of keys that a member may not set. */
public enum OnUndeclared {
  /** The write is refused whole. */
  REJECT,
  /** They are left out, and the result names them. */
  DROP;

  /**
   * Gives the one of a name.
   *
   * @param text {@code reject} or {@code drop}
   * @return the one that is called so
   * @throws InvalidRequestException where none is
   */
  public static OnUndeclared of(String text) {
    return switch (text) {
      case "reject" -> REJECT;
      case "drop" -> DROP;
      default ->
          throw InvalidRequestException.of(
              "on_undeclared", "'" + text + "' is neither reject nor drop");
    };
  }
}
