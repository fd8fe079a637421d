"""Load: read an execution, as it is or as it was, whole or in parts."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.state_requests_pb2 import LoadResponse
from statekeeper_server.codec import decoded
from statekeeper_server.documents import STATE_DOCUMENTS_END
from statekeeper_server.errors import CheckpointNotFoundError
from statekeeper_server.keys import (
    ExecutionKey,
    PauseNumber,
    document_prefix,
    entry_prefix,
    read_entry_prefix,
)
from statekeeper_server.operations.answers import (
    number_of_row,
    put_execution,
    put_pauses,
    stored_documents,
)
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.past import (
    as_of_now,
    at_checkpoint,
    at_revision,
    check_not_future,
)
from statekeeper_server.operations.pause_rows import document_entry
from statekeeper_server.operations.selection import Selection
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import CheckpointRow, Head, PauseRow
from statekeeper_server.store.reader import Reader, StoredValue


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
        check_not_future(store, revision)
    if head is None:
        return None
    if request.checkpoint:
        return Loaded(head, at_checkpoint(store, head, request.checkpoint))
    if revision is None or revision == head.execution.revision:
        return Loaded(head, head.execution)
    return Loaded(head, at_revision(store, head, revision))


def put_loaded(
    message: Execution, store: Reader, loaded: Loaded, selection: Selection | None
) -> None:
    """Fill in an execution with the values that were asked for."""
    head, execution = loaded
    put_execution(message, execution, _read_values(store, loaded, selection), selection)
    if head.pauses and (selection is None or selection.pauses):
        read = stored_documents(store, head.uid)
        put_pauses(message, store.pauses(head.uid), execution.revision, read)


def load(draft: Draft, request: Load) -> LoadResponse:
    """Load as a part of a transaction, which sees what its other parts have done."""
    response = LoadResponse()
    made = draft.checkpoints.get(request.checkpoint)
    if request.of_the_past and (made is None or made.HasField("execution")):
        loaded = _find_past(draft, request, made)
        if loaded is not None:
            put_loaded(response.execution, draft.store, loaded, request.selection)
        return response
    if draft.state is None:
        return response
    execution = Execution()
    if draft.old is not None:
        execution.CopyFrom(draft.old.execution)
    else:
        key = execution.key
        key.namespace, key.execution_id = draft.key.namespace, draft.key.execution_id
        set_time(execution.create_time, draft.now_us)
    if draft.writes:
        # What the transaction makes of it.
        execution.revision = draft.revision
        execution.version += 1
        set_time(execution.update_time, draft.now_us)
    execution.state.CopyFrom(draft.state)
    selection = request.selection

    def read(document: int, number: PauseNumber) -> bytes:
        return draft.value(document_entry(draft.uid, document, number)) or b""

    values = [value for value in _draft_values(draft) if _is_selected(value, selection)]
    put_execution(response.execution, execution, values, selection)
    if selection is None or selection.pauses:
        put_pauses(response.execution, _draft_pauses(draft), draft.revision, read)
    return response


def _find_past(draft: Draft, request: Load, made: CheckpointRow | None) -> Loaded | None:
    if made is not None:
        head = draft.living_head()
        return Loaded(head, as_of_now(made.execution, head))
    if request.checkpoint and draft.state is not None and draft.old is None:
        raise CheckpointNotFoundError(request.checkpoint)
    return find(draft.store, request, draft.now_us)


def _draft_pauses(draft: Draft) -> list[PauseRow]:
    stored = () if draft.old is None else draft.store.pauses(draft.uid)
    rows = {number_of_row(row): row for row in stored} | draft.pause_rows
    return [rows[number] for number in sorted(rows)]


def _read_values(
    store: Reader, loaded: Loaded, selection: Selection | None
) -> Iterable[StoredValue]:
    head = loaded.head
    uid, at = head.uid, loaded.execution.revision
    if selection is None:
        is_latest = at == head.execution.revision
        count = _count(head) if is_latest else None
        return store.values(uid, store.state_entries(uid, at), count)
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


def _count(head: Head) -> int:
    return sum([size.entries for size in head.sizes if size.document < STATE_DOCUMENTS_END])


def _draft_values(draft: Draft) -> Iterator[StoredValue]:
    store, uid = draft.store, draft.uid
    if draft.old is not None:
        kept = (e for e in store.state_entries(uid) if e.prefix not in draft.entries)
        yield from store.values(uid, kept)
    for prefix, change in draft.entries.items():
        document, name = read_entry_prefix(prefix)
        if change.value is not None and document < STATE_DOCUMENTS_END:
            yield document, name, decoded(change.value)


def _is_selected(value: StoredValue, selection: Selection | None) -> bool:
    document, name, _ = value
    return (
        selection is None
        or document in selection.documents
        or (document, name) in selection.entries
    )
