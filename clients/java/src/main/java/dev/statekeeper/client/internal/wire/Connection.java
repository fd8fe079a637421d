package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.StateTooLargeException;
import dev.statekeeper.v1.BatchRequest;
import dev.statekeeper.v1.BatchResponse;
import dev.statekeeper.v1.StateManagerGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection to a server, for any number of threads. */
public final class Connection implements AutoCloseable {
  /** The largest message, in bytes. */
  public static final int MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

  private static final int OPERATION_BYTES_MAX = 64 * 1024;
  private static final String CLOSED = "this client is closed";
  private static final Failure CLOSING = Failure.of(Status.Code.CANCELLED, CLOSED);

  private final ManagedChannel channel;
  private final Route route;
  private final Timer timer = new Timer();
  private final Pipeline pipeline;
  private final Set<Sending<?>> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Makes one.
   *
   * @param channel the way to the server, which is closed with this
   * @param route how long calls may take
   */
  public Connection(ManagedChannel channel, Route route) {
    this.channel = channel;
    this.route = route;
    this.pipeline = new Pipeline(this::openPipeline, route::answered, route::hear, timer);
    new Reconnector(channel, timer).start();
  }

  /** Where its calls go and for how long. */
  public Route route() {
    return route;
  }

  /** For small things to be done later. */
  public Timer timer() {
    return timer;
  }

  /** Whether it was closed. */
  public boolean closed() {
    return closed;
  }

  /**
   * Sends a call and waits for what comes of it.
   *
   * @throws dev.statekeeper.client.errors.StateException where it did not succeed
   * @throws IllegalStateException where this is closed
   */
  public <A extends Message, R extends @Nullable Object> R send(Call<A, R> call) {
    try {
      return call.finish().apply(await(call, begin(call)));
    } catch (RuntimeException error) {
      giveUp(call, error);
      throw error;
    }
  }

  /**
   * Sends a call and waits for nothing.
   *
   * @return what comes of it; cancelling it cancels the call
   */
  public <A extends Message, R extends @Nullable Object> CompletableFuture<R> start(
      Call<A, R> call) {
    CompletableFuture<A> answer = beginOrFail(call);
    CompletableFuture<R> result = new CompletableFuture<>();
    result.whenComplete(
        (done, error) -> {
          if (result.isCancelled()) {
            answer.cancel(false);
          }
        });
    // What callers do with it may take its time, and gRPC's threads have none.
    answer.whenCompleteAsync(
        (response, error) -> {
          try {
            if (error != null) {
              throw error;
            }
            result.complete(call.finish().apply(response));
          } catch (Throwable failed) {
            giveUp(call, failed);
            result.completeExceptionally(failed);
          }
        });
    return result;
  }

  /** Sends a call and waits for nothing; what becomes of it is nobody's concern. */
  public void post(Call<?, ?> call) {
    if (!closed) {
      start(call);
    }
  }

  /** Opens the stream of a call, and waits for nothing. */
  public <A extends Message> MessageStream<A> open(Call<A, ?> call) {
    checkOpen();
    // A server that is away is told at once: whoever reads knows how to go on.
    return new MessageStream<>(
        channel.newCall(call.rpc().method(), CallOptions.DEFAULT), call, route);
  }

  @Override
  public void close() {
    closed = true;
    pipeline.close(CLOSING);
    underWay.forEach(sending -> sending.fail(CLOSING));
    channel.shutdownNow();
    timer.close();
  }

  private <A extends Message> CompletableFuture<A> begin(Call<A, ?> call) {
    checkSize(call);
    checkOpen();
    Sending<A> sending = new Sending<>(call, this::attempt, route, timer);
    underWay.add(sending);
    sending.answer().whenComplete((answer, error) -> underWay.remove(sending));
    sending.start();
    if (closed) {
      sending.fail(CLOSING);
    }
    return sending.answer();
  }

  private <A extends Message> CompletableFuture<A> beginOrFail(Call<A, ?> call) {
    try {
      return begin(call);
    } catch (RuntimeException error) {
      return CompletableFuture.failedFuture(error);
    }
  }

  private static <A extends Message> A await(Call<A, ?> call, CompletableFuture<A> answer) {
    try {
      return answer.get();
    } catch (InterruptedException interrupted) {
      answer.cancel(false);
      Thread.currentThread().interrupt();
      throw new CallCancelledException(call.execution().facts("the thread was interrupted"));
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException error) {
        // So that it shows who has called.
        error.setStackTrace(new Throwable().getStackTrace());
        throw error;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  private <A extends Message> CompletableFuture<A> attempt(Call<A, ?> call, Duration left) {
    int sizeBytes = call.request().getSerializedSize();
    return call.rpc().isOperation() && sizeBytes <= OPERATION_BYTES_MAX
        ? pipeline.call(call.rpc(), call.request(), sizeBytes, left)
        : alone(call, left);
  }

  /** Sends a call as one of its own. */
  private <A extends Message> CompletableFuture<A> alone(Call<A, ?> call, Duration left) {
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(left.toNanos(), TimeUnit.NANOSECONDS);
    ClientCall<Message, A> unary =
        channel.newCall(
            call.rpc().method(), route.answered() ? options.withWaitForReady() : options);
    CompletableFuture<A> answer = new CompletableFuture<>();
    answer.whenComplete(
        (response, error) -> {
          if (answer.isCancelled()) {
            unary.cancel("its caller has given it up", null);
          }
        });
    ClientCalls.asyncUnaryCall(unary, call.request(), new Answer<>(answer));
    return answer;
  }

  private ClientCall<BatchRequest, BatchResponse> openPipeline(boolean wait) {
    // A message is under way until it was written: only then is the stream ready for another.
    CallOptions options = CallOptions.DEFAULT.withOnReadyThreshold(1);
    return channel.newCall(
        StateManagerGrpc.getPipelineMethod(), wait ? options.withWaitForReady() : options);
  }

  private void giveUp(Call<?, ?> call, Throwable error) {
    call.giveUp().accept(error);
    if (call.cleanup() != null && Route.mayBeDone(error)) {
      post(call.cleanup());
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException(CLOSED);
    }
  }

  /** Refuses what the server would not receive. */
  static void checkSize(Call<?, ?> call) {
    int size = call.request().getSerializedSize();
    if (size > MESSAGE_BYTES_MAX) {
      throw new StateTooLargeException(
          call.execution()
              .facts(
                  "the request has " + size + " bytes, and a message may have " + MESSAGE_BYTES_MAX)
              .with("size", Integer.toString(size))
              .with("limit", Integer.toString(MESSAGE_BYTES_MAX)));
    }
  }

  /** Takes the answer to a call of its own. */
  private static final class Answer<A> implements StreamObserver<A> {
    private final CompletableFuture<A> answer;
    private @Nullable A response;

    Answer(CompletableFuture<A> answer) {
      this.answer = answer;
    }

    @Override
    public void onNext(A message) {
      // Whether it counts is said by the status that follows.
      response = message;
    }

    @Override
    public void onError(Throwable error) {
      StatusRuntimeException told =
          error instanceof StatusRuntimeException status
              ? status
              : Status.fromThrowable(error).asRuntimeException();
      Metadata trailers = told.getTrailers();
      answer.completeExceptionally(new FailedCall(Failure.of(told.getStatus(), trailers), false));
    }

    @Override
    public void onCompleted() {
      answer.complete(response);
    }
  }
}
