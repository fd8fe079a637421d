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
    raise RevisionCompactedError(revision, oldest)


def check_kept(store: Reader, revision: int) -> None:
    """Refuse to go on where the log is not kept. Raises RevisionCompactedError."""
    compacted = store.compacted_revision()
    if revision < compacted:
        raise RevisionCompactedError(revision, compacted + 1, "all that came after revision")


def check_not_future(store: Reader, revision: int) -> None:
    """Refuse a revision that is yet to come."""
    newest = store.last_revision()
    if revision > newest:
        raise invalid("revision", f"{revision} is in the future, the newest is {newest}")


def as_of_now(past: Execution, head: Head) -> Execution:
    """A past execution, which lasts as long as what it has become."""
    shown = Execution()
    shown.CopyFrom(past)
    # When it will be gone is not a thing of the past.
    shown.ClearField("expire_time")
    if head.execution.HasField("expire_time"):
        shown.expire_time.CopyFrom(head.execution.expire_time)
    return shown
