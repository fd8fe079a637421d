package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Results;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Page;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.Checkpoint;
import dev.statekeeper.client.model.DeleteResult;
import dev.statekeeper.client.model.WriteResult;
import dev.statekeeper.v1.CheckpointRequest;
import dev.statekeeper.v1.CheckpointResponse;
import dev.statekeeper.v1.DeleteCheckpointRequest;
import dev.statekeeper.v1.DeleteCheckpointResponse;
import dev.statekeeper.v1.ListCheckpointsRequest;
import dev.statekeeper.v1.ListCheckpointsResponse;
import dev.statekeeper.v1.RestoreRequest;
import dev.statekeeper.v1.RestoreResponse;
import java.util.function.Consumer;

/** Makes the calls about the checkpoints of one execution. */
public final class CheckpointCalls {
  private final Handle handle;

  /** Makes those of a handle. */
  public CheckpointCalls(Handle handle) {
    this.handle = handle;
  }

  /** Makes the call that names the execution's revision. */
  public Call<CheckpointResponse, WriteResult> checkpoint(String name, WriteOptions options) {
    ExecutionRef execution = handle.execution();
    Write write = handle.fenced(options);
    CheckpointRequest request =
        execution.located(
            () ->
                CheckpointRequest.newBuilder()
                    .setKey(execution.key())
                    .setName(Arguments.name("name", name))
                    .setOptions(write.toMessage(execution))
                    .build());
    // It changes no state, but may well prolong its life.
    return handle.write(
        Rpc.CHECKPOINT,
        request,
        CheckpointResponse::getResult,
        response -> Results.read(response.getResult()));
  }

  /** Makes the call that brings the state of a checkpoint back. */
  public Call<RestoreResponse, WriteResult> restore(String name, WriteOptions options) {
    return restore(
        request -> request.setName(Arguments.name("name", name)), handle.fenced(options));
  }

  /** Makes the call that brings the state of a revision back. */
  public Call<RestoreResponse, WriteResult> restore(long revision, WriteOptions options) {
    return restore(
        request -> request.setRevision(Arguments.revision("revision", revision)),
        handle.fenced(options));
  }

  private Call<RestoreResponse, WriteResult> restore(
      Consumer<RestoreRequest.Builder> target, Write write) {
    ExecutionRef execution = handle.execution();
    RestoreRequest request =
        execution.located(
            () -> {
              RestoreRequest.Builder made = RestoreRequest.newBuilder().setKey(execution.key());
              target.accept(made);
              return made.setOptions(write.toMessage(execution)).build();
            });
    return handle.write(
        Rpc.RESTORE,
        request,
        RestoreResponse::getResult,
        response -> Results.read(response.getResult()));
  }

  /** Makes the call for one page of the checkpoints. */
  public Call<ListCheckpointsResponse, Page<Checkpoint>> list(
      boolean includeState, String pageToken) {
    ListCheckpointsRequest request =
        ListCheckpointsRequest.newBuilder()
            .setKey(handle.execution().key())
            .setIncludeState(includeState)
            .setPageToken(pageToken)
            .build();
    return handle.plain(
        Rpc.LIST_CHECKPOINTS,
        request,
        response ->
            new Page<>(
                response.getCheckpointsList().stream()
                    .map(each -> Results.read(each, handle.codec()))
                    .toList(),
                response.getNextPageToken()));
  }

  /** Makes the call that removes a checkpoint. */
  public Call<DeleteCheckpointResponse, DeleteResult> delete(String name, WriteOptions options) {
    ExecutionRef execution = handle.execution();
    Write write = handle.fenced(options);
    DeleteCheckpointRequest request =
        execution.located(
            () ->
                DeleteCheckpointRequest.newBuilder()
                    .setKey(execution.key())
                    .setName(Arguments.name("name", name))
                    .setOptions(write.toMessage(execution))
                    .build());
    return handle.write(
        Rpc.DELETE_CHECKPOINT,
        request,
        DeleteCheckpointResponse::getResult,
        response -> new DeleteResult(Results.read(response.getResult()), response.getExisted()));
  }
}
