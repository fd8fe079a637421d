package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.statekeeper.v1.BatchRequest;
import dev.statekeeper.v1.BatchResponse;
import dev.statekeeper.v1.GetLockRequest;
import dev.statekeeper.v1.GetLockResponse;
import dev.statekeeper.v1.LockHolder;
import dev.statekeeper.v1.Operation;
import dev.statekeeper.v1.OperationResult;
import dev.statekeeper.v1.SaveResponse;
import dev.statekeeper.v1.StateManagerGrpc;
import dev.statekeeper.v1.WatchRequest;
import dev.statekeeper.v1.WatchResponse;
import dev.statekeeper.v1.WriteResult;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A server that does what a test tells it to, and remembers what it got. */
final class FakeServer extends StateManagerGrpc.StateManagerImplBase implements AutoCloseable {
  /** What was said to this with each call. */
  final List<Metadata> headers = new CopyOnWriteArrayList<>();

  /** The messages of all streams, in order. */
  final List<BatchRequest> messages = new CopyOnWriteArrayList<>();

  /** What becomes of the next calls of GetLock; then they succeed. */
  final ConcurrentLinkedQueue<StatusRuntimeException> failures = new ConcurrentLinkedQueue<>();

  /** How many calls of GetLock came. */
  final List<GetLockRequest> lockCalls = new CopyOnWriteArrayList<>();

  private volatile BiConsumer<BatchRequest, StreamObserver<BatchResponse>> onMessage =
      FakeServer::answer;
  private volatile BiConsumer<WatchRequest, StreamObserver<WatchResponse>> onWatch =
      (request, answers) -> {};
  private final Server server;

  FakeServer() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(this)
            .intercept(new Remembering())
            .build()
            .start();
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Says what becomes of the messages of streams. */
  void onMessage(BiConsumer<BatchRequest, StreamObserver<BatchResponse>> act) {
    onMessage = act;
  }

  /** Says what becomes of watches. */
  void onWatch(BiConsumer<WatchRequest, StreamObserver<WatchResponse>> act) {
    onWatch = act;
  }

  /** Answers all operations of a message with success. */
  static void answer(BatchRequest message, StreamObserver<BatchResponse> answers) {
    BatchResponse.Builder response = BatchResponse.newBuilder();
    for (Operation operation : message.getOperationsList()) {
      response.addResults(done(operation));
    }
    answers.onNext(response.build());
  }

  static OperationResult done(Operation operation) {
    return OperationResult.newBuilder()
        .setTag(operation.getTag())
        .setSave(
            SaveResponse.newBuilder()
                .setResult(
                    WriteResult.newBuilder()
                        .setKey(operation.getSave().getKey())
                        .setRevision(operation.getTag())))
        .build();
  }

  static OperationResult failed(Operation operation, String reason) {
    return OperationResult.newBuilder()
        .setTag(operation.getTag())
        .setError(
            com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.UNAVAILABLE.value())
                .setMessage(reason)
                .addDetails(
                    Any.pack(
                        ErrorInfo.newBuilder().setDomain("statekeeper").setReason(reason).build())))
        .build();
  }

  @Override
  public StreamObserver<BatchRequest> pipeline(StreamObserver<BatchResponse> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(BatchRequest message) {
        messages.add(message);
        onMessage.accept(message, answers);
      }

      @Override
      public void onError(Throwable cancelled) {
        // The client has gone.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<WatchResponse> answers) {
    onWatch.accept(request, answers);
  }

  @Override
  public void getLock(GetLockRequest request, StreamObserver<GetLockResponse> answer) {
    lockCalls.add(request);
    StatusRuntimeException failure = failures.poll();
    if (failure != null) {
      answer.onError(failure);
      return;
    }
    answer.onNext(
        GetLockResponse.newBuilder().setHolder(LockHolder.newBuilder().setOwner("me")).build());
    answer.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Remembering implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata sent, ServerCallHandler<Q, A> next) {
      headers.add(sent);
      return next.startCall(call, sent);
    }
  }
}
