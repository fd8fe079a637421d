package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.internal.requests.Times;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one call whose response is a stream.
 *
 * @param <A> the messages
 */
public final class MessageStream<A extends Message> {
  // What is not taken yet is left in the server, which notices who is too slow.
  private static final int AHEAD = 2;

  private final ClientCall<Message, A> messages;
  private final Call<A, ?> call;
  private final Route route;
  private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
  private @Nullable Failure end;

  MessageStream(ClientCall<Message, A> messages, Call<A, ?> call, Route route) {
    this.messages = messages;
    this.call = call;
    this.route = route;
    messages.start(new Listener(), new Metadata());
    messages.request(AHEAD);
    messages.sendMessage(call.request());
    messages.halfClose();
  }

  /**
   * Waits for the next message.
   *
   * @param timeout for how long; then the stream is cancelled
   * @return the message
   * @throws StateException where the stream has ended, for whatever reason, or no message came in
   *     time
   * @throws CallCancelledException where the thread was interrupted; the stream goes on
   */
  public A receive(Duration timeout) {
    return poll(timeout)
        .orElseThrow(
            () -> {
              cancel();
              end =
                  Failure.of(
                      Status.Code.UNAVAILABLE,
                      "nothing was heard of it for " + Times.told(timeout));
              return route.translate(end, call);
            });
  }

  /**
   * Waits for the next message, and does not mind if there is none.
   *
   * @param timeout for how long
   * @return the message; empty: none came in time
   */
  @SuppressWarnings("unchecked") // Beside messages there is only the failure in the end.
  public Optional<A> poll(Duration timeout) {
    if (end == null) {
      Object next = take(timeout);
      if (next == null) {
        return Optional.empty();
      }
      if (!(next instanceof Failure failure)) {
        messages.request(1);
        return Optional.of((A) next);
      }
      end = failure;
    }
    throw route.translate(end, call);
  }

  private @Nullable Object take(Duration timeout) {
    try {
      return received.poll(Times.nanos(timeout), TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CallCancelledException(call.execution().facts("the thread was interrupted"));
    }
  }

  /** Ends the stream, also where another thread waits for a message; harmless when it has ended. */
  public void cancel() {
    messages.cancel("it is no longer wanted", null);
  }

  private final class Listener extends ClientCall.Listener<A> {
    @Override
    public void onMessage(A message) {
      route.hear();
      received.add(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      received.add(
          status.isOk()
              ? Failure.of(Status.Code.UNAVAILABLE, "the server has ended the stream")
              : Failure.of(status, trailers));
    }
  }
}
