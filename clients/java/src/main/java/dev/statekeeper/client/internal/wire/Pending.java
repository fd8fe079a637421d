package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.v1.Operation;
import dev.statekeeper.v1.OperationResult;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * An operation without an answer.
 *
 * @param <A> the answer
 */
final class Pending<A extends Message> {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  final CompletableFuture<A> answer = new CompletableFuture<>();
  final int sizeBytes;
  private final Rpc<A> rpc;
  private final Message request;
  private final long deadlineNanos;
  private long tag;

  Pending(Rpc<A> rpc, Message request, int sizeBytes, Duration timeout) {
    this.rpc = rpc;
    this.request = request;
    this.sizeBytes = sizeBytes;
    this.deadlineNanos = System.nanoTime() + timeout.toNanos();
  }

  void setTag(long tag) {
    this.tag = tag;
  }

  long tag() {
    return tag;
  }

  Operation toOperation() {
    Operation.Builder operation = Operation.newBuilder().setTag(tag);
    rpc.put(operation, request);
    long left = Math.max(0, deadlineNanos - System.nanoTime());
    operation
        .getTimeoutBuilder()
        .setSeconds(left / NANOS_PER_SECOND)
        .setNanos((int) (left % NANOS_PER_SECOND));
    return operation.build();
  }

  void take(OperationResult result) {
    if (result.hasError()) {
      answer.completeExceptionally(new FailedCall(Failure.of(result.getError()), false));
    } else {
      answer.complete(rpc.take(result));
    }
  }

  void fail(Failure failure) {
    answer.completeExceptionally(new FailedCall(failure, true));
  }
}
