package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.SerializationException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.v1.ExecutionKey;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which execution a call is about, and what its handle adds to every write.
 *
 * @param namespace its namespace; empty: not known
 * @param executionId its id; empty: not known
 * @param ttl for every write that gives none; null: leave it to the server
 * @param actor for every write that gives none; empty: nobody
 */
public record ExecutionRef(
    String namespace, String executionId, @Nullable Duration ttl, String actor) {

  /** The namespace of who names none. */
  public static final String NAMESPACE_DEFAULT = "execution-state";

  /** Makes one of a whole namespace, or of nothing. */
  public static ExecutionRef ofNamespace(String namespace) {
    return new ExecutionRef(namespace, "", null, "");
  }

  /** Makes one from what a caller gave. */
  public static ExecutionRef checked(
      String namespace, String executionId, @Nullable Duration ttl, String actor) {
    return new ExecutionRef(
        namespaceOf(namespace),
        Arguments.name("execution_id", executionId),
        ttl == null ? null : Times.span(ttl, "ttl"),
        Arguments.text("actor", actor));
  }

  /** Gives the namespace that a caller means. */
  public static String namespaceOf(String given) {
    String namespace = Arguments.text("namespace", given);
    return namespace.isEmpty() ? NAMESPACE_DEFAULT : namespace;
  }

  /** The key to send. */
  public ExecutionKey key() {
    return ExecutionKey.newBuilder().setNamespace(namespace).setExecutionId(executionId).build();
  }

  /** Refuses a state that says that it is another execution's. */
  public void checkId(String identity) {
    if (!identity.isEmpty() && !identity.equals(executionId)) {
      throw InvalidRequestException.of(
          "id", "'" + identity + "' is not the execution's, which is '" + executionId + "'");
    }
  }

  /** Does something, and names the execution in what goes wrong on this side. */
  public <T> T located(Supplier<T> work) {
    try {
      return work.get();
    } catch (InvalidRequestException error) {
      throw error.executionId().isEmpty()
          ? traced(new InvalidRequestException(here(error), error.violations()), error)
          : error;
    } catch (SerializationException error) {
      throw error.executionId().isEmpty()
          ? traced(new SerializationException(here(error)), error)
          : error;
    }
  }

  /** What is known of an error that happened here. */
  public ErrorFacts facts(String message) {
    return ErrorFacts.of(message).at(namespace, executionId);
  }

  private ErrorFacts here(StateException error) {
    return new ErrorFacts(
        String.valueOf(error.getMessage()), namespace, executionId, error.metadata());
  }

  private static <E extends StateException> E traced(E located, StateException error) {
    located.setStackTrace(error.getStackTrace());
    return located;
  }
}
