package dev.statekeeper.client;

import dev.statekeeper.client.errors.RevisionCompactedException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.WaitTimeoutException;
import dev.statekeeper.client.internal.calls.Handle;
import dev.statekeeper.client.internal.calls.StateCalls;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.watching.Following;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Status;
import dev.statekeeper.client.model.WatchEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One wait for what an execution is to become. */
final class Waiting {
  private final Connection connection;
  private final Handle handle;
  private final StateCalls states;
  private final String wanted;
  private final @Nullable Duration timeout;
  private @Nullable Status last;

  /**
   * Makes one.
   *
   * @param wanted what is waited for, in words
   * @param timeout for how long; null: for ever
   */
  Waiting(Connection connection, Handle handle, String wanted, @Nullable Duration timeout) {
    this.connection = connection;
    this.handle = handle;
    this.states = new StateCalls(handle);
    this.wanted = wanted;
    this.timeout =
        timeout == null ? null : handle.execution().located(() -> Times.span(timeout, "timeout"));
  }

  /**
   * Waits.
   *
   * @param concerns whether the state after an event is to be looked at
   * @param holds whether a state is what is waited for
   * @param include what events need to tell
   */
  ExecutionState run(
      Predicate<WatchEvent> concerns,
      Predicate<ExecutionState> holds,
      WatchOptions.Include include) {
    WatchOptions options =
        WatchOptions.NONE
            .withSnapshot()
            .withInclude(include)
            .withOnCompacted(WatchOptions.OnCompacted.SNAPSHOT);
    long beganNanos = System.nanoTime();
    long spanNanos = timeout == null ? Long.MAX_VALUE : Times.nanos(timeout);
    Following following = Following.of(handle.execution(), options, handle.codec());
    try (Watch events = Watch.begin(connection, following, timeout)) {
      while (true) {
        long left = spanNanos - (System.nanoTime() - beganNanos);
        Optional<WatchEvent> event = events.poll(Duration.ofNanos(Math.max(0, left)));
        if (event.isEmpty()) {
          throw timedOut(events.trouble().orElse(null));
        }
        if (seen(event.get()) && concerns.test(event.get())) {
          ExecutionState state = stateAfter(event.get());
          if (state != null && holds.test(state)) {
            return state;
          }
        }
      }
    }
  }

  private boolean seen(WatchEvent event) {
    if (event.kind() == EventKind.GAP || event.kind() == EventKind.SNAPSHOT_COMPLETE) {
      return false;
    }
    last = event.executionRevision() == 0 ? null : event.status();
    return last != null;
  }

  private @Nullable ExecutionState stateAfter(WatchEvent event) {
    if (event.state() != null) {
      return event.state();
    }
    try {
      LoadOptions then = LoadOptions.atRevision(event.executionRevision());
      return connection.send(states.load(then)).orElse(null);
    } catch (RevisionCompactedException gone) {
      return connection.send(states.load(LoadOptions.NONE)).orElse(null);
    }
  }

  private WaitTimeoutException timedOut(@Nullable StateException trouble) {
    String found = last == null ? "there is no execution" : "it is " + last;
    Duration limit = timeout == null ? Duration.ZERO : timeout;
    WaitTimeoutException error =
        new WaitTimeoutException(
            handle
                .execution()
                .facts("not " + wanted + " within " + Times.told(limit) + ": " + found)
                .with("status", last == null ? "" : last.toString()));
    if (trouble != null) {
      error.initCause(trouble);
    }
    return error;
  }
}
