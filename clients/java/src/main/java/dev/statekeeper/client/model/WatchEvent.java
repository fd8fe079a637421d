package dev.statekeeper.client.model;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to an execution.
 *
 * <p>Of the kinds {@link EventKind#GAP} and {@link EventKind#SNAPSHOT_COMPLETE}, which tell of the
 * watch itself, all but {@code kind}, {@code namespace}, {@code time} and {@code resumeToken} is
 * empty.
 *
 * @param kind what was done
 * @param namespace of its execution
 * @param executionId the execution
 * @param revision position in the log; of the kind {@link EventKind#SNAPSHOT} the execution's
 *     revision
 * @param executionRevision the execution's revision after it, the value to expect: locks and
 *     checkpoints have a revision of their own and leave the execution at its. 0: there is no
 *     execution.
 * @param version number of changes since creation; 1: this created it
 * @param time when it happened; of the kind {@link EventKind#SNAPSHOT} when the state was written
 * @param status the status after it, of what was removed the last one; null: there is none, or this
 *     client is too old to know it
 * @param changed what really changed: {@code status}, {@code context.userId}
 * @param actor who did it, as given with the write; empty when not given
 * @param pauseId the pause, where the kind is about one; else empty
 * @param checkpoint the checkpoint that was made or restored; else empty
 * @param owner who got or had the lock, where the kind is about it; else empty
 * @param changes with {@code CHANGES}, what was set: of documents the entries that were set, of
 *     labels all. Merging it, and taking away what is {@code removed}, makes of the state before it
 *     the state after it. null: not asked for, nothing moved the execution's revision, or another
 *     event of the same revision that came before has it.
 * @param removed with {@code CHANGES}, what is gone: {@code context.userId}
 * @param state with {@code STATE}, the state after it; with {@code CHANGES} too where the kind is
 *     {@link EventKind#SNAPSHOT}. null: not asked for, there is none, or another event of the same
 *     revision that came before has it.
 * @param valuesMissing whether values were asked for that cannot be told any more; load the state
 *     where they are needed
 * @param resumePoint the place after it
 */
public record WatchEvent(
    EventKind kind,
    String namespace,
    String executionId,
    long revision,
    long executionRevision,
    long version,
    Instant time,
    @Nullable Status status,
    List<String> changed,
    String actor,
    String pauseId,
    String checkpoint,
    String owner,
    @Nullable StateFields changes,
    List<String> removed,
    @Nullable ExecutionState state,
    boolean valuesMissing,
    ResumePoint resumePoint) {

  /** A place in a watch. */
  @FunctionalInterface
  public interface ResumePoint {
    /**
     * Gives what can be stored.
     *
     * @return the token
     */
    String token();
  }

  /**
   * What to store once this was dealt with: a watch goes on from it, right after this.
   *
   * <p>It is short for the last event of a message. For the others it names what was given of the
   * message, and is worked out when it is asked for.
   *
   * @return the token
   */
  public String resumeToken() {
    return resumePoint.token();
  }
}
