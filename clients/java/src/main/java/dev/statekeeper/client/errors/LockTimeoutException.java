package dev.statekeeper.client.errors;

/** The lock was not granted in time, because someone else holds it. */
public final class LockTimeoutException extends StateException {
  /** The code of this error. */
  public static final String CODE = "LOCK_TIMEOUT";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public LockTimeoutException(ErrorFacts facts) {
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
