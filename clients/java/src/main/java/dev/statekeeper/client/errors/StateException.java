package dev.statekeeper.client.errors;

import java.util.Map;

/**
 * A call that did not succeed.
 *
 * <p>There is a class for each reason that a server gives (the names of {@code ErrorReason}), and
 * one for each way in which a call can end without such an answer: {@link UnavailableException},
 * {@link DeadlineExceededException}, {@link WaitTimeoutException}, {@link CallCancelledException},
 * {@link UnauthenticatedException}, {@link UnimplementedException} and {@link InternalException}.
 * What is refused before it is sent throws the same class as if the server had refused it. This
 * class itself is thrown for reasons that the client is too old to know.
 */
public class StateException extends RuntimeException {
  /** Stands for a number that the server did not tell; never a valid revision or size. */
  public static final long UNKNOWN_NUMBER = -1;

  private static final long serialVersionUID = 1L;

  private final String code;
  private final String namespace;
  private final String executionId;

  @SuppressWarnings("serial") // What Map.copyOf gives can be serialized.
  private final Map<String, String> metadata;

  /**
   * Makes one.
   *
   * @param code the reason's name
   * @param facts what is known of what went wrong
   */
  public StateException(String code, ErrorFacts facts) {
    super(facts.message());
    this.code = code;
    this.namespace = facts.namespace();
    this.executionId = facts.executionId();
    this.metadata = facts.metadata();
  }

  /**
   * The reason's name, the same in every language: {@code CONFLICT}.
   *
   * @return the code
   */
  public final String code() {
    return code;
  }

  /**
   * The namespace of the execution that was asked for.
   *
   * @return the empty text where it is not known
   */
  public final String namespace() {
    return namespace;
  }

  /**
   * The execution that was asked for.
   *
   * @return the empty text where it is not known
   */
  public final String executionId() {
    return executionId;
  }

  /**
   * All facts that were told, by name.
   *
   * @return an unmodifiable map
   */
  public final Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public String toString() {
    String where = executionId.isEmpty() ? "" : " [" + namespace + "/" + executionId + "]";
    return getClass().getName() + ": " + code + ": " + getMessage() + where;
  }

  final String fact(String name) {
    return metadata.getOrDefault(name, "");
  }

  final long number(String name) {
    try {
      return Long.parseLong(fact(name));
    } catch (NumberFormatException notTold) {
      return UNKNOWN_NUMBER;
    }
  }
}
