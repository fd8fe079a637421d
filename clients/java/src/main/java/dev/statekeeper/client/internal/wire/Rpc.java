package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.v1.BatchResponse;
import dev.statekeeper.v1.CheckpointResponse;
import dev.statekeeper.v1.DefineStateResponse;
import dev.statekeeper.v1.DeleteCheckpointResponse;
import dev.statekeeper.v1.DeleteResponse;
import dev.statekeeper.v1.GetAccessReportResponse;
import dev.statekeeper.v1.GetLockResponse;
import dev.statekeeper.v1.GetPauseResponse;
import dev.statekeeper.v1.ListCheckpointsResponse;
import dev.statekeeper.v1.ListPausesResponse;
import dev.statekeeper.v1.ListResponse;
import dev.statekeeper.v1.ListRevisionsResponse;
import dev.statekeeper.v1.LoadResponse;
import dev.statekeeper.v1.LockResponse;
import dev.statekeeper.v1.Operation;
import dev.statekeeper.v1.OperationResult;
import dev.statekeeper.v1.PauseResponse;
import dev.statekeeper.v1.ReadStateResponse;
import dev.statekeeper.v1.RenewLockResponse;
import dev.statekeeper.v1.RestoreResponse;
import dev.statekeeper.v1.ResumeResponse;
import dev.statekeeper.v1.SaveResponse;
import dev.statekeeper.v1.SharedStateGrpc;
import dev.statekeeper.v1.StateManagerGrpc;
import dev.statekeeper.v1.UnlockResponse;
import dev.statekeeper.v1.UpdateResponse;
import dev.statekeeper.v1.WatchResponse;
import dev.statekeeper.v1.WriteStateResponse;
import io.grpc.MethodDescriptor;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One RPC, and how its request and its response stand in a message of many operations.
 *
 * @param <A> its response
 */
public final class Rpc<A extends Message> {
  // Locks are left out: a call that waits must be one that can be cancelled.
  public static final Rpc<SaveResponse> SAVE =
      operation(
          StateManagerGrpc.getSaveMethod(), Operation.Builder::setSave, OperationResult::getSave);
  public static final Rpc<LoadResponse> LOAD =
      operation(
          StateManagerGrpc.getLoadMethod(), Operation.Builder::setLoad, OperationResult::getLoad);
  public static final Rpc<UpdateResponse> UPDATE =
      operation(
          StateManagerGrpc.getUpdateMethod(),
          Operation.Builder::setUpdate,
          OperationResult::getUpdate);
  public static final Rpc<DeleteResponse> DELETE =
      operation(
          StateManagerGrpc.getDeleteMethod(),
          Operation.Builder::setDelete,
          OperationResult::getDelete);
  public static final Rpc<PauseResponse> PAUSE =
      operation(
          StateManagerGrpc.getPauseMethod(),
          Operation.Builder::setPause,
          OperationResult::getPause);
  public static final Rpc<ResumeResponse> RESUME =
      operation(
          StateManagerGrpc.getResumeMethod(),
          Operation.Builder::setResume,
          OperationResult::getResume);
  public static final Rpc<CheckpointResponse> CHECKPOINT =
      operation(
          StateManagerGrpc.getCheckpointMethod(),
          Operation.Builder::setCheckpoint,
          OperationResult::getCheckpoint);
  public static final Rpc<RestoreResponse> RESTORE =
      operation(
          StateManagerGrpc.getRestoreMethod(),
          Operation.Builder::setRestore,
          OperationResult::getRestore);
  public static final Rpc<DefineStateResponse> DEFINE_STATE =
      operation(
          SharedStateGrpc.getDefineStateMethod(),
          Operation.Builder::setDefineState,
          OperationResult::getDefineState);
  public static final Rpc<WriteStateResponse> WRITE_STATE =
      operation(
          SharedStateGrpc.getWriteStateMethod(),
          Operation.Builder::setWriteState,
          OperationResult::getWriteState);
  public static final Rpc<ReadStateResponse> READ_STATE =
      operation(
          SharedStateGrpc.getReadStateMethod(),
          Operation.Builder::setReadState,
          OperationResult::getReadState);
  public static final Rpc<ListResponse> LIST = alone(StateManagerGrpc.getListMethod());
  public static final Rpc<ListRevisionsResponse> LIST_REVISIONS =
      alone(StateManagerGrpc.getListRevisionsMethod());
  public static final Rpc<GetPauseResponse> GET_PAUSE = alone(StateManagerGrpc.getGetPauseMethod());
  public static final Rpc<ListPausesResponse> LIST_PAUSES =
      alone(StateManagerGrpc.getListPausesMethod());
  public static final Rpc<ListCheckpointsResponse> LIST_CHECKPOINTS =
      alone(StateManagerGrpc.getListCheckpointsMethod());
  public static final Rpc<DeleteCheckpointResponse> DELETE_CHECKPOINT =
      alone(StateManagerGrpc.getDeleteCheckpointMethod());
  public static final Rpc<LockResponse> LOCK = alone(StateManagerGrpc.getLockMethod());
  public static final Rpc<RenewLockResponse> RENEW_LOCK =
      alone(StateManagerGrpc.getRenewLockMethod());
  public static final Rpc<UnlockResponse> UNLOCK = alone(StateManagerGrpc.getUnlockMethod());
  public static final Rpc<GetLockResponse> GET_LOCK = alone(StateManagerGrpc.getGetLockMethod());
  public static final Rpc<BatchResponse> BATCH = alone(StateManagerGrpc.getBatchMethod());
  public static final Rpc<WatchResponse> WATCH = alone(StateManagerGrpc.getWatchMethod());
  public static final Rpc<GetAccessReportResponse> GET_ACCESS_REPORT =
      alone(SharedStateGrpc.getGetAccessReportMethod());

  private final MethodDescriptor<Message, A> method;
  private final @Nullable BiConsumer<Operation.Builder, Message> put;
  private final @Nullable Function<OperationResult, A> take;

  private Rpc(
      MethodDescriptor<Message, A> method,
      @Nullable BiConsumer<Operation.Builder, Message> put,
      @Nullable Function<OperationResult, A> take) {
    this.method = method;
    this.put = put;
    this.take = take;
  }

  private static <Q extends Message, A extends Message> Rpc<A> alone(
      MethodDescriptor<Q, A> method) {
    return new Rpc<>(ofMessages(method), null, null);
  }

  @SuppressWarnings("unchecked") // Each call is made of the request that its RPC takes.
  private static <Q extends Message, A extends Message> Rpc<A> operation(
      MethodDescriptor<Q, A> method,
      BiConsumer<Operation.Builder, Q> put,
      Function<OperationResult, A> take) {
    return new Rpc<>(
        ofMessages(method), (operation, request) -> put.accept(operation, (Q) request), take);
  }

  @SuppressWarnings("unchecked") // As above.
  private static <Q extends Message, A extends Message> MethodDescriptor<Message, A> ofMessages(
      MethodDescriptor<Q, A> method) {
    return (MethodDescriptor<Message, A>) method;
  }

  MethodDescriptor<Message, A> method() {
    return method;
  }

  /** Whether it can be an operation of a message. */
  boolean isOperation() {
    return put != null;
  }

  void put(Operation.Builder operation, Message request) {
    if (put == null) {
      throw new IllegalStateException(method.getFullMethodName() + " is no operation");
    }
    put.accept(operation, request);
  }

  A take(OperationResult result) {
    if (take == null) {
      throw new IllegalStateException(method.getFullMethodName() + " is no operation");
    }
    return take.apply(result);
  }
}
