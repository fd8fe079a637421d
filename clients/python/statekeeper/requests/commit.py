"""The update that brings a state from what it was to what it has become."""

from collections.abc import Mapping
from typing import Any

from statekeeper.arguments import invalid
from statekeeper.model import ExecutionState, TransactionState
from statekeeper.requests.execution import ExecutionRef, check_id
from statekeeper.requests.write import Write, fill_options
from statekeeper.state_fields import DOCUMENTS, TEXTS, to_mapping, write_fields
from statekeeper.v1 import execution_pb2, state_requests_pb2

# An update can remove 10,000 fields; a document that loses more entries than
# this is replaced.
_REMOVED_MAX = 2_000


def encoded(state: ExecutionState) -> execution_pb2.ExecutionState:
    """Gives a state as this client would send it.

    What was read is encoded again to be compared with: others may write the same
    value as another text, and Python takes 1, 1.0 and True for equal.

    Raises:
        InvalidRequestError: A field is of no use.
        SerializationError: A value cannot be sent.
    """
    message = execution_pb2.ExecutionState()
    write_fields(message, to_mapping(state))
    return message


def commit_request(
    execution: ExecutionRef,
    before: execution_pb2.ExecutionState,
    state: ExecutionState,
    write: Write,
) -> state_requests_pb2.UpdateRequest | None:
    """Makes the request for what was changed; None: nothing was.

    Args:
        execution: The execution.
        before: What `encoded` gave when it was loaded.
        state: What it has become.
        write: The options.

    Raises:
        InvalidRequestError: A field is of no use, or can be changed but not
            removed.
        SerializationError: A value cannot be sent.
    """
    for name in ("status", "start_time"):
        if getattr(state, name) is None:
            raise invalid(name, "cannot be removed")
    after = encoded(state)
    check_id(execution, after.id)
    if isinstance(state, TransactionState):
        for name in DOCUMENTS:
            if not before.HasField(name) and not getattr(after, name).entries:
                after.ClearField(name)
    request = state_requests_pb2.UpdateRequest(key=execution.key())
    _compare_fields(request, before, after)
    for name in DOCUMENTS:
        _compare_documents(request, name, before, after)
    _compare_labels(request, before.labels, after.labels)
    if not (request.HasField("changes") or request.replace or request.remove):
        return None
    fill_options(request.options, execution, write)
    return request


def _compare_fields(
    request: state_requests_pb2.UpdateRequest,
    before: execution_pb2.ExecutionState,
    after: execution_pb2.ExecutionState,
) -> None:
    if after.status != before.status:
        request.changes.status = after.status
    if after.start_time != before.start_time:
        request.changes.start_time.CopyFrom(after.start_time)
    for name in TEXTS:
        if not after.HasField(name):
            if before.HasField(name):
                request.remove.append(name)
        elif not before.HasField(name) or getattr(before, name) != getattr(after, name):
            setattr(request.changes, name, getattr(after, name))


def _compare_documents(
    request: state_requests_pb2.UpdateRequest,
    name: str,
    before: execution_pb2.ExecutionState,
    after: execution_pb2.ExecutionState,
) -> None:
    if not after.HasField(name):
        if before.HasField(name):
            request.remove.append(name)
        return
    old, new = getattr(before, name).entries, getattr(after, name).entries
    gone = [key for key in old if key not in new]
    replaced = len(gone) > min(len(new), _REMOVED_MAX)
    if replaced or not before.HasField(name):
        getattr(request.changes, name).CopyFrom(getattr(after, name))
        if replaced:
            request.replace.append(name)
        return
    request.remove.extend(f"{name}.{key}" for key in gone)
    for key, value in new.items():
        if key not in old or old[key] != value:
            getattr(request.changes, name).entries[key].CopyFrom(value)


def _compare_labels(
    request: state_requests_pb2.UpdateRequest, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    request.remove.extend(f"labels.{key}" for key in old if key not in new)
    for key, label in new.items():
        if old.get(key) != label:
            request.changes.labels[key] = label
