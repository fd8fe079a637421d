package dev.statekeeper.client.errors;

/** What was waited for did not come in time. */
public final class WaitTimeoutException extends StateException {
  /** The code of this error. */
  public static final String CODE = "WAIT_TIMEOUT";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public WaitTimeoutException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * The last status that was seen; none: there is no execution.
   *
   * @return the empty text where it is not told
   */
  public String status() {
    return fact("status");
  }
}
