package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.PauseOptions;
import dev.statekeeper.client.PauseRef;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.PauseMessages;
import dev.statekeeper.client.internal.requests.PauseRequests;
import dev.statekeeper.client.internal.requests.Results;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.PauseResult;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.v1.GetPauseRequest;
import dev.statekeeper.v1.GetPauseResponse;
import dev.statekeeper.v1.PauseRequest;
import dev.statekeeper.v1.PauseResponse;
import dev.statekeeper.v1.ResumeRequest;
import dev.statekeeper.v1.ResumeResponse;
import org.jspecify.annotations.Nullable;

/** Makes the calls about the pauses of one execution. */
public final class PauseCalls {
  private final Handle handle;

  /** Makes those of a handle. */
  public PauseCalls(Handle handle) {
    this.handle = handle;
  }

  /** Makes the call that pauses the execution. */
  public Call<PauseResponse, PauseResult> pause(PauseOptions pause, WriteOptions options) {
    ExecutionRef execution = handle.execution();
    Write write = handle.fenced(options);
    PauseRequest request =
        execution.located(() -> PauseRequests.pause(execution, pause, write, handle.codec()));
    return handle.write(
        Rpc.PAUSE,
        request,
        PauseResponse::getResult,
        response ->
            new PauseResult(
                response.getToken(), response.getPauseId(), Results.read(response.getResult())));
  }

  /** Makes the call that answers a pause. */
  public Call<ResumeResponse, ResumeResult> resume(
      PauseRef pause, @Nullable Object input, WriteOptions options) {
    ExecutionRef execution = handle.execution();
    Write write = handle.fenced(options);
    ResumeRequest request =
        execution.located(
            () -> PauseRequests.resume(execution, pause, input, write, handle.codec()));
    return handle.write(
        Rpc.RESUME, request, ResumeResponse::getResult, PauseCalls::readResumeResult);
  }

  /** Makes the call that looks a pause up. */
  public Call<GetPauseResponse, Pause> get(PauseRef pause) {
    ExecutionRef execution = handle.execution();
    GetPauseRequest request = execution.located(() -> PauseRequests.get(execution, pause));
    return handle.plain(
        Rpc.GET_PAUSE,
        request,
        response ->
            PauseMessages.read(response.getPause(), response.getExecution(), handle.codec()));
  }

  static ResumeResult readResumeResult(ResumeResponse response) {
    return new ResumeResult(
        Results.read(response.getResult()), response.getMember(), response.getPauseId());
  }
}
