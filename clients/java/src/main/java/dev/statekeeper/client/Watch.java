package dev.statekeeper.client;

import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.watching.Following;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.internal.wire.MessageStream;
import dev.statekeeper.client.model.WatchEvent;
import dev.statekeeper.v1.WatchResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What happens, as it happens; made by {@link StateManager#watch()} and {@link Client#watch}.
 *
 * <pre>{@code
 * try (Watch events = sm.watch()) {
 *   for (WatchEvent event : events) {
 *     System.out.println(event.kind() + " " + event.status());
 *   }
 * }
 * }</pre>
 *
 * <p>It stands when it is made, and misses nothing from then on. A broken connection, a server that
 * restarts or is silent, and having been too slow are dealt with: it goes on where it was, and
 * gives every event once, also after a step that was interrupted. It ends when it is closed, and
 * when it throws.
 *
 * <p>One thread at a time may ask it for events, and any thread may close it.
 */
public final class Watch implements Iterable<WatchEvent>, AutoCloseable {
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 2);

  private final Connection connection;
  private final Following following;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable MessageStream<WatchResponse> stream;
  private boolean fresh;
  private long silentSinceNanos;
  private long nextStreamNanos;

  private Watch(Connection connection, Following following) {
    this.connection = connection;
    this.following = following;
    this.nextStreamNanos = System.nanoTime();
  }

  /** Makes one that stands, or throws; where that is limited, gives up after a while. */
  static Watch begin(Connection connection, Following following, @Nullable Duration limit) {
    Watch watch = new Watch(connection, following);
    long endsNanos = System.nanoTime() + Times.nanos(limit == null ? FOR_EVER : limit);
    while (!following.begun() && !watch.isClosed() && endsNanos - System.nanoTime() > 0) {
      watch.advanceOrEnd(endsNanos - System.nanoTime());
    }
    return watch;
  }

  /**
   * What to store once all events that were given are dealt with: as that of the last event, but it
   * moves on also where nothing happens, so that it is not too old one day.
   *
   * @return the token
   */
  public String resumeToken() {
    return following.resumeToken();
  }

  /**
   * Why there is no connection to the server at the moment.
   *
   * @return empty: there is one
   */
  public Optional<StateException> trouble() {
    return Optional.ofNullable(following.trouble());
  }

  /**
   * Waits for the next event.
   *
   * @return the event; empty: this is closed
   * @throws dev.statekeeper.client.errors.RevisionCompactedException where what happened meanwhile
   *     is no longer kept
   * @throws dev.statekeeper.client.errors.SerializationException where Java cannot hold a value of
   *     the event; it is passed over, and the watch goes on
   * @throws CallCancelledException where the client was closed, or the thread interrupted; after
   *     the latter the watch goes on
   * @throws StateException where the server refuses to go on, or could not be reached for {@link
   *     WatchOptions#giveUpAfter}
   */
  public Optional<WatchEvent> next() {
    return poll(FOR_EVER);
  }

  /**
   * Waits for the next event, but not for ever; throws what {@link #next} does.
   *
   * @param timeout for how long
   * @return the event; empty: there was none, or this is closed
   */
  public Optional<WatchEvent> poll(Duration timeout) {
    long endsNanos = System.nanoTime() + Times.nanos(timeout);
    while (!isClosed()) {
      WatchEvent event = following.next();
      if (event != null) {
        return Optional.of(event);
      }
      long left = endsNanos - System.nanoTime();
      if (left <= 0) {
        break;
      }
      advanceOrEnd(left);
    }
    return Optional.empty();
  }

  /** Gives the events one after the other; each step does what {@link #next} does. */
  @Override
  public Iterator<WatchEvent> iterator() {
    return new Steps();
  }

  /** Ends it, also where another thread waits for an event; harmless when it has ended. */
  @Override
  public void close() {
    closed.countDown();
    MessageStream<WatchResponse> open = stream;
    if (open != null) {
      open.cancel();
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void advanceOrEnd(long leftNanos) {
    try {
      advance(leftNanos);
    } catch (StateException error) {
      if (!Thread.currentThread().isInterrupted()) {
        close();
      }
      throw error;
    }
  }

  /** Waits for a message, or for what keeps it from coming, but no longer than this. */
  private void advance(long leftNanos) {
    MessageStream<WatchResponse> open = stream;
    if (open == null) {
      long untilNext = nextStreamNanos - System.nanoTime();
      if (untilNext > 0) {
        pause(Math.min(untilNext, leftNanos));
        return;
      }
      open = open();
      stream = open;
      fresh = true;
      silentSinceNanos = System.nanoTime();
      if (isClosed()) {
        open.cancel();
        return;
      }
    }
    Duration limit = fresh ? connection.route().timeout() : following.silence();
    long silent = Times.nanos(limit) - (System.nanoTime() - silentSinceNanos);
    try {
      Optional<WatchResponse> message =
          leftNanos < silent
              ? open.poll(Duration.ofNanos(leftNanos))
              : Optional.of(open.receive(Duration.ofNanos(Math.max(0, silent))));
      if (message.isPresent()) {
        fresh = false;
        silentSinceNanos = System.nanoTime();
        following.take(message.get());
      }
    } catch (StateException error) {
      if (Thread.currentThread().isInterrupted()) {
        throw error;
      }
      lose(error);
    }
  }

  private void lose(StateException error) {
    stream = null;
    if (isClosed()) {
      return;
    }
    if (connection.closed()) {
      throw clientClosed();
    }
    nextStreamNanos = System.nanoTime() + following.lost(error, connection.route().patience());
  }

  private MessageStream<WatchResponse> open() {
    try {
      return connection.open(following.call());
    } catch (IllegalStateException refused) {
      if (following.trouble() == null || !connection.closed()) {
        throw refused;
      }
      // Closed between two streams: for who watches, that is no different.
      throw clientClosed();
    }
  }

  private CallCancelledException clientClosed() {
    return new CallCancelledException(following.scope().facts("this client is closed"));
  }

  private void pause(long nanos) {
    try {
      if (closed.await(nanos, TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CallCancelledException(following.scope().facts("the thread was interrupted"));
    }
  }

  private final class Steps implements Iterator<WatchEvent> {
    private @Nullable WatchEvent ahead;

    @Override
    public boolean hasNext() {
      if (ahead == null) {
        ahead = Watch.this.next().orElse(null);
      }
      return ahead != null;
    }

    @Override
    public WatchEvent next() {
      if (!hasNext()) {
        throw new NoSuchElementException("this watch is closed");
      }
      WatchEvent event = ahead;
      ahead = null;
      if (event == null) {
        throw new NoSuchElementException("this watch is closed");
      }
      return event;
    }
  }
}
