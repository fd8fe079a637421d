"""From what an operation gives back to the contract's messages."""

from collections.abc import Iterable

from statekeeper.v1.execution_pb2 import Execution, ExecutionState
from statekeeper.v1.history_pb2 import Revision
from statekeeper.v1.write_pb2 import WriteResult
from statekeeper_server.documents import DOCUMENT_NAMES, DOCUMENT_NUMBERS
from statekeeper_server.operations.load import Selection
from statekeeper_server.operations.writing import Written
from statekeeper_server.storage.v1.records_pb2 import Event
from statekeeper_server.store.reader import StoredValue

_OPTIONAL_ATTRIBUTES = frozenset(("current_member", "start_time", "labels", "schema_version"))


def put_result(message: WriteResult, written: Written) -> None:
    """Fill in what a write did."""
    key = message.key
    key.namespace, key.execution_id = written.key.namespace, written.key.execution_id
    message.revision = written.revision
    message.version = written.version
    message.update_time.FromMicroseconds(written.time_us)
    if written.replayed:
        message.replayed = True
    if written.warnings:
        message.warnings.extend(written.warnings)


def put_execution(
    message: Execution, found: Execution, values: Iterable[StoredValue], selection: Selection | None
) -> None:
    """Fill in an execution, or the selected parts of it."""
    message.CopyFrom(found)
    state = message.state
    if selection is not None:
        _leave_out(state, selection)
    for document, name, value in values:
        getattr(state, DOCUMENT_NAMES[document]).entries[name].MergeFromString(value)


def revision(event: Event) -> Revision:
    """One change of an execution."""
    after = event.execution
    return Revision(
        revision=after.revision,
        version=after.version,
        time=after.update_time,
        kind=event.kind,
        status=after.state.status,
        changed=event.changed,
        actor=event.actor,
    )


def _leave_out(state: ExecutionState, selection: Selection) -> None:
    """Clear what is not selected; the id and the status always are."""
    for name in _OPTIONAL_ATTRIBUTES - selection.attributes:
        state.ClearField(name)
    selected = selection.documents.union(document for document, _ in selection.entries)
    for name, document in DOCUMENT_NUMBERS.items():
        if document not in selected:
            state.ClearField(name)
