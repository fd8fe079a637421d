package dev.statekeeper.client.internal.watching;

import dev.statekeeper.client.WatchOptions;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.DeadlineExceededException;
import dev.statekeeper.client.errors.InternalException;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.OverloadedException;
import dev.statekeeper.client.errors.RevisionCompactedException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.StorageException;
import dev.statekeeper.client.errors.UnavailableException;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.internal.wire.Backoff;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.client.model.WatchEvent;
import dev.statekeeper.v1.Event;
import dev.statekeeper.v1.WatchResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A watch as far as it is known on this side: what it has given, and how it goes on.
 *
 * <p>A stream may end at any time, and the watch goes on with the next one. What is kept here sees
 * to it that nothing is missed and nothing comes twice.
 */
public final class Following {
  private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);
  // Without a sign of life for as many heartbeats, a stream is taken to be broken.
  private static final int SILENT_HEARTBEATS = 3;
  // A fault of the server, or of what stands between: it may have been the only one.
  private static final int FAULTS_MAX = 2;

  /** An event that was received, and the place after it. */
  private record Received(Function<Codec, WatchEvent> read, Place place) {}

  private final Codec codec;
  private final Deque<Received> events = new ArrayDeque<>();
  private WatchAsk ask;
  private boolean begun;
  private @Nullable StateException trouble;
  // What the caller has got, and what was received.
  private @Nullable Place reached;
  private @Nullable Place received;
  private Given given;
  private List<Mark> marks;
  private @Nullable Backoff backoff;
  private int messages;
  private int faults;
  private boolean gap;

  private Following(WatchAsk ask, Codec codec) {
    this.codec = codec;
    this.ask = ask;
    this.reached = ask.place();
    this.received = ask.place();
    this.given = new Given(ask.place());
    this.marks = given.marks();
  }

  /** Makes the watch of an execution, which has not begun. */
  public static Following of(ExecutionRef execution, WatchOptions options, Codec codec) {
    return execution.located(
        () -> new Following(WatchAsk.checked(execution, null, options), codec));
  }

  /** Makes the watch of a namespace, which has not begun. */
  public static Following of(String namespace, String idPrefix, WatchOptions options, Codec codec) {
    ExecutionRef scope = ExecutionRef.ofNamespace(ExecutionRef.namespaceOf(namespace));
    return new Following(WatchAsk.checked(scope, idPrefix, options), codec);
  }

  /** Whether the watch stands or has ever stood: it misses nothing since. */
  public boolean begun() {
    return begun;
  }

  /** After how long without a message a stream is broken. */
  public Duration silence() {
    return ask.heartbeat().multipliedBy(SILENT_HEARTBEATS);
  }

  /** Why the last stream has ended; null: there is another one. */
  public @Nullable StateException trouble() {
    return trouble;
  }

  /** What is watched. */
  public ExecutionRef scope() {
    return ask.scope();
  }

  /** Where the caller stands: what to resume from, once what was given is dealt with. */
  public String resumeToken() {
    Place place = events.isEmpty() ? received : reached;
    return place == null ? "" : place.token();
  }

  /** Makes the call for the next stream. */
  public Call<WatchResponse, WatchResponse> call() {
    messages = 0;
    given = new Given(received);
    return Call.of(Rpc.WATCH, ask.from(received), ask.scope(), message -> message);
  }

  /** Gives the next of the events that were received; null: there are no more. */
  public @Nullable WatchEvent next() {
    Received next = events.poll();
    if (next == null) {
      return null;
    }
    reached = next.place();
    // Read when it is given: what cannot be read is told of this event alone.
    return next.read().apply(codec);
  }

  /** Notes a message that was received. */
  public void take(WatchResponse message) {
    messages++;
    begun = true;
    trouble = null;
    if (events.isEmpty()) {
      reached = received;
    }
    if (messages > 1 || !message.getHeartbeat()) {
      // A stream that has only begun may end like the one before it.
      backoff = null;
      faults = 0;
    }
    takeEvents(message);
    if (gap) {
      gap = false;
      putNotice(EventKind.GAP);
    }
    if (message.getSnapshotComplete()) {
      putNotice(EventKind.SNAPSHOT_COMPLETE);
    }
  }

  /**
   * Notes that the stream has ended, and gives the nanoseconds until the next.
   *
   * @param error why
   * @param patience for how long to try while the watch has not begun
   * @throws StateException where there is no use in another one, or the time for that is over
   */
  public long lost(StateException error, Duration patience) {
    trouble = error;
    if (ask.restarts() && isGap(error)) {
      ask = ask.withSnapshot();
      received = null;
      marks = new ArrayList<>();
      gap = true;
      return 0;
    }
    if (!isPassing(error)) {
      faults++;
      if (!(error instanceof InternalException) || faults > FAULTS_MAX) {
        throw error;
      }
    }
    if (backoff == null) {
      Duration limit = ask.giveUpAfter() == null ? FOR_EVER : ask.giveUpAfter();
      backoff = new Backoff(begun || limit.compareTo(patience) < 0 ? limit : patience);
    }
    OptionalLong delayNanos = backoff.delayNanos();
    if (delayNanos.isEmpty()) {
      throw error;
    }
    long more = 0;
    if (error instanceof OverloadedException overloaded) {
      more = overloaded.retryAfter().map(Times::nanos).orElse(0L);
    }
    return delayNanos.getAsLong() + more;
  }

  /**
   * Whether it is said of the way to the server, or of a server that stops or has too much to do.
   */
  private static boolean isPassing(StateException error) {
    return error instanceof UnavailableException
        || error instanceof StorageException
        || error instanceof OverloadedException
        || error instanceof CallCancelledException
        || error instanceof DeadlineExceededException;
  }

  private boolean isGap(StateException error) {
    if (error instanceof RevisionCompactedException) {
      return true;
    }
    // Of a token that the server itself gave in this watch: it was restored since.
    return begun
        && error instanceof InvalidRequestException invalid
        && invalid.violations().stream().anyMatch(each -> each.field().equals("resume_token"));
  }

  private void takeEvents(WatchResponse message) {
    Iterator<String> tokens = message.getSnapshotTokensList().iterator();
    Event fresh = null;
    for (Event event : message.getEventsList()) {
      boolean again = given.has(event.getKey().getExecutionId(), event.getRevision());
      boolean snapshot = event.getKind() == dev.statekeeper.v1.EventKind.EVENT_KIND_SNAPSHOT;
      if (snapshot && tokens.hasNext()) {
        comeTo(tokens.next());
      } else if (!again) {
        mark(event);
      }
      if (!again) {
        fresh = event;
        put(event);
      }
    }
    if (!message.getResumeToken().isEmpty()) {
      comeTo(message.getResumeToken());
      if (fresh != null) {
        events.removeLast();
        put(fresh);
      }
    }
  }

  /** Notes that the server knows the place. */
  private void comeTo(String token) {
    marks = given.marks();
    received = new Place(token, marks, marks.size());
  }

  /** Notes an event after which the server knows no place. */
  private void mark(Event event) {
    String token = received == null ? "" : received.serverToken();
    marks.add(new Mark(event.getKey().getExecutionId(), event.getRevision()));
    received = new Place(token, marks, marks.size());
  }

  private void put(Event event) {
    Place place = here();
    events.add(new Received(reader -> Events.read(event, place, reader), place));
  }

  private void putNotice(EventKind kind) {
    Place place = here();
    String namespace = ask.scope().namespace();
    events.add(new Received(reader -> Events.notice(kind, namespace, place), place));
  }

  private Place here() {
    return received == null ? Place.of("") : received;
  }
}
