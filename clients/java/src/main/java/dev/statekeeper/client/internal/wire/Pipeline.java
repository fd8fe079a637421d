package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.v1.BatchRequest;
import dev.statekeeper.v1.BatchResponse;
import dev.statekeeper.v1.OperationResult;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Many calls in one stream: what waits while a message is under way goes into the next.
 *
 * <p>A call of its own costs both sides far more than its operation. Here the calls of all threads
 * share messages: nothing waits for company, but what comes while a message is being written is
 * sent with the one after it. There is no thread for that: whoever brings an operation while nobody
 * writes, writes what waits.
 *
 * <p>When the stream breaks, what has no answer is sent again on a new one, in the same order. That
 * is safe: reads change nothing, and writes carry a request id.
 */
final class Pipeline {
  private static final int MESSAGE_OPERATIONS_MAX = 500;
  private static final int MESSAGE_BYTES_MAX = 256 * 1024;
  // What a stream ends with when the way to the server is broken, or the server stops.
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.CANCELLED, Status.Code.OK);

  /** Opens streams. */
  interface Opener {
    /**
     * Gives a call that was not started.
     *
     * @param wait whether it waits until the server is there
     */
    ClientCall<BatchRequest, BatchResponse> open(boolean wait);
  }

  private final Opener opener;
  private final BooleanSupplier known;
  private final Runnable heard;
  private final Timer timer;

  private final ReentrantLock lock = new ReentrantLock();
  // What follows is guarded by the lock.
  private long lastTag;
  private final Deque<Pending<?>> unsent = new ArrayDeque<>();
  private final NavigableMap<Long, Pending<?>> sent = new TreeMap<>();
  private @Nullable Stream stream;
  private @Nullable Backoff backoff;
  private boolean waiting;
  private boolean writing;
  private @Nullable Failure closed;

  /**
   * Makes one, which has no stream yet.
   *
   * @param opener opens streams
   * @param known whether the server was ever heard of; until then a server that cannot be reached
   *     is soon an error
   * @param heard told when the server is heard of
   * @param timer for what is done later
   */
  Pipeline(Opener opener, BooleanSupplier known, Runnable heard, Timer timer) {
    this.opener = opener;
    this.known = known;
    this.heard = heard;
    this.timer = timer;
  }

  /**
   * Does one operation.
   *
   * @return its response, or a {@link FailedCall}; cancelling it is harmless to all others
   */
  <A extends Message> CompletableFuture<A> call(
      Rpc<A> rpc, Message request, int sizeBytes, Duration timeout) {
    Pending<A> pending = new Pending<>(rpc, request, sizeBytes, timeout);
    Future<?> end =
        timer.after(
            timeout.toNanos(),
            () -> pending.fail(Failure.of(Status.Code.DEADLINE_EXCEEDED, "no answer in time")));
    pending.answer.whenComplete((answer, error) -> end.cancel(false));
    Failure refused;
    lock.lock();
    try {
      refused = closed;
      if (refused == null) {
        pending.setTag(++lastTag);
        unsent.add(pending);
      }
    } finally {
      lock.unlock();
    }
    if (refused != null) {
      pending.fail(refused);
    } else {
      pump();
    }
    return pending.answer;
  }

  /** Ends the stream and all calls. */
  void close(Failure failure) {
    List<Pending<?>> left;
    Stream ended;
    lock.lock();
    try {
      closed = failure;
      ended = stream;
      stream = null;
      left = takeAll();
    } finally {
      lock.unlock();
    }
    if (ended != null) {
      ended.call.cancel(failure.details(), null);
    }
    left.forEach(pending -> pending.fail(failure));
  }

  /** Writes what waits, until nothing does or the stream is busy. */
  private void pump() {
    while (true) {
      Stream to;
      BatchRequest message = null;
      lock.lock();
      try {
        if (writing || waiting || closed != null || unsent.isEmpty()) {
          return;
        }
        writing = true;
        to = stream;
        if (to == null) {
          to = stream = new Stream(opener.open(known.getAsBoolean()));
        } else if (to.call.isReady()) {
          message = take();
        }
        if (message == null && to.started) {
          // It says when it is ready.
          writing = false;
          return;
        }
      } finally {
        lock.unlock();
      }
      try {
        if (message == null) {
          to.start();
        } else {
          to.call.sendMessage(message);
        }
      } catch (IllegalStateException ended) {
        // It has ended meanwhile, which it tells by itself.
        to.call.cancel("it cannot be written to", ended);
      }
      lock.lock();
      try {
        writing = false;
      } finally {
        lock.unlock();
      }
    }
  }

  /** What waits, up to what a message may have; null: nobody waits any more. */
  private @Nullable BatchRequest take() {
    BatchRequest.Builder message = BatchRequest.newBuilder();
    int sizeBytes = 0;
    while (!unsent.isEmpty() && message.getOperationsCount() < MESSAGE_OPERATIONS_MAX) {
      Pending<?> next = unsent.peek();
      if (next.answer.isDone()) {
        unsent.poll();
        continue;
      }
      sizeBytes += next.sizeBytes;
      if (message.getOperationsCount() > 0 && sizeBytes > MESSAGE_BYTES_MAX) {
        break;
      }
      unsent.poll();
      sent.put(next.tag(), next);
      message.addOperations(next.toOperation());
    }
    return message.getOperationsCount() == 0 ? null : message.build();
  }

  private List<Pending<?>> takeAll() {
    List<Pending<?>> all = new ArrayList<>(sent.values());
    all.addAll(unsent);
    sent.clear();
    unsent.clear();
    return all;
  }

  private void answer(Stream from, BatchResponse message) {
    heard.run();
    List<Pending<?>> answered = new ArrayList<>(message.getResultsCount());
    lock.lock();
    try {
      if (from != stream) {
        return;
      }
      backoff = null;
      for (OperationResult result : message.getResultsList()) {
        answered.add(sent.remove(result.getTag()));
      }
    } finally {
      lock.unlock();
    }
    for (int at = 0; at < answered.size(); at++) {
      Pending<?> pending = answered.get(at);
      if (pending != null) {
        pending.take(message.getResults(at));
      }
    }
  }

  private void ended(Stream from, Failure failure) {
    List<Pending<?>> failed;
    lock.lock();
    try {
      if (from != stream) {
        return;
      }
      stream = null;
      // What has no answer comes first on the next one.
      List<Pending<?>> all = takeAll();
      all.removeIf(pending -> pending.answer.isDone());
      // With nobody waiting, the next call opens the next stream.
      boolean again = BROKEN.contains(failure.code()) && !all.isEmpty();
      OptionalLong delayNanos = again ? delayNanos() : OptionalLong.empty();
      failed = all;
      if (delayNanos.isPresent()) {
        unsent.addAll(all);
        failed = List.of();
        waiting = true;
        timer.after(delayNanos.getAsLong(), this::goOn);
      }
    } finally {
      lock.unlock();
    }
    failed.forEach(pending -> pending.fail(failure));
    pump();
  }

  private OptionalLong delayNanos() {
    if (backoff == null) {
      backoff = new Backoff(Route.FIND);
    }
    OptionalLong delayNanos = backoff.delayNanos();
    if (delayNanos.isEmpty()) {
      backoff = null;
      return known.getAsBoolean() ? OptionalLong.of(0) : OptionalLong.empty();
    }
    return delayNanos;
  }

  private void goOn() {
    lock.lock();
    try {
      waiting = false;
    } finally {
      lock.unlock();
    }
    pump();
  }

  /** One stream, until it ends. */
  private final class Stream extends ClientCall.Listener<BatchResponse> {
    final ClientCall<BatchRequest, BatchResponse> call;
    boolean started;

    Stream(ClientCall<BatchRequest, BatchResponse> call) {
      this.call = call;
    }

    void start() {
      lock.lock();
      try {
        started = true;
      } finally {
        lock.unlock();
      }
      call.start(this, new Metadata());
      call.request(Integer.MAX_VALUE);
    }

    @Override
    public void onReady() {
      pump();
    }

    @Override
    public void onMessage(BatchResponse message) {
      answer(this, message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ended(this, Failure.of(status, trailers));
    }
  }
}
