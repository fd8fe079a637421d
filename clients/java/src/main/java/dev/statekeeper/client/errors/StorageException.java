package dev.statekeeper.client.errors;

/**
 * The storage is out of service after an I/O error, or the server is stopping.
 *
 * <p>Whether a write was kept is not known: repeat it with its request id.
 */
public final class StorageException extends StateException {
  /** The code of this error. */
  public static final String CODE = "STORAGE_ERROR";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public StorageException(ErrorFacts facts) {
    super(CODE, facts);
  }
}
