package dev.statekeeper.client.errors;

/** The server has no room left: writes are refused, reads and deletes served. */
public final class StorageFullException extends StateException {
  /** The code of this error. */
  public static final String CODE = "STORAGE_FULL";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public StorageFullException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
