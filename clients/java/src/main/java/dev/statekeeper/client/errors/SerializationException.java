package dev.statekeeper.client.errors;

/** A value cannot be encoded, or cannot be decoded here. */
public final class SerializationException extends StateException {
  /** The code of this error. */
  public static final String CODE = "SERIALIZATION_ERROR";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public SerializationException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * Where the value stands: {@code context.user.tags[3]}.
   *
   * @return the empty text where it is not told
   */
  public String path() {
    return fact("path");
  }
}
