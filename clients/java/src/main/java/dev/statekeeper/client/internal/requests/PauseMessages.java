package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.InternalException;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.ExpiryAction;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.PauseStatus;
import dev.statekeeper.client.model.Resumption;
import dev.statekeeper.v1.Execution;
import dev.statekeeper.v1.ExecutionKey;
import org.jspecify.annotations.Nullable;

/** Pauses between Java and their messages. */
public final class PauseMessages {
  private PauseMessages() {}

  /** Gives the number of what is done on expiry. */
  public static dev.statekeeper.v1.ExpiryAction numberOf(ExpiryAction action) {
    return switch (action) {
      case FAIL -> dev.statekeeper.v1.ExpiryAction.EXPIRY_ACTION_FAIL;
      case RESUME -> dev.statekeeper.v1.ExpiryAction.EXPIRY_ACTION_RESUME;
      case KEEP -> dev.statekeeper.v1.ExpiryAction.EXPIRY_ACTION_KEEP;
    };
  }

  /** Reads a pause together with what is told of its execution. */
  public static Pause read(dev.statekeeper.v1.Pause pause, Execution execution, Codec codec) {
    Execution.Builder known = execution.toBuilder();
    // They come without their entries, and what is not known must not look as if it were empty.
    known.getStateBuilder().clearInput().clearContext().clearMemberOutputs().clearMetadata();
    return read(pause, execution.getKey(), StateMessages.read(known.build(), true, codec), codec);
  }

  /**
   * Reads a pause.
   *
   * @param execution what is known of its execution; null: it stands in its state
   */
  public static Pause read(
      dev.statekeeper.v1.Pause pause,
      ExecutionKey key,
      @Nullable ExecutionState execution,
      Codec codec) {
    String name = "pauses." + pause.getPauseId();
    Resumption resumption = null;
    if (pause.hasResumption()) {
      dev.statekeeper.v1.Resumption answer = pause.getResumption();
      resumption =
          new Resumption(
              answer.hasInput()
                  ? codec.fromDocument(answer.getInput(), name + ".resumption.input")
                  : null,
              answer.getActor(),
              Times.instant(answer.getTime()));
    }
    return new Pause(
        key.getNamespace(),
        key.getExecutionId(),
        pause.getPauseId(),
        statusOf(pause),
        pause.getMember(),
        pause.getReason(),
        pause.hasData() ? codec.fromDocument(pause.getData(), name + ".data") : null,
        Times.instant(pause.getCreateTime()),
        Times.instant(pause.getExpireTime()),
        actionOf(pause),
        pause.hasDefaultInput()
            ? codec.fromDocument(pause.getDefaultInput(), name + ".default_input")
            : null,
        pause.getActor(),
        resumption,
        execution);
  }

  private static PauseStatus statusOf(dev.statekeeper.v1.Pause pause) {
    return switch (pause.getStatus()) {
      case PAUSE_STATUS_OPEN -> PauseStatus.OPEN;
      case PAUSE_STATUS_OVERDUE -> PauseStatus.OVERDUE;
      case PAUSE_STATUS_RESUMED -> PauseStatus.RESUMED;
      case PAUSE_STATUS_EXPIRED -> PauseStatus.EXPIRED;
      case PAUSE_STATUS_VOIDED -> PauseStatus.VOIDED;
      case PAUSE_STATUS_UNSPECIFIED, UNRECOGNIZED ->
          throw unknown("pause status " + pause.getStatusValue());
    };
  }

  private static ExpiryAction actionOf(dev.statekeeper.v1.Pause pause) {
    return switch (pause.getOnExpiry()) {
      case EXPIRY_ACTION_FAIL -> ExpiryAction.FAIL;
      case EXPIRY_ACTION_RESUME -> ExpiryAction.RESUME;
      case EXPIRY_ACTION_KEEP -> ExpiryAction.KEEP;
      case EXPIRY_ACTION_UNSPECIFIED, UNRECOGNIZED ->
          throw unknown("expiry action " + pause.getOnExpiryValue());
    };
  }

  private static InternalException unknown(String what) {
    return new InternalException(
        ErrorFacts.of("the server sent " + what + ", which is not known here"));
  }
}
