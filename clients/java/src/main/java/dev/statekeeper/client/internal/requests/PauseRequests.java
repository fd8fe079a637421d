package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.PauseOptions;
import dev.statekeeper.client.PauseRef;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.model.ExpiryAction;
import dev.statekeeper.v1.GetPauseRequest;
import dev.statekeeper.v1.PauseRequest;
import dev.statekeeper.v1.ResumeRequest;
import org.jspecify.annotations.Nullable;

/** Requests of Pause, Resume and GetPause. */
public final class PauseRequests {
  private PauseRequests() {}

  /** Makes the request that pauses an execution. */
  public static PauseRequest pause(
      ExecutionRef execution, PauseOptions pause, Write write, Codec codec) {
    PauseRequest.Builder request =
        PauseRequest.newBuilder()
            .setKey(execution.key())
            .setMember(Arguments.name("member", pause.member()))
            .setReason(Arguments.name("reason", pause.reason()))
            .setOnExpiry(PauseMessages.numberOf(pause.onExpiry()));
    if (pause.data() != null) {
      request.setData(codec.toDocument(pause.data(), "data"));
    }
    if (pause.defaultInput() != null) {
      if (pause.onExpiry() != ExpiryAction.RESUME) {
        throw InvalidRequestException.of(
            "default_input", "has a meaning with on_expiry RESUME alone");
      }
      request.setDefaultInput(codec.toDocument(pause.defaultInput(), "default_input"));
    }
    if (pause.expiresAt() != null) {
      request.setExpireTime(Times.timestamp(pause.expiresAt(), "expires_at"));
    }
    return request.setOptions(write.toMessage(execution)).build();
  }

  /**
   * Makes the request that answers a pause.
   *
   * @param execution whose pause; one without an id is left to the token
   */
  public static ResumeRequest resume(
      ExecutionRef execution, PauseRef pause, @Nullable Object input, Write write, Codec codec) {
    ResumeRequest.Builder request = ResumeRequest.newBuilder();
    if (!execution.executionId().isEmpty()) {
      request.setKey(execution.key());
    }
    if (pause instanceof PauseRef.Token token) {
      request.setToken(Arguments.name("token", token.token()));
    } else if (pause instanceof PauseRef.Id id) {
      request.setPauseId(Arguments.name("pause_id", id.pauseId()));
    }
    if (input != null) {
      request.setInput(codec.toDocument(input, "input"));
    }
    return request.setOptions(write.toMessage(execution)).build();
  }

  /** Makes the request that looks a pause up. */
  public static GetPauseRequest get(ExecutionRef execution, PauseRef pause) {
    GetPauseRequest.Builder request = GetPauseRequest.newBuilder();
    if (!execution.executionId().isEmpty()) {
      request.setKey(execution.key());
    }
    if (pause instanceof PauseRef.Token token) {
      request.setToken(Arguments.name("token", token.token()));
    } else if (pause instanceof PauseRef.Id id) {
      request.setPauseId(Arguments.name("pause_id", id.pauseId()));
    }
    return request.build();
  }
}
