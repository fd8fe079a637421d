"""Executions as they were: at a revision, or where a checkpoint points."""

from statekeeper.v1.execution_pb2 import Execution
from statekeeper_server.errors import CheckpointNotFoundError, RevisionCompactedError, invalid
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.reader import Reader


def at_checkpoint(store: Reader, head: Head, name: str) -> Execution:
    """The execution that a checkpoint names, without its values.

    Raises:
        CheckpointNotFoundError.
    """
    row = store.checkpoint(head.uid, name)
    if row is None:
        raise CheckpointNotFoundError(name)
    return as_of_now(row.execution, head)


def at_revision(store: Reader, head: Head, revision: int) -> Execution:
    """The execution right after a position of the log, without its values.

    Raises:
        RevisionCompactedError: its state is no longer whole, or when it was is not known.
    """
    newest = head.execution.revision
    if revision >= newest:
        return as_of_now(head.execution, head)
    if revision >= head.history_floor:
        event = store.event(newest)
        while event is not None:
            if event.execution.revision <= revision:
                return as_of_now(event.execution, head)
            event = store.event(event.previous_revision)
    pin = store.pin(head.uid, revision, revision + 1)
    if pin is not None:
        return at_checkpoint(store, head, pin[1])
    # What was there when the kept log begins, the log still tells of.
    oldest = max(head.history_floor, min(store.compacted_revision(), newest))
    raise RevisionCompactedError(f"the state at revision {revision} is no longer kept", oldest)


def check_kept(store: Reader, revision: int) -> None:
    """Refuse to go on where the log is not kept, or was lost. Raises RevisionCompactedError."""
    compacted = store.compacted_revision()
    if revision < compacted:
        text = f"all that came after revision {revision} is no longer kept"
        raise RevisionCompactedError(text, compacted + 1)
    _check_not_lost(store, revision)


def check_given(store: Reader, revision: int) -> None:
    """Refuse a revision that is yet to come, or was lost.

    Raises:
        InvalidRequestError: it is in the future.
        RevisionCompactedError: it was given out after the backup that is served here.
    """
    _check_not_lost(store, revision)
    newest = store.last_revision()
    if revision > newest:
        raise invalid("revision", f"{revision} is in the future, the newest is {newest}")


def _check_not_lost(store: Reader, revision: int) -> None:
    for gap in store.gaps():
        if gap.after < revision < gap.until:
            text = f"revision {revision} was lost when the data folder was restored from a copy"
            raise RevisionCompactedError(text, gap.until + 1)


def as_of_now(past: Execution, head: Head) -> Execution:
    """A past execution, which lasts as long as what it has become."""
    shown = Execution()
    shown.CopyFrom(past)
    # When it will be gone is not a thing of the past.
    shown.ClearField("expire_time")
    if head.execution.HasField("expire_time"):
        shown.expire_time.CopyFrom(head.execution.expire_time)
    return shown
