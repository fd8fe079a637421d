package dev.statekeeper.client.errors;

/** The server does not know this call: it is older than the client. */
public final class UnimplementedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "UNIMPLEMENTED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public UnimplementedException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
