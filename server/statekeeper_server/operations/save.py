"""Save: replace the whole state of an execution, or create it."""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import EVENT_KIND_SAVED
from statekeeper_server.keys import ExecutionKey, revision_key
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.change import Change, Entries, write_change
from statekeeper_server.operations.writing import WriteOptions, Written, expect, living, replay
from statekeeper_server.store.writer import Writer


class Save(NamedTuple):
    """A checked SaveRequest; its values have been taken out of `state`."""

    key: ExecutionKey
    options: WriteOptions
    state: ExecutionState
    start_time_given: bool
    entries: Entries
    limits: StateLimits
    stored_bytes: int


def save(store: Writer, request: Save, now_us: int) -> Written:
    """Store exactly the state given; what was stored and is not in it goes.

    Raises:
        ConflictError, RequestIdReusedError, StateTooLargeError.
    """
    if (first := replay(store, request)) is not None:
        return first
    stored = store.head(request.key)
    old = living(stored, now_us)
    expect(request.options, old)

    state = request.state
    if not request.start_time_given:
        # Set in place: should the batch be applied again, it is set again.
        if old is None:
            state.start_time.FromMicroseconds(now_us)
        else:
            state.start_time.CopyFrom(old.execution.state.start_time)
    change = Change(EVENT_KIND_SAVED, state)
    if old is None:
        change.replace(store.next_revision, (), request.entries)
    else:
        change.replace(old.uid, store.entries(revision_key(old.uid)), request.entries)
    return write_change(
        store,
        request,
        stored=stored,
        old=old,
        change=change,
        limits=request.limits,
        now_us=now_us,
    )
