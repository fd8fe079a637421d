package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.client.errors.StateException;
import io.grpc.Status;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * One call on its way: attempt after attempt, until there is an answer or no use in another one.
 *
 * @param <A> its response
 */
final class Sending<A extends Message> {
  /** Makes attempts. */
  interface Attempts {
    /** Begins one; it ends in a response or a {@link FailedCall}, or is cancelled. */
    <A extends Message> CompletableFuture<A> begin(Call<A, ?> call, Duration left);
  }

  private final CompletableFuture<A> answer = new CompletableFuture<>();
  private final Call<A, ?> call;
  private final Attempts attempts;
  private final Route route;
  private final Timer timer;
  private final long deadlineNanos;
  private volatile @Nullable CompletableFuture<A> underWay;
  private int attempt;

  Sending(Call<A, ?> call, Attempts attempts, Route route, Timer timer) {
    this.call = call;
    this.attempts = attempts;
    this.route = route;
    this.timer = timer;
    this.deadlineNanos = System.nanoTime() + route.timeoutOf(call).toNanos();
    answer.whenComplete((response, error) -> cancelAttempt());
  }

  /** What becomes of it: the response, or a {@link StateException}; may be cancelled. */
  CompletableFuture<A> answer() {
    return answer;
  }

  void start() {
    attempt++;
    Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
    CompletableFuture<A> begun = attempts.begin(call, left);
    underWay = begun;
    if (answer.isDone()) {
      cancelAttempt();
    }
    begun.whenComplete(
        (response, error) -> {
          if (error == null) {
            route.hear();
            answer.complete(response);
          } else if (!begun.isCancelled()) {
            failed(error);
          }
        });
  }

  /** Ends it, whatever it is waiting for. */
  void fail(Failure failure) {
    answer.completeExceptionally(route.translate(failure, call));
  }

  private void failed(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (!(cause instanceof FailedCall failed)) {
      answer.completeExceptionally(cause);
      return;
    }
    StateException translated = route.translate(failed.failure(), call);
    OptionalLong delayNanos =
        failed.last()
            ? OptionalLong.empty()
            : Retries.delayNanos(failed.failure(), translated, attempt);
    if (delayNanos.isEmpty() || delayNanos.getAsLong() >= deadlineNanos - System.nanoTime()) {
      answer.completeExceptionally(translated);
      return;
    }
    timer.after(delayNanos.getAsLong(), this::again);
  }

  private void again() {
    if (answer.isDone()) {
      return;
    }
    if (deadlineNanos - System.nanoTime() <= 0) {
      fail(Failure.of(Status.Code.DEADLINE_EXCEEDED, "no answer in time"));
    } else {
      start();
    }
  }

  private void cancelAttempt() {
    CompletableFuture<A> begun = underWay;
    if (begun != null) {
      begun.cancel(false);
    }
  }
}
