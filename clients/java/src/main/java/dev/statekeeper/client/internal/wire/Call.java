package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call, ready to be sent. It must end in {@code finish} or in {@code giveUp}.
 *
 * <p>Where the response is a stream, {@code finish} reads each of its messages.
 *
 * @param <A> the response
 * @param <R> what callers get of it
 * @param rpc what is called
 * @param request its request
 * @param execution the execution it is about
 * @param finish reads the response, and notes what it means for the cache
 * @param giveUp notes that there is no usable response, because of this error; harmless when it
 *     comes after {@code finish}
 * @param waiting for how long the server may take its time on purpose; allowed beside the client's
 *     timeout
 * @param timeoutMax after this time the answer is of no use; null: it always is
 * @param cleanup what to send, and not wait for, when this one ended without an answer and may have
 *     been done all the same; null: nothing
 */
public record Call<A extends Message, R extends @Nullable Object>(
    Rpc<A> rpc,
    Message request,
    ExecutionRef execution,
    Function<A, R> finish,
    Consumer<Throwable> giveUp,
    Duration waiting,
    @Nullable Duration timeoutMax,
    @Nullable Call<?, ?> cleanup) {

  /** Makes a call that nothing but its result depends on. */
  public static <A extends Message, R extends @Nullable Object> Call<A, R> of(
      Rpc<A> rpc, Message request, ExecutionRef execution, Function<A, R> finish) {
    return of(rpc, request, execution, finish, error -> {});
  }

  /** Makes a call of which an error has to be told, too. */
  public static <A extends Message, R extends @Nullable Object> Call<A, R> of(
      Rpc<A> rpc,
      Message request,
      ExecutionRef execution,
      Function<A, R> finish,
      Consumer<Throwable> giveUp) {
    return new Call<>(rpc, request, execution, finish, giveUp, Duration.ZERO, null, null);
  }

  /** The same with another way to read the response. */
  public <S extends @Nullable Object> Call<A, S> reading(Function<A, S> other) {
    return new Call<>(rpc, request, execution, other, giveUp, waiting, timeoutMax, cleanup);
  }

  /** The same with time for the server to wait. */
  public Call<A, R> waiting(Duration span) {
    return new Call<>(rpc, request, execution, finish, giveUp, span, timeoutMax, cleanup);
  }

  /** The same with an end to its use. */
  public Call<A, R> within(Duration span) {
    return new Call<>(rpc, request, execution, finish, giveUp, waiting, span, cleanup);
  }

  /** The same with something to be sent where it ends without an answer. */
  public Call<A, R> cleanedBy(@Nullable Call<?, ?> other) {
    return new Call<>(rpc, request, execution, finish, giveUp, waiting, timeoutMax, other);
  }
}
