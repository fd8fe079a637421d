package dev.statekeeper.client;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.StateMessages;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.model.Document;
import dev.statekeeper.client.model.ExecutionState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * From one layout of a state to the next.
 *
 * <pre>{@code
 * Migration migration =
 *     new Migration(
 *         "1.0.0",
 *         "2.0.0",
 *         List.of(
 *             state -> {
 *               state.context().put("language", "en");
 *               return state;
 *             }));
 * sm.migrate(migration);
 * }</pre>
 *
 * @param fromVersion the {@code schemaVersion} that the state must have; null: none
 * @param toVersion the {@code schemaVersion} of the result
 * @param transformers called in order, each with what the one before returned; each returns the
 *     whole state as it shall be, the one it was given or another one, and may throw
 */
public record Migration(
    @Nullable String fromVersion,
    String toVersion,
    List<UnaryOperator<ExecutionState>> transformers) {

  /**
   * Makes one.
   *
   * @param fromVersion the {@code schemaVersion} that the state must have; null: none
   * @param toVersion the {@code schemaVersion} of the result
   * @param transformers what makes the one of the other
   */
  public Migration {
    Arguments.name("to_version", toVersion);
    transformers = List.copyOf(transformers);
  }

  /**
   * Gives a state in the newer layout; talks to nobody.
   *
   * <p>The state that is given is never changed, also when a transformer throws. The result keeps
   * its revision, so that saving it is compare-and-set.
   *
   * @param state the state
   * @return the new state
   * @throws InvalidRequestException where the state has another version, or was loaded in part
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be saved
   */
  public ExecutionState apply(ExecutionState state) {
    return apply(state, new Codec(new JsonMapper()));
  }

  Function<ExecutionState, ExecutionState> with(Codec codec) {
    return state -> apply(state, codec);
  }

  private ExecutionState apply(ExecutionState state, Codec codec) {
    if (state.partial()) {
      throw InvalidRequestException.of(
          "state", "was loaded with fields: the others cannot be migrated");
    }
    if (!Objects.equals(state.schemaVersion(), fromVersion)) {
      throw InvalidRequestException.of(
          "schema_version",
          "is "
              + told(state.schemaVersion())
              + ", and this migration is from "
              + told(fromVersion));
    }
    ExecutionState migrated = copy(state, codec);
    for (int at = 0; at < transformers.size(); at++) {
      migrated = copy(transformed(at, migrated), codec);
    }
    migrated.setSchemaVersion(toVersion);
    return migrated;
  }

  private ExecutionState transformed(int at, ExecutionState state) {
    String name = "transformers[" + at + "]";
    ExecutionState returned;
    try {
      returned = transformers.get(at).apply(state);
    } catch (RuntimeException error) {
      error.addSuppressed(
          new IllegalStateException(
              "in " + name + ", from " + told(fromVersion) + " to " + toVersion));
      throw error;
    }
    if (returned == null) {
      throw InvalidRequestException.of(name, "returned null, and must return the state");
    }
    return returned;
  }

  /** A copy that shares nothing with the original, by the way to the message and back. */
  private static ExecutionState copy(ExecutionState state, Codec codec) {
    ExecutionState copy =
        StateMessages.read(StateMessages.write(StateMessages.fieldsOf(state), codec), codec);
    ExecutionState whole = new ExecutionState(state);
    for (Document which : Document.values()) {
      Map<String, @Nullable Object> entries = copy.document(which);
      whole.setDocument(which, entries);
    }
    whole.setLabels(new LinkedHashMap<>(copy.labels()));
    return whole;
  }

  private static String told(@Nullable String version) {
    return version == null ? "none" : "'" + version + "'";
  }
}
