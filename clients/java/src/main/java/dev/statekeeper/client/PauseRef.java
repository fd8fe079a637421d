package dev.statekeeper.client;

/** Which pause is meant: that of a token, or one of the execution by its id. */
public sealed interface PauseRef {
  /**
   * The pause of a token.
   *
   * @param token what pausing gave, a secret
   */
  record Token(String token) implements PauseRef {
    /** Does not show the token, because this ends up in logs. */
    @Override
    public String toString() {
      return "Token[]";
    }
  }

  /**
   * A pause of the execution: for who may answer without a token. Works for an overdue pause as
   * well.
   *
   * @param pauseId its id
   */
  record Id(String pauseId) implements PauseRef {}

  /**
   * Means the pause of a token.
   *
   * @param token what pausing gave
   * @return the reference
   */
  static PauseRef token(String token) {
    return new Token(token);
  }

  /**
   * Means a pause of the execution.
   *
   * @param pauseId its id
   * @return the reference
   */
  static PauseRef id(String pauseId) {
    return new Id(pauseId);
  }
}
