package dev.statekeeper.client.errors;

/** The checkpoint does not exist. */
public final class CheckpointNotFoundException extends StateException {
  /** The code of this error. */
  public static final String CODE = "CHECKPOINT_NOT_FOUND";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public CheckpointNotFoundException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * Its name.
   *
   * @return the empty text where it is not told
   */
  public String checkpoint() {
    return fact("checkpoint");
  }
}
