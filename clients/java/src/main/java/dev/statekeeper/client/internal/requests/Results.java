package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.model.Checkpoint;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.LockHolder;
import dev.statekeeper.client.model.Revision;
import dev.statekeeper.client.model.WriteResult;
import java.util.List;

/** From the server's responses to what callers get. */
public final class Results {
  private Results() {}

  /** Reads what a write did. */
  public static WriteResult read(dev.statekeeper.v1.WriteResult result) {
    return new WriteResult(
        result.getKey().getNamespace(),
        result.getKey().getExecutionId(),
        result.getRevision(),
        result.getVersion(),
        Times.instant(result.getUpdateTime()),
        result.getReplayed(),
        List.copyOf(result.getWarningsList()),
        result.hasExpireTime() ? Times.instant(result.getExpireTime()) : null);
  }

  /** Reads a checkpoint. */
  public static Checkpoint read(dev.statekeeper.v1.Checkpoint checkpoint, Codec codec) {
    ExecutionState state = null;
    if (checkpoint.hasState()) {
      state = StateMessages.read(checkpoint.getState(), codec);
      state.setFacts(
          new ExecutionState.Facts(
              checkpoint.getRevision(), 0, null, null, null, List.of(), null, false));
    }
    return new Checkpoint(
        checkpoint.getName(),
        Times.instant(checkpoint.getCreateTime()),
        checkpoint.getRevision(),
        checkpoint.getActor(),
        state);
  }

  /** Reads who holds a lock. */
  public static LockHolder read(dev.statekeeper.v1.LockHolder holder) {
    return new LockHolder(
        holder.getOwner(),
        holder.getFencingToken(),
        Times.instant(holder.getLeaseExpireTime()),
        holder.getExclusive());
  }

  /** Reads one change of an execution. */
  public static Revision read(dev.statekeeper.v1.Revision revision) {
    return new Revision(
        revision.getRevision(),
        revision.getVersion(),
        Times.instant(revision.getTime()),
        kindOf(revision.getKind()),
        StateMessages.knownStatus(revision.getStatus()),
        List.copyOf(revision.getChangedList()),
        revision.getActor(),
        revision.getPauseId(),
        revision.getCheckpoint());
  }

  /** Gives the kind of a number. */
  public static EventKind kindOf(dev.statekeeper.v1.EventKind number) {
    String name = number.name().replaceFirst("^EVENT_KIND_", "");
    return switch (number) {
      case EVENT_KIND_UNSPECIFIED, UNRECOGNIZED -> EventKind.UNKNOWN;
      default -> EventKind.valueOf(name);
    };
  }
}
