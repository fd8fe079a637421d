"""ReadState: what a member sees of a shared state, and that it has seen it.

The execution is not changed by it: only the log of accesses is. So it needs no draft, and
it asks neither for locks nor for revisions.
"""

from typing import NamedTuple

from statekeeper.v1.shared_state_requests_pb2 import ReadStateResponse
from statekeeper_server.errors import StateNotFoundError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.accesses import log_accesses
from statekeeper_server.operations.replay import replay
from statekeeper_server.operations.results import put_result
from statekeeper_server.operations.shared_entries import (
    definition_prefix,
    read_definition,
    value_prefix,
)
from statekeeper_server.operations.writing import Done, WriteOptions, living
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.rows import done_row
from statekeeper_server.store.writer import Writer


class ReadState(NamedTuple):
    """A checked ReadStateRequest."""

    key: ExecutionKey
    options: WriteOptions
    member: str
    stored_bytes: int


def read_state(store: Writer, request: ReadState, now_us: int) -> Done:
    """Give the member's view, and log it once however often it is repeated.

    Raises:
        StateNotFoundError: the execution does not exist.
        InvalidRequestError: it has no shared state.
        RequestIdReusedError.
    """
    repeated = replay(store, request) is not None
    head = living(store.head(request.key), now_us)
    if head is None:
        raise StateNotFoundError
    response = ReadStateResponse()
    _put_view(response, store, head, request.member)
    put_result(response.result, request.key, head, now_us)
    response.result.update_time.CopyFrom(head.execution.update_time)
    response.result.replayed = repeated
    if not repeated:
        notes = [(key, request.member, False) for key in sorted(response.view.entries)]
        log_accesses(store, head, notes, now_us)
        mark = request.options.mark
        if mark is not None:
            # That it was done; what was seen can be read again.
            store.remember(mark.row, done_row(mark.digest, b"", b""))
    return Done(response.SerializeToString(), response.result.revision)


def _put_view(response: ReadStateResponse, store: Reader, head: Head, member: str) -> None:
    uid = head.uid
    entry = store.entry(definition_prefix(uid))
    definition = read_definition(None if entry is None else store.value(uid, entry))
    response.view.SetInParent()
    for key in definition.definition.used_by(member):
        entry = store.entry(value_prefix(uid, key))
        value = None if entry is None else store.value(uid, entry)
        if value is not None:
            response.view.entries[key].MergeFromString(value)
