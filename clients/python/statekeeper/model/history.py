"""What happened to an execution."""

import datetime as dt
import enum
from dataclasses import dataclass

from statekeeper.model.execution import Status


class EventKind(enum.StrEnum):
    """What happened to an execution."""

    SAVED = "saved"
    """The whole state was written."""
    UPDATED = "updated"
    """Parts of the state were written."""
    DELETED = "deleted"
    """The execution was removed."""
    EXPIRED = "expired"
    """Its time to live was over, and it was cleared away."""
    PAUSED = "paused"
    """A pause was opened."""
    RESUMED = "resumed"
    """A pause was answered."""
    PAUSE_EXPIRED = "pause_expired"
    """A pause was not answered in time."""
    CHECKPOINTED = "checkpointed"
    """A checkpoint was made."""
    RESTORED = "restored"
    """An earlier state was brought back."""
    LOCKED = "locked"
    """The lock was granted."""
    UNLOCKED = "unlocked"
    """The lock was released, or its lease was over."""
    SNAPSHOT = "snapshot"
    """Of a watch: no change, but an execution as it was when the watch came upon it."""
    SNAPSHOT_COMPLETE = "snapshot_complete"
    """Of a watch: all executions that there were have been told."""
    GAP = "gap"
    """Of a watch: what happened meanwhile is no longer kept; the executions follow as they
    are. Forget those that do not."""
    UNKNOWN = "unknown"
    """Something this client is too old to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One change of an execution, without the values.

    Attributes:
        revision: Position of the change in the log.
        version: Number of the change since creation, from 1.
        time: When it was written (UTC).
        kind: What was done.
        status: The status after the change; None: there is none.
        changed: What really changed: `status`, `context.userId`.
        actor: Who wrote, as given with the write; empty when not given.
        pause_id: The pause, where the kind is about one; else empty.
        checkpoint: The checkpoint that was restored, where it was one; else
            empty.
    """

    revision: int
    version: int
    time: dt.datetime
    kind: EventKind
    status: Status | None
    changed: tuple[str, ...]
    actor: str
    pause_id: str = ""
    checkpoint: str = ""
