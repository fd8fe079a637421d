package dev.statekeeper.client.model;

import dev.statekeeper.client.errors.InvalidRequestException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What happened to an execution. */
public enum EventKind {
  /** The whole state was written. */
  SAVED("saved"),
  /** Parts of the state were written. */
  UPDATED("updated"),
  /** The execution was removed. */
  DELETED("deleted"),
  /** Its time to live was over, and it was cleared away. */
  EXPIRED("expired"),
  /** A pause was opened. */
  PAUSED("paused"),
  /** A pause was answered. */
  RESUMED("resumed"),
  /** A pause was not answered in time. */
  PAUSE_EXPIRED("pause_expired"),
  /** A checkpoint was made. */
  CHECKPOINTED("checkpointed"),
  /** An earlier state was brought back. */
  RESTORED("restored"),
  /** The lock was granted. */
  LOCKED("locked"),
  /** The lock was released, or its lease was over. */
  UNLOCKED("unlocked"),
  /** Of a watch: no change, but an execution as it was when the watch came upon it. */
  SNAPSHOT("snapshot"),
  /** Of a watch: all executions that there were have been told. */
  SNAPSHOT_COMPLETE("snapshot_complete"),
  /** Of a watch: what happened meanwhile is no longer kept; the executions follow as they are. */
  GAP("gap"),
  /** Something that this client is too old to know. */
  UNKNOWN("unknown");

  private final String text;

  EventKind(String text) {
    this.text = text;
  }

  /**
   * Gives the one of a name.
   *
   * @param text the name in lower case, as {@link #toString} gives it
   * @return the one that is called so
   * @throws InvalidRequestException where none is
   */
  public static EventKind of(String text) {
    for (EventKind each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    String known =
        Arrays.stream(values()).map(EventKind::toString).collect(Collectors.joining(", "));
    throw InvalidRequestException.of("kinds", "'" + text + "' is none of " + known);
  }

  /** The name in lower case, as it is in all languages. */
  @Override
  public String toString() {
    return text;
  }
}
