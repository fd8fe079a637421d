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
        RevisionCompactedError: its state is no longer whole.
    """
    if revision < head.history_floor:
        pin = store.pin(head.uid, revision, revision + 1)
        if pin is None:
            raise RevisionCompactedError(revision, head.history_floor)
        return at_checkpoint(store, head, pin[1])
    at = previous = head.execution.revision
    while True:
        event = store.event(previous)
        if event is None:
            raise RevisionCompactedError(revision, at)
        at = previous
        if at <= revision:
            break
        previous = event.previous_revision
    return as_of_now(event.execution, head)


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
