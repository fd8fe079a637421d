package dev.statekeeper.client.errors;

/** The token is unknown, spent, expired or of another execution. */
public final class InvalidTokenException extends StateException {
  /** The code of this error. */
  public static final String CODE = "INVALID_TOKEN";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public InvalidTokenException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
