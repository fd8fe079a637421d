package dev.statekeeper.client.errors;

/** The member may not touch the key. */
public final class StateAccessDeniedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "STATE_ACCESS_DENIED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public StateAccessDeniedException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * Who wanted to.
   *
   * @return the empty text where it is not told
   */
  public String member() {
    return fact("member");
  }

  /**
   * What.
   *
   * @return the empty text where it is not told
   */
  public String key() {
    return fact("key");
  }
}
