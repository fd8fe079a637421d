package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.LoadOptions;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.caching.Cache;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Results;
import dev.statekeeper.client.internal.requests.StateMessages;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Page;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.DeleteResult;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.PauseStatus;
import dev.statekeeper.client.model.Revision;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import dev.statekeeper.client.model.WriteResult;
import dev.statekeeper.v1.DeleteRequest;
import dev.statekeeper.v1.DeleteResponse;
import dev.statekeeper.v1.Execution;
import dev.statekeeper.v1.ListRevisionsRequest;
import dev.statekeeper.v1.ListRevisionsResponse;
import dev.statekeeper.v1.LoadRequest;
import dev.statekeeper.v1.LoadResponse;
import dev.statekeeper.v1.SaveRequest;
import dev.statekeeper.v1.SaveResponse;
import dev.statekeeper.v1.UpdateRequest;
import dev.statekeeper.v1.UpdateResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the calls about the state of one execution: save, load, update, delete, history. */
public final class StateCalls {
  // An update that asks for the whole state back costs its transfer; above this size a later load
  // that may never come is cheaper.
  private static final int RETURNED_BYTES_MAX = 64 * 1024;

  private final Handle handle;

  /** Makes those of a handle. */
  public StateCalls(Handle handle) {
    this.handle = handle;
  }

  /** Makes the call that saves a whole state, given by its fields. */
  public Call<SaveResponse, WriteResult> save(StateFields fields, WriteOptions options) {
    Write write = handle.fenced(options);
    return save(execution().located(() -> saveRequest(fields, write)));
  }

  /** Makes the call that saves a state, at the revision that it has if it has one. */
  public Call<SaveResponse, WriteResult> save(ExecutionState state, WriteOptions options) {
    Write write = handle.fenced(options);
    SaveRequest request =
        execution()
            .located(
                () -> {
                  if (state.partial()) {
                    throw InvalidRequestException.of(
                        "state",
                        "was loaded with fields: saving it would remove what was not loaded;"
                            + " use update");
                  }
                  boolean compares = options.expectedRevision() == null && state.hasRevision();
                  return saveRequest(
                      StateMessages.fieldsOf(state),
                      compares ? write.expecting(state.revision()) : write);
                });
    Call<SaveResponse, WriteResult> call = save(request);
    return call.reading(
        response -> {
          WriteResult result = call.finish().apply(response);
          moveOn(state, result);
          return result;
        });
  }

  private SaveRequest saveRequest(StateFields fields, Write write) {
    if (fields.asMap().get("status") == null) {
      throw InvalidRequestException.of("status", "is required");
    }
    if (!fields.replaced().isEmpty() || !fields.removed().isEmpty()) {
      throw InvalidRequestException.of(
          fields.replaced().isEmpty() ? "remove" : "replace", "has a meaning in an update alone");
    }
    dev.statekeeper.v1.ExecutionState state = StateMessages.write(fields, handle.codec());
    execution().checkId(state.getId());
    return SaveRequest.newBuilder()
        .setKey(execution().key())
        .setOptions(write.toMessage(execution()))
        .setState(state)
        .build();
  }

  private Call<SaveResponse, WriteResult> save(SaveRequest request) {
    Execution before = copy();
    Cache.Ticket ticket = handle.cache().begin(handle.key());
    return Call.of(
        Rpc.SAVE,
        request,
        execution(),
        response -> {
          WriteResult result = Results.read(response.getResult());
          handle
              .cache()
              .endWrite(
                  ticket,
                  result.revision(),
                  saved(request, response.getResult(), before),
                  handle.cacheTtl());
          return result;
        },
        error -> handle.cache().endWrite(ticket));
  }

  /** Gives the state from the cache; empty: that may not be used, or does not have it. */
  public Optional<ExecutionState> cached() {
    Execution copy = copy();
    return copy == null
        ? Optional.empty()
        : Optional.of(execution().located(() -> StateMessages.read(copy, false, handle.codec())));
  }

  /** Makes the call that loads a state. */
  public Call<LoadResponse, Optional<ExecutionState>> load(LoadOptions options) {
    LoadRequest request = execution().located(() -> loadRequest(options));
    boolean partial = request.getFieldsCount() > 0;
    boolean past = options.revision() != null || options.checkpoint() != null;
    Cache.Ticket ticket =
        handle.caches() && !past && !partial ? handle.cache().begin(handle.key()) : null;
    return Call.of(
        Rpc.LOAD,
        request,
        execution(),
        response -> {
          Execution found = response.hasExecution() ? response.getExecution() : null;
          endLoad(ticket, found);
          return found == null
              ? Optional.empty()
              : Optional.of(
                  execution().located(() -> StateMessages.read(found, partial, handle.codec())));
        },
        error -> endLoad(ticket, null));
  }

  private void endLoad(Cache.@Nullable Ticket ticket, @Nullable Execution found) {
    if (ticket != null) {
      handle.cache().endLoad(ticket, found, handle.cacheTtl());
    }
  }

  private LoadRequest loadRequest(LoadOptions options) {
    LoadRequest.Builder request = LoadRequest.newBuilder().setKey(execution().key());
    if (options.revision() != null && options.checkpoint() != null) {
      throw InvalidRequestException.of("checkpoint", "cannot be given together with revision");
    }
    if (options.revision() != null) {
      request.setRevision(Arguments.revision("revision", options.revision()));
    }
    if (options.checkpoint() != null) {
      request.setCheckpoint(Arguments.name("checkpoint", options.checkpoint()));
    }
    return request.addAllFields(Arguments.texts("fields", options.fields())).build();
  }

  /** Makes the call that changes some fields. */
  public Call<UpdateResponse, WriteResult> update(StateFields changes, WriteOptions options) {
    Write write = handle.fenced(options);
    return update(execution().located(() -> updateRequest(changes, write)));
  }

  private UpdateRequest.Builder updateRequest(StateFields changes, Write write) {
    UpdateRequest.Builder request =
        UpdateRequest.newBuilder()
            .setKey(execution().key())
            .setChanges(StateMessages.write(changes, handle.codec()))
            .addAllReplace(Arguments.texts("replace", changes.replaced()))
            .addAllRemove(Arguments.texts("remove", changes.removed()));
    for (Map.Entry<String, @Nullable Object> field : changes.asMap().entrySet()) {
      if (field.getValue() == null) {
        remove(request, field.getKey());
      }
    }
    execution().checkId(request.getChanges().getId());
    return request.setOptions(write.toMessage(execution()));
  }

  private static void remove(UpdateRequest.Builder request, String name) {
    switch (name) {
      case "labels" -> request.addReplace(name);
      case "id", "status", "start_time" ->
          throw InvalidRequestException.of(name, "cannot be removed");
      default -> request.addRemove(name);
    }
  }

  /** Makes the call of an update whose request is there already. */
  Call<UpdateResponse, WriteResult> update(UpdateRequest.Builder request) {
    Execution before = copy();
    if (before != null && before.getSerializedSize() < RETURNED_BYTES_MAX) {
      request.setReturnExecution(true);
    }
    Cache.Ticket ticket = handle.cache().begin(handle.key());
    return Call.of(
        Rpc.UPDATE,
        request.build(),
        execution(),
        response -> {
          WriteResult result = Results.read(response.getResult());
          boolean known = response.hasExecution() && !result.replayed();
          handle
              .cache()
              .endWrite(
                  ticket,
                  result.revision(),
                  known ? response.getExecution() : null,
                  handle.cacheTtl());
          return result;
        },
        error -> handle.cache().endWrite(ticket));
  }

  /** Makes the call that deletes the execution. */
  public Call<DeleteResponse, DeleteResult> delete(WriteOptions options) {
    Write write = handle.fenced(options);
    DeleteRequest request =
        execution()
            .located(
                () ->
                    DeleteRequest.newBuilder()
                        .setKey(execution().key())
                        .setOptions(write.withoutTtl(execution()))
                        .build());
    return handle.write(
        Rpc.DELETE,
        request,
        DeleteResponse::getResult,
        response -> new DeleteResult(Results.read(response.getResult()), response.getExisted()));
  }

  /** Makes the call for one page of the changes. */
  public Call<ListRevisionsResponse, Page<Revision>> listRevisions(int pageSize, String pageToken) {
    ListRevisionsRequest request =
        execution()
            .located(
                () ->
                    ListRevisionsRequest.newBuilder()
                        .setKey(execution().key())
                        .setPageSize(Arguments.pageSize(pageSize))
                        .setPageToken(pageToken)
                        .build());
    return handle.plain(
        Rpc.LIST_REVISIONS,
        request,
        response ->
            new Page<>(
                response.getRevisionsList().stream().map(Results::read).toList(),
                response.getNextPageToken()));
  }

  /** Brings what stands beside a state to where writing it has brought the execution. */
  static void moveOn(ExecutionState state, WriteResult result) {
    List<Pause> pauses = state.pauses();
    if (state.status() != Status.PAUSED) {
      pauses =
          pauses.stream()
              .map(pause -> pause.waits() ? pause.withStatus(PauseStatus.VOIDED) : pause)
              .toList();
    }
    Instant createTime = state.createTime();
    if (result.version() == 1) {
      createTime = result.updateTime();
    } else if (state.version() != result.version() - 1) {
      // Others have written in between, and may have created it anew.
      createTime = null;
    }
    state.setId(result.executionId());
    state.setFacts(
        new ExecutionState.Facts(
            result.revision(),
            result.version(),
            createTime,
            result.updateTime(),
            result.expireTime(),
            pauses,
            state.sharedState(),
            false));
  }

  private @Nullable Execution copy() {
    return handle.caches() ? handle.cache().get(handle.key()) : null;
  }

  /** Gives the execution as a load would read it after a save; null: not known. */
  private @Nullable Execution saved(
      SaveRequest request, dev.statekeeper.v1.WriteResult result, @Nullable Execution known) {
    if (!handle.caches() || result.getReplayed()) {
      return null;
    }
    Execution before =
        known != null && known.getVersion() + 1 == result.getVersion() ? known : null;
    boolean waits =
        before != null
            && before.getPausesList().stream()
                .anyMatch(
                    pause ->
                        switch (pause.getStatus()) {
                          case PAUSE_STATUS_OPEN, PAUSE_STATUS_OVERDUE -> true;
                          default -> false;
                        });
    // What becomes of pauses is the server's to say.
    if (waits || (before == null && result.getVersion() > 1)) {
      return null;
    }
    if (before == null && !request.getState().hasStartTime()) {
      return null;
    }
    Execution.Builder saved =
        Execution.newBuilder()
            .setKey(result.getKey())
            .setRevision(result.getRevision())
            .setVersion(result.getVersion())
            .setCreateTime(before == null ? result.getUpdateTime() : before.getCreateTime())
            .setUpdateTime(result.getUpdateTime())
            .setState(request.getState());
    if (result.hasExpireTime()) {
      saved.setExpireTime(result.getExpireTime());
    }
    saved.getStateBuilder().setId(execution().executionId());
    if (before != null) {
      saved.addAllPauses(before.getPausesList());
      if (!saved.getState().hasStartTime()) {
        saved.getStateBuilder().setStartTime(before.getState().getStartTime());
      }
    }
    return saved.build();
  }

  private ExecutionRef execution() {
    return handle.execution();
  }
}
