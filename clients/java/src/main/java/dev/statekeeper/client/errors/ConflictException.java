package dev.statekeeper.client.errors;

/** The execution is not at the expected revision: load again and retry. */
public final class ConflictException extends StateException {
  /** The code of this error. */
  public static final String CODE = "CONFLICT";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public ConflictException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * The revision that was expected; 0: none at all.
   *
   * @return -1 where it is not told
   */
  public long expected() {
    return number("expected");
  }

  /**
   * The revision it has; 0: it does not exist.
   *
   * @return -1 where it is not told
   */
  public long current() {
    return number("current");
  }
}
