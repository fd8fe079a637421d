package dev.statekeeper.client.errors;

/** The execution does not exist, or has expired. */
public final class StateNotFoundException extends StateException {
  /** The code of this error. */
  public static final String CODE = "STATE_NOT_FOUND";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public StateNotFoundException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
