package dev.statekeeper.conformance;

/** The client has no such thing; the message says why. */
final class Unsupported extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Unsupported(String why) {
    super(why);
  }
}
