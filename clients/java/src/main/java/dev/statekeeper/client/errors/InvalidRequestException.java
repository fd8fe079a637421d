package dev.statekeeper.client.errors;

import java.util.List;

/** The call is malformed. */
public final class InvalidRequestException extends StateException {
  /** The code of this error. */
  public static final String CODE = "INVALID_REQUEST";

  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // What List.copyOf gives can be serialized.
  private final List<FieldViolation> violations;

  /**
   * Makes one.
   *
   * @param facts what is known of what went wrong
   * @param violations the fields that are wrong
   */
  public InvalidRequestException(ErrorFacts facts, List<FieldViolation> violations) {
    super(CODE, facts);
    this.violations = List.copyOf(violations);
  }

  /**
   * Makes the error for one field that is wrong.
   *
   * @param field which
   * @param problem what is wrong with it
   * @return the error
   */
  public static InvalidRequestException of(String field, String problem) {
    return new InvalidRequestException(
        ErrorFacts.of(field + ": " + problem), List.of(new FieldViolation(field, problem)));
  }

  /**
   * The fields that are wrong.
   *
   * @return an unmodifiable list
   */
  public List<FieldViolation> violations() {
    return violations;
  }
}
