"""From what an operation gives back to the contract's messages."""

from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.execution_pb2 import Execution, ExecutionState
from statekeeper.v1.history_pb2 import Revision
from statekeeper.v1.write_pb2 import WriteResult
from statekeeper_server.documents import DOCUMENT_NAMES
from statekeeper_server.operations.load import Loaded, Selection
from statekeeper_server.operations.writing import Written
from statekeeper_server.storage.v1.records_pb2 import Attributes, Event


def put_result(message: WriteResult, written: Written) -> None:
    """Fill in what a write did."""
    key = message.key
    key.namespace, key.execution_id = written.key.namespace, written.key.execution_id
    message.revision = written.revision
    message.version = written.version
    _put_time(message.update_time, written.time_us)
    if written.replayed:
        message.replayed = True
    if written.warnings:
        message.warnings.extend(written.warnings)


def put_execution(message: Execution, loaded: Loaded, selection: Selection | None) -> None:
    """Fill in an execution, or the selected parts of it."""
    head = loaded.head
    key = message.key
    key.namespace, key.execution_id = loaded.key.namespace, loaded.key.execution_id
    message.revision = loaded.revision
    message.version = loaded.version
    _put_time(message.create_time, head.create_time_us)
    _put_time(message.update_time, loaded.update_time_us)
    if head.expire_time_us:
        _put_time(message.expire_time, head.expire_time_us)
    state = message.state
    state.id = loaded.key.execution_id
    _put_attributes(state, loaded.attributes, selection)
    documents = {}
    for number in loaded.attributes.documents:
        if selection is None or _selects(selection, number):
            document = getattr(state, DOCUMENT_NAMES[number])
            document.SetInParent()
            documents[number] = document.entries
    for number, name, value in loaded.values:
        documents[number][name].MergeFromString(value)


def revision(position: int, event: Event) -> Revision:
    """One change of an execution."""
    message = Revision(
        revision=position,
        version=event.version,
        kind=event.kind,
        status=event.attributes.status,
        changed=event.changed,
        actor=event.actor,
    )
    _put_time(message.time, event.time_us)
    return message


def _put_attributes(
    state: ExecutionState, attributes: Attributes, selection: Selection | None
) -> None:
    state.status = attributes.status
    wanted = None if selection is None else selection.attributes
    if (wanted is None or "current_member" in wanted) and attributes.HasField("current_member"):
        state.current_member = attributes.current_member
    if wanted is None or "start_time" in wanted:
        state.start_time.CopyFrom(attributes.start_time)
    if (wanted is None or "labels" in wanted) and attributes.labels:
        state.labels.update(attributes.labels)
    if (wanted is None or "schema_version" in wanted) and attributes.HasField("schema_version"):
        state.schema_version = attributes.schema_version


def _selects(selection: Selection, document: int) -> bool:
    return document in selection.documents or any(
        number == document for number, _ in selection.entries
    )


def _put_time(message: Timestamp, time_us: int) -> None:
    message.seconds, us = divmod(time_us, 1_000_000)
    message.nanos = us * 1_000
