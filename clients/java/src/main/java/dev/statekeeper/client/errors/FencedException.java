package dev.statekeeper.client.errors;

/** The lock under which is written is no longer held: its lease was over. */
public final class FencedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "FENCED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public FencedException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
