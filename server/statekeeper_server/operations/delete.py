"""Delete: remove an execution and all that belongs to it."""

from dataclasses import dataclass

from statekeeper.v1.history_pb2 import EVENT_KIND_DELETED
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.writing import (
    WriteOptions,
    Written,
    expect,
    living,
    remember,
    replay,
)
from statekeeper_server.storage.v1.records_pb2 import Event
from statekeeper_server.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Delete:
    """A checked DeleteRequest. It adds nothing, so it is served when there is no room."""

    key: ExecutionKey
    options: WriteOptions
    stored_bytes: int = 0


def delete(store: Writer, request: Delete, now_us: int) -> Written:
    """Take the head away, and leave the rest to be reclaimed: the same cost at any size.

    Raises:
        ConflictError, RequestIdReusedError.
    """
    if (first := replay(store, request)) is not None:
        return first
    stored = store.head(request.key)
    old = living(stored, now_us)
    expect(request.options, old)

    if stored is not None:
        store.remove_head(request.key)
        store.discard(stored.uid)
    revision = 0
    if old is not None:
        revision = store.next_revision
        event = Event(
            uid=old.uid,
            kind=EVENT_KIND_DELETED,
            execution=old.execution,
            actor=request.options.actor,
            previous_revision=old.execution.revision,
        )
        event.execution.revision = revision
        event.execution.version += 1
        # A machine's clock may step back; an execution's history does not.
        time_us = max(now_us, old.execution.update_time.ToMicroseconds())
        event.execution.update_time.FromMicroseconds(time_us)
        store.append(event)
    return remember(
        store, request, Written(request.key, revision, 0, now_us, existed=old is not None)
    )
