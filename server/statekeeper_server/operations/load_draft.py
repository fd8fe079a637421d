"""Load as a part of a transaction, which sees what its other parts have done."""

from collections.abc import Iterator

from statekeeper.v1.execution_pb2 import Execution, ExecutionState
from statekeeper.v1.state_requests_pb2 import LoadResponse
from statekeeper_server.codec import decoded
from statekeeper_server.documents import RESTORED_DOCUMENTS_END, STATE_DOCUMENTS_END
from statekeeper_server.errors import CheckpointNotFoundError
from statekeeper_server.keys import PauseNumber, read_entry_prefix
from statekeeper_server.operations.answers import number_of_row, put_execution, put_pauses
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.load import Load, Loaded, find, put_loaded
from statekeeper_server.operations.past import as_of_now
from statekeeper_server.operations.pause_rows import document_entry
from statekeeper_server.operations.results import put_key
from statekeeper_server.operations.selection import Selection
from statekeeper_server.operations.storing import expire_time_us
from statekeeper_server.operations.times import set_time
from statekeeper_server.storage.v1.records_pb2 import CheckpointRow, PauseRow
from statekeeper_server.store.reader import StoredValue


def load(draft: Draft, request: Load) -> LoadResponse:
    """The execution as it is in a draft, or as it was.

    Raises:
        InvalidRequestError, CheckpointNotFoundError, RevisionCompactedError: as `find`.
    """
    response = LoadResponse()
    made = draft.checkpoints.get(request.checkpoint)
    # One that names what the transaction itself writes is the last thing that does.
    if request.of_the_past and (made is None or made.HasField("execution")):
        loaded = _find_past(draft, request, made)
        if loaded is not None:
            put_loaded(response.execution, draft.store, loaded, request.selection)
    elif draft.state is not None:
        _put_draft(response.execution, draft, draft.state, request.selection)
    return response


def _find_past(draft: Draft, request: Load, made: CheckpointRow | None) -> Loaded | None:
    if made is not None:
        head = draft.living_head()
        return Loaded(head, as_of_now(made.execution, head))
    if request.checkpoint and draft.state is not None and draft.old is None:
        # What the same transaction creates has no other checkpoints.
        raise CheckpointNotFoundError(request.checkpoint)
    return find(draft.store, request, draft.now_us)


def _put_draft(
    message: Execution, draft: Draft, state: ExecutionState, selection: Selection | None
) -> None:
    execution = _execution(draft)
    execution.state.CopyFrom(state)

    def read(document: int, number: PauseNumber) -> bytes:
        return draft.value(document_entry(draft.uid, document, number)) or b""

    values = [value for value in _values(draft) if _is_selected(value, selection)]
    put_execution(message, execution, values, selection)
    if selection is None or selection.pauses:
        put_pauses(message, _pauses(draft), draft.revision, read)


def _execution(draft: Draft) -> Execution:
    """What stands beside the state: as the transaction will make it, if it writes."""
    execution = Execution()
    if draft.old is not None:
        execution.CopyFrom(draft.old.execution)
    else:
        put_key(execution.key, draft.key)
        set_time(execution.create_time, draft.now_us)
    if draft.writes:
        execution.revision = draft.revision
        execution.version += 1
        set_time(execution.update_time, draft.now_us)
        execution.ClearField("expire_time")
        expire_us = expire_time_us(draft)
        if expire_us:
            set_time(execution.expire_time, expire_us)
    return execution


def _pauses(draft: Draft) -> list[PauseRow]:
    stored = () if draft.old is None else draft.store.pauses(draft.uid)
    rows = {number_of_row(row): row for row in stored} | draft.pause_rows
    return [rows[number] for number in sorted(rows)]


def _values(draft: Draft) -> Iterator[StoredValue]:
    store, uid = draft.store, draft.uid
    if draft.old is not None:
        kept = (e for e in store.restored_entries(uid) if e.prefix not in draft.entries)
        yield from store.values(uid, kept)
    for prefix, change in draft.entries.items():
        document, name = read_entry_prefix(prefix)
        if change.value is not None and document < RESTORED_DOCUMENTS_END:
            yield document, name, decoded(change.value)


def _is_selected(value: StoredValue, selection: Selection | None) -> bool:
    document, name, _ = value
    if selection is None:
        return document < STATE_DOCUMENTS_END
    return document in selection.documents or (document, name) in selection.entries
