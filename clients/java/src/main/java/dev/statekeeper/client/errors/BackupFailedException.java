package dev.statekeeper.client.errors;

/** The backup cannot be made; the message says why. */
public final class BackupFailedException extends StateException {
  /** The code of this error. */
  public static final String CODE = "BACKUP_FAILED";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public BackupFailedException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
