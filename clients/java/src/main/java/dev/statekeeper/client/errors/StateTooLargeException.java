package dev.statekeeper.client.errors;

/** The state, or the message that carries it, is larger than allowed; never worth a retry. */
public final class StateTooLargeException extends StateException {
  /** The code of this error. */
  public static final String CODE = "STATE_TOO_LARGE";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public StateTooLargeException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * Its size in bytes.
   *
   * @return -1 where it is not told
   */
  public long size() {
    return number("size");
  }

  /**
   * What is allowed, in bytes.
   *
   * @return -1 where it is not told
   */
  public long limit() {
    return number("limit");
  }
}
