package dev.statekeeper.client.model;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One pause of an execution. Its token is known to whoever paused alone.
 *
 * @param namespace of its execution
 * @param executionId its execution
 * @param pauseId names it among all pauses of the execution; no secret
 * @param status where it stands
 * @param member the member that paused
 * @param reason why
 * @param data what the person needs to see; null: nothing
 * @param createTime when it was opened
 * @param expireTime from when on the token is void and {@code onExpiry} happens
 * @param onExpiry what becomes of it then
 * @param defaultInput the answer that {@link ExpiryAction#RESUME} gives
 * @param actor who paused, as given with the write; empty when not given
 * @param resumption the answer; null: there is none
 * @param execution what is known of its execution where the pause was looked up or listed: all but
 *     its documents and its pauses; null where the pause stands in a state
 */
public record Pause(
    String namespace,
    String executionId,
    String pauseId,
    PauseStatus status,
    String member,
    String reason,
    @Nullable Map<String, @Nullable Object> data,
    Instant createTime,
    Instant expireTime,
    ExpiryAction onExpiry,
    @Nullable Map<String, @Nullable Object> defaultInput,
    String actor,
    @Nullable Resumption resumption,
    @Nullable ExecutionState execution) {

  /**
   * Whether it still waits for an answer.
   *
   * @return whether it is open or overdue
   */
  public boolean waits() {
    return status == PauseStatus.OPEN || status == PauseStatus.OVERDUE;
  }

  /**
   * The same pause with another status.
   *
   * @param now where it stands now
   * @return a copy
   */
  public Pause withStatus(PauseStatus now) {
    return new Pause(
        namespace,
        executionId,
        pauseId,
        now,
        member,
        reason,
        data,
        createTime,
        expireTime,
        onExpiry,
        defaultInput,
        actor,
        resumption,
        execution);
  }
}
