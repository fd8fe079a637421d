package dev.statekeeper.client.errors;

/** Someone else holds the lock, exclusively where it is a write that is refused. */
public final class LockedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "LOCKED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public LockedException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * Who holds it.
   *
   * @return the empty text where it is not told
   */
  public String owner() {
    return fact("owner");
  }

  /**
   * When the lease ends, as RFC 3339 has it.
   *
   * @return the empty text where it is not told
   */
  public String expireTime() {
    return fact("expire_time");
  }
}
