package dev.statekeeper.client.errors;

/** The server cannot be reached. */
public final class UnavailableException extends StateException {
  /** The code of this error. */
  public static final String CODE = "UNAVAILABLE";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public UnavailableException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
