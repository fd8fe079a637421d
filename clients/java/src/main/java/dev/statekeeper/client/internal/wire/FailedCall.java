package dev.statekeeper.client.internal.wire;

/** Carries the failure of an attempt to whoever decides what becomes of the call. */
final class FailedCall extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;
  private final boolean last;

  /**
   * Makes one.
   *
   * @param failure how it has ended
   * @param last whether all that can be done about it was done
   */
  FailedCall(Failure failure, boolean last) {
    super(failure.details(), null, false, false);
    this.failure = failure;
    this.last = last;
  }

  Failure failure() {
    return failure;
  }

  boolean last() {
    return last;
  }
}
