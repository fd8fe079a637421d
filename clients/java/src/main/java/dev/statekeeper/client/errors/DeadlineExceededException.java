package dev.statekeeper.client.errors;

/** No answer came in time. Whether a write was done is not known. */
public final class DeadlineExceededException extends StateException {
  /** The code of this error. */
  public static final String CODE = "DEADLINE_EXCEEDED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public DeadlineExceededException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
