package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.InternalException;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.model.Document;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import dev.statekeeper.client.model.TransactionState;
import dev.statekeeper.v1.Execution;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** States between Java and their messages. */
public final class StateMessages {
  private static final List<String> NAMES =
      List.of(
          "id",
          "status",
          "input",
          "context",
          "member_outputs",
          "metadata",
          "current_member",
          "schema_version",
          "start_time",
          "labels");

  private StateMessages() {}

  /** Writes the fields that are set and not null. */
  public static dev.statekeeper.v1.ExecutionState write(StateFields fields, Codec codec) {
    dev.statekeeper.v1.ExecutionState.Builder target =
        dev.statekeeper.v1.ExecutionState.newBuilder();
    fields
        .asMap()
        .forEach(
            (name, value) -> {
              if (!NAMES.contains(name)) {
                throw InvalidRequestException.of(
                    name, "is no field of a state; there are " + String.join(", ", NAMES));
              }
              if (value != null) {
                write(target, name, value, codec);
              }
            });
    return target.build();
  }

  private static void write(
      dev.statekeeper.v1.ExecutionState.Builder target, String name, Object value, Codec codec) {
    switch (name) {
      case "id" -> target.setId(text(name, value));
      case "status" -> target.setStatus(numberOf(status(value)));
      case "current_member" -> target.setCurrentMember(text(name, value));
      case "schema_version" -> target.setSchemaVersion(text(name, value));
      case "start_time" ->
          target.setStartTime(Times.timestamp(only(name, Instant.class, value), name));
      case "labels" ->
          ((Map<?, ?>) only(name, Map.class, value))
              .forEach((key, label) -> putLabel(target, key, label));
      case "input" -> target.setInput(codec.toDocument(value, name));
      case "context" -> target.setContext(codec.toDocument(value, name));
      case "member_outputs" -> target.setMemberOutputs(codec.toDocument(value, name));
      default -> target.setMetadata(codec.toDocument(value, name));
    }
  }

  private static Status status(Object value) {
    return value instanceof String text ? Status.of(text) : only("status", Status.class, value);
  }

  private static String text(String name, Object value) {
    return Arguments.text(name, only(name, String.class, value));
  }

  private static <T> T only(String name, Class<T> type, Object value) {
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    throw InvalidRequestException.of(
        name, "must be a " + type.getSimpleName() + ", not " + value.getClass().getName());
  }

  private static void putLabel(
      dev.statekeeper.v1.ExecutionState.Builder target,
      @Nullable Object key,
      @Nullable Object label) {
    if (!(key instanceof String name) || !(label instanceof String text)) {
      throw InvalidRequestException.of("labels", "must be texts by texts");
    }
    target.putLabels(Arguments.text("labels (key)", name), Arguments.text("labels." + name, text));
  }

  /** Gives all that a caller may have put into a state. */
  public static StateFields fieldsOf(ExecutionState state) {
    StateFields fields =
        new StateFields()
            .status(state.status())
            .id(state.id())
            .currentMember(state.currentMember())
            .startTime(state.startTime())
            .labels(state.labels())
            .schemaVersion(state.schemaVersion());
    return fields
        .input(document(state, Document.INPUT))
        .context(document(state, Document.CONTEXT))
        .memberOutputs(document(state, Document.MEMBER_OUTPUTS))
        .metadata(document(state, Document.METADATA));
  }

  private static @Nullable Object document(ExecutionState state, Document which) {
    if (state instanceof TransactionState draft && draft.isAbsent(which)) {
      return null;
    }
    return state.document(which);
  }

  /** Gives the number of a status. */
  public static dev.statekeeper.v1.Status numberOf(Status status) {
    return switch (status) {
      case RUNNING -> dev.statekeeper.v1.Status.STATUS_RUNNING;
      case WAITING -> dev.statekeeper.v1.Status.STATUS_WAITING;
      case PAUSED -> dev.statekeeper.v1.Status.STATUS_PAUSED;
      case COMPLETED -> dev.statekeeper.v1.Status.STATUS_COMPLETED;
      case FAILED -> dev.statekeeper.v1.Status.STATUS_FAILED;
    };
  }

  /** Gives the status of a number; null: there is none, or this client does not know it. */
  public static @Nullable Status knownStatus(dev.statekeeper.v1.Status number) {
    return switch (number) {
      case STATUS_RUNNING -> Status.RUNNING;
      case STATUS_WAITING -> Status.WAITING;
      case STATUS_PAUSED -> Status.PAUSED;
      case STATUS_COMPLETED -> Status.COMPLETED;
      case STATUS_FAILED -> Status.FAILED;
      case STATUS_UNSPECIFIED, UNRECOGNIZED -> null;
    };
  }

  private static Status statusOf(dev.statekeeper.v1.ExecutionState state) {
    Status status = knownStatus(state.getStatus());
    if (status == null) {
      throw new InternalException(
          ErrorFacts.of(
              "the server sent status " + state.getStatusValue() + ", which is not known here"));
    }
    return status;
  }

  /** Reads a state, without what stands beside it. */
  public static ExecutionState read(dev.statekeeper.v1.ExecutionState message, Codec codec) {
    ExecutionState state = new ExecutionState(statusOf(message), codec.mapper());
    state.setId(message.getId());
    if (message.hasInput()) {
      state.setDocument(Document.INPUT, codec.fromDocument(message.getInput(), "input"));
    }
    if (message.hasContext()) {
      state.setDocument(Document.CONTEXT, codec.fromDocument(message.getContext(), "context"));
    }
    if (message.hasMemberOutputs()) {
      state.setDocument(
          Document.MEMBER_OUTPUTS,
          codec.fromDocument(message.getMemberOutputs(), "member_outputs"));
    }
    if (message.hasMetadata()) {
      state.setDocument(Document.METADATA, codec.fromDocument(message.getMetadata(), "metadata"));
    }
    state.setCurrentMember(message.hasCurrentMember() ? message.getCurrentMember() : null);
    state.setSchemaVersion(message.hasSchemaVersion() ? message.getSchemaVersion() : null);
    state.setStartTime(message.hasStartTime() ? Times.instant(message.getStartTime()) : null);
    state.setLabels(new LinkedHashMap<>(message.getLabelsMap()));
    return state;
  }

  /**
   * Reads an execution.
   *
   * @param partial whether only some fields were asked for
   */
  public static ExecutionState read(Execution message, boolean partial, Codec codec) {
    ExecutionState state = read(message.getState(), codec);
    List<Pause> pauses = new ArrayList<>();
    message
        .getPausesList()
        .forEach(pause -> pauses.add(PauseMessages.read(pause, message.getKey(), null, codec)));
    state.setFacts(
        new ExecutionState.Facts(
            message.getRevision(),
            message.getVersion(),
            Times.instant(message.getCreateTime()),
            Times.instant(message.getUpdateTime()),
            message.hasExpireTime() ? Times.instant(message.getExpireTime()) : null,
            List.copyOf(pauses),
            message.hasSharedState()
                ? codec.fromDocument(message.getSharedState(), "shared_state")
                : null,
            partial));
    return state;
  }
}
