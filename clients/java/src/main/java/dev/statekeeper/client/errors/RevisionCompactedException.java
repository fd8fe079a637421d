package dev.statekeeper.client.errors;

/** The state at that revision, or what came after it, is no longer kept whole. */
public final class RevisionCompactedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "REVISION_COMPACTED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public RevisionCompactedException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * The oldest one that is.
   *
   * @return -1 where it is not told
   */
  public long oldestRevision() {
    return number("oldest_revision");
  }
}
