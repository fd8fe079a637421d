package dev.statekeeper.client.errors;

/** The server failed in a way it does not explain to callers; its log does. */
public final class InternalException extends StateException {
  /** The code of this error. */
  public static final String CODE = "INTERNAL";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public InternalException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
