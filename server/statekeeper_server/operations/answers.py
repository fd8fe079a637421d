"""From what is stored to what callers see of it."""

from collections.abc import Callable, Iterable

from statekeeper.v1.execution_pb2 import Execution, ExecutionState
from statekeeper.v1.history_pb2 import Revision
from statekeeper.v1.pause_pb2 import (
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_OVERDUE,
    Pause,
)
from statekeeper_server.documents import (
    DOCUMENT_NAMES,
    DOCUMENT_NUMBERS,
    PAUSE_DATA,
    PAUSE_DEFAULT_INPUT,
    PAUSE_INPUT,
    SHARED_VALUES,
)
from statekeeper_server.keys import PauseNumber
from statekeeper_server.operations.pause_rows import document_entry
from statekeeper_server.operations.selection import Selection
from statekeeper_server.storage.v1.records_pb2 import Event, PauseRow
from statekeeper_server.store.reader import Reader, StoredValue

ReadDocument = Callable[[int, PauseNumber], bytes]
_OPTIONAL_ATTRIBUTES = frozenset(("current_member", "start_time", "labels", "schema_version"))


def put_execution(
    message: Execution, found: Execution, values: Iterable[StoredValue], selection: Selection | None
) -> None:
    """Fill in an execution, or the selected parts of it, but for its pauses."""
    message.CopyFrom(found)
    state = message.state
    if selection is not None:
        _leave_out(state, selection)
    for document, name, value in values:
        shown = (
            message.shared_state
            if document == SHARED_VALUES
            else getattr(state, DOCUMENT_NAMES[document])
        )
        shown.entries[name].MergeFromString(value)


def put_pauses(message: Execution, rows: Iterable[PauseRow], at: int, read: ReadDocument) -> None:
    """Fill in the pauses of an execution, as they were right after a revision.

    Args:
        message: where to.
        rows: its pauses, the oldest first.
        at: the revision.
        read: gives a document of a pause, serialised.
    """
    for row in rows:
        if number_of_row(row).revision <= at:
            put_pause(message.pauses.add(), row, at, read)


def put_pause(message: Pause, row: PauseRow, at: int, read: ReadDocument) -> None:
    """Fill in a pause, as it was right after a revision."""
    message.CopyFrom(row.pause)
    if not 0 < row.closed_revision <= at:
        overdue = 0 < row.overdue_revision <= at
        message.status = PAUSE_STATUS_OVERDUE if overdue else PAUSE_STATUS_OPEN
        message.ClearField("resumption")
    number = number_of_row(row)
    if message.HasField("data"):
        message.data.MergeFromString(read(PAUSE_DATA, number))
    if message.HasField("default_input"):
        message.default_input.MergeFromString(read(PAUSE_DEFAULT_INPUT, number))
    if message.HasField("resumption") and message.resumption.HasField("input"):
        is_default = message.status == PAUSE_STATUS_EXPIRED
        document = PAUSE_DEFAULT_INPUT if is_default else PAUSE_INPUT
        message.resumption.input.MergeFromString(read(document, number))


def stored_documents(store: Reader, uid: int) -> ReadDocument:
    """Reads the documents of an execution's pauses."""

    def read(document: int, number: PauseNumber) -> bytes:
        entry = store.entry(document_entry(uid, document, number))
        return (None if entry is None else store.value(uid, entry)) or b""

    return read


def number_of_row(row: PauseRow) -> PauseNumber:
    """Which pause it is."""
    number = PauseNumber.parse(row.pause.pause_id)
    assert number is not None  # noqa: S101 - it was made here
    return number


def revisions(event: Event) -> list[Revision]:
    """One change of an execution: of a transaction, one for each kind of thing it did."""
    after = event.execution
    return [
        Revision(
            revision=after.revision,
            version=after.version,
            time=after.update_time,
            kind=act.kind,
            status=after.state.status,
            changed=act.changed,
            actor=event.actor,
            pause_id=act.pause_id,
            checkpoint=act.checkpoint,
        )
        for act in event.acts
    ]


def _leave_out(state: ExecutionState, selection: Selection) -> None:
    """Clear what is not selected; the id and the status always are."""
    for name in _OPTIONAL_ATTRIBUTES - selection.attributes:
        state.ClearField(name)
    selected = selection.documents.union(document for document, _ in selection.entries)
    for name, document in DOCUMENT_NUMBERS.items():
        if document not in selected:
            state.ClearField(name)
