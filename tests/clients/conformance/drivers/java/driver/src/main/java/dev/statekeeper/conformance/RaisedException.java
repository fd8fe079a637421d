package dev.statekeeper.conformance;

/** An error of the driver's own, which an edit asks for. */
final class RaisedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RaisedException(String message) {
    super(message);
  }
}
