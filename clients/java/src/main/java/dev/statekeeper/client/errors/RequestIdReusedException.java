package dev.statekeeper.client.errors;

/** The request id was used for another write before. */
public final class RequestIdReusedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "REQUEST_ID_REUSED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public RequestIdReusedException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
