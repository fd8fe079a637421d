package dev.statekeeper.client.errors;

/** The server does not accept the credentials. */
public final class UnauthenticatedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "UNAUTHENTICATED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public UnauthenticatedException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
