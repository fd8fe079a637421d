package dev.statekeeper.client.errors;

/** A value does not fit its schema. */
public final class SchemaViolationException extends StateException {
  /** The code of this error. */
  public static final String CODE = "SCHEMA_VIOLATION";

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   */
  public SchemaViolationException(ErrorFacts facts) {
    super(CODE, facts);
  }

  /**
   * The key of the shared state.
   *
   * @return the empty text where it is not told
   */
  public String key() {
    return fact("key");
  }

  /**
   * Where in its value.
   *
   * @return the empty text where it is not told
   */
  public String path() {
    return fact("path");
  }

  /**
   * The rule that is broken: {@code minLength}.
   *
   * @return the empty text where it is not told
   */
  public String rule() {
    return fact("rule");
  }
}
