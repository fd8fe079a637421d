"""Load: read an execution, as it is or as it was, whole or in parts."""

from collections.abc import Iterable
from typing import NamedTuple

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.state_requests_pb2 import LoadResponse
from statekeeper_server.keys import (
    ExecutionKey,
    document_prefix,
    entry_prefix,
)
from statekeeper_server.limits import LARGE_BYTES
from statekeeper_server.operations.answers import (
    put_execution,
    put_pauses,
    stored_documents,
)
from statekeeper_server.operations.past import at_checkpoint, at_revision, check_given
from statekeeper_server.operations.selection import Selection
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.reader import Reader, StoredValue, entries_count, value_bytes

# What has more entries takes too long for the event loop, however small they are.
_MANY_ENTRIES = 200


class Load(NamedTuple):
    """A checked LoadRequest."""

    key: ExecutionKey
    revision: int | None = None
    checkpoint: str = ""
    selection: Selection | None = None
    """None: everything."""

    @property
    def of_the_past(self) -> bool:
        """Whether it asks for another state than the one that is."""
        return self.revision is not None or bool(self.checkpoint)


class Loaded(NamedTuple):
    """An execution as read, without its values."""

    head: Head
    execution: Execution


def is_large(head: Head) -> bool:
    """Whether it takes too long for the event loop to read all of an execution."""
    return value_bytes(head) > LARGE_BYTES or entries_count(head) > _MANY_ENTRIES


def load_plain(store: Reader, request: Load, now_us: int) -> bytes | None:
    """All of an execution as it is, serialised; None where that takes the general way."""
    if request.selection is not None:
        return None
    return store.loaded(request.key, now_us, entries_max=_MANY_ENTRIES, value_bytes_max=LARGE_BYTES)


def find(store: Reader, request: Load, now_us: int) -> Loaded | None:
    """The execution as it is asked for, without its values; None when there is none.

    Raises:
        InvalidRequestError: the revision is in the future.
        CheckpointNotFoundError.
        RevisionCompactedError: the state at the revision is no longer whole.
    """
    head = living(store.head(request.key), now_us)
    revision = request.revision
    if revision is not None and (head is None or revision != head.execution.revision):
        check_given(store, revision)
    if head is None:
        return None
    if request.checkpoint:
        return Loaded(head, at_checkpoint(store, head, request.checkpoint))
    if revision is None or revision == head.execution.revision:
        return Loaded(head, head.execution)
    return Loaded(head, at_revision(store, head, revision))


def load(store: Reader, request: Load, now_us: int) -> LoadResponse:
    """The execution as it is asked for, if there is one. Raises what `find` raises."""
    response = LoadResponse()
    put_found(response.execution, store, request, now_us)
    return response


def put_found(message: Execution, store: Reader, request: Load, now_us: int) -> None:
    """Fill in the execution as it is asked for, if there is one. Raises what `find` raises."""
    loaded = find(store, request, now_us)
    if loaded is not None:
        put_loaded(message, store, loaded, request.selection)


def put_loaded(
    message: Execution, store: Reader, loaded: Loaded, selection: Selection | None
) -> None:
    """Fill in an execution with the values that were asked for."""
    head, execution = loaded
    put_execution(message, execution, _read_values(store, loaded, selection), selection)
    if head.pauses and (selection is None or selection.pauses):
        read = stored_documents(store, head.uid)
        put_pauses(message, store.pauses(head.uid), execution.revision, read)


def _read_values(
    store: Reader, loaded: Loaded, selection: Selection | None
) -> Iterable[StoredValue]:
    head = loaded.head
    uid, at = head.uid, loaded.execution.revision
    if selection is None:
        is_latest = at == head.execution.revision
        entries = store.live_state_entries(head) if is_latest else store.state_entries(uid, at)
        return store.values(uid, entries)
    values: list[StoredValue] = []
    for document in selection.documents:
        values += store.values(uid, store.entries(document_prefix(uid, document), at))
    for document, name in selection.entries:
        if document not in selection.documents:
            entry = store.entry(entry_prefix(uid, document, name.encode()), at)
            value = None if entry is None else store.value(uid, entry)
            if value is not None:
                values.append((document, name, value))
    return values
