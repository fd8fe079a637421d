package dev.statekeeper.client;

import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.model.EventKind;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How to watch; all of it may be left out.
 *
 * @param snapshot begins with what there is: an event of the kind {@link EventKind#SNAPSHOT} for
 *     each execution, and one of the kind {@link EventKind#SNAPSHOT_COMPLETE}
 * @param afterRevision of one execution: begins with the first event after this revision; 0: with
 *     the first that is kept. null: with what happens from now on
 * @param resumeToken goes on after the event that had this token, in a watch of the same executions
 *     and kinds; null: does not
 * @param kinds the kinds of events to tell; empty: all
 * @param include what events tell of the values
 * @param heartbeat how often the server gives a sign when nothing happens, 100 ms to 1 h; after
 *     three times as long without, the connection is taken to be broken, and another one made
 * @param giveUpAfter for how long to try to reach the server again; null: for ever
 * @param onCompacted what to do where what happened since is no longer kept
 */
public record WatchOptions(
    boolean snapshot,
    @Nullable Long afterRevision,
    @Nullable String resumeToken,
    Set<EventKind> kinds,
    Include include,
    Duration heartbeat,
    @Nullable Duration giveUpAfter,
    OnCompacted onCompacted) {

  /** What events tell of the values. */
  public enum Include {
    /** Nothing. */
    HEAD,
    /** What changed. */
    CHANGES,
    /** The whole state after it. */
    STATE;

    /**
     * Gives the one of a name.
     *
     * @param text {@code head}, {@code changes} or {@code state}
     * @return the one that is called so
     * @throws InvalidRequestException where none is
     */
    public static Include of(String text) {
      return switch (text) {
        case "head" -> HEAD;
        case "changes" -> CHANGES;
        case "state" -> STATE;
        default ->
            throw InvalidRequestException.of(
                "include", "'" + text + "' is none of head, changes, state");
      };
    }
  }

  /** What to do where what happened since is no longer kept. */
  public enum OnCompacted {
    /** Throw {@link dev.statekeeper.client.errors.RevisionCompactedException}. */
    RAISE,
    /** Go on with an event of the kind {@link EventKind#GAP} and a snapshot. */
    SNAPSHOT;

    /**
     * Gives the one of a name.
     *
     * @param text {@code raise} or {@code snapshot}
     * @return the one that is called so
     * @throws InvalidRequestException where none is
     */
    public static OnCompacted of(String text) {
      return switch (text) {
        case "raise" -> RAISE;
        case "snapshot" -> SNAPSHOT;
        default ->
            throw InvalidRequestException.of(
                "on_compacted", "'" + text + "' is neither raise nor snapshot");
      };
    }
  }

  /** From now on, all kinds, no values. */
  public static final WatchOptions NONE =
      new WatchOptions(
          false,
          null,
          null,
          Set.of(),
          Include.HEAD,
          Duration.ofSeconds(10),
          null,
          OnCompacted.RAISE);

  /**
   * Begins with what there is.
   *
   * @return a copy
   */
  public WatchOptions withSnapshot() {
    return new WatchOptions(
        true, afterRevision, resumeToken, kinds, include, heartbeat, giveUpAfter, onCompacted);
  }

  /**
   * Begins after a revision of the execution.
   *
   * @param revision the revision; 0: with the first event that is kept
   * @return a copy
   */
  public WatchOptions withAfterRevision(long revision) {
    return new WatchOptions(
        snapshot, revision, resumeToken, kinds, include, heartbeat, giveUpAfter, onCompacted);
  }

  /**
   * Goes on after an event.
   *
   * @param token the event's
   * @return a copy
   */
  public WatchOptions withResumeToken(String token) {
    return new WatchOptions(
        snapshot, afterRevision, token, kinds, include, heartbeat, giveUpAfter, onCompacted);
  }

  /**
   * Tells some kinds of events alone.
   *
   * @param only the kinds
   * @return a copy
   */
  public WatchOptions withKinds(EventKind... only) {
    return new WatchOptions(
        snapshot,
        afterRevision,
        resumeToken,
        Set.of(only),
        include,
        heartbeat,
        giveUpAfter,
        onCompacted);
  }

  /**
   * Says what events tell of the values.
   *
   * @param what what they tell
   * @return a copy
   */
  public WatchOptions withInclude(Include what) {
    return new WatchOptions(
        snapshot, afterRevision, resumeToken, kinds, what, heartbeat, giveUpAfter, onCompacted);
  }

  /**
   * Sets how often the server gives a sign.
   *
   * @param interval 100 ms to 1 h
   * @return a copy
   */
  public WatchOptions withHeartbeat(Duration interval) {
    return new WatchOptions(
        snapshot, afterRevision, resumeToken, kinds, include, interval, giveUpAfter, onCompacted);
  }

  /**
   * Sets for how long to try to reach the server again.
   *
   * @param span for how long
   * @return a copy
   */
  public WatchOptions withGiveUpAfter(Duration span) {
    return new WatchOptions(
        snapshot, afterRevision, resumeToken, kinds, include, heartbeat, span, onCompacted);
  }

  /**
   * Says what to do where what happened since is no longer kept.
   *
   * @param what what to do
   * @return a copy
   */
  public WatchOptions withOnCompacted(OnCompacted what) {
    return new WatchOptions(
        snapshot, afterRevision, resumeToken, kinds, include, heartbeat, giveUpAfter, what);
  }
}
