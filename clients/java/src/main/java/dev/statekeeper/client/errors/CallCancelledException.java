package dev.statekeeper.client.errors;

/** The call was given up: its thread was interrupted, or the client was closed under it. */
public final class CallCancelledException extends StateException {
  /** The code of this error. */
  public static final String CODE = "CANCELLED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public CallCancelledException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
