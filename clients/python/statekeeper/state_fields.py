"""The fields of a state: from what callers give to the message, and back.

A caller's state may be a mapping, an `ExecutionState`, or any dataclass with
the same field names; all of them are one mapping first.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf import timestamp_pb2

from statekeeper.arguments import checked_text, invalid
from statekeeper.errors import InternalError
from statekeeper.model import ExecutionState, State, Status
from statekeeper.pause_fields import read_pause
from statekeeper.times import to_datetime, to_timestamp
from statekeeper.v1 import execution_pb2
from statekeeper.values import read_document, write_document

DOCUMENTS = ("input", "context", "member_outputs", "metadata")
TEXTS = ("current_member", "schema_version")

_STATUS_NUMBERS: Mapping[str, execution_pb2.Status] = MappingProxyType(
    {
        Status.RUNNING: execution_pb2.STATUS_RUNNING,
        Status.WAITING: execution_pb2.STATUS_WAITING,
        Status.PAUSED: execution_pb2.STATUS_PAUSED,
        Status.COMPLETED: execution_pb2.STATUS_COMPLETED,
        Status.FAILED: execution_pb2.STATUS_FAILED,
    }
)
_STATUSES = {int(number): Status(name) for name, number in _STATUS_NUMBERS.items()}


def to_mapping(state: State) -> Mapping[str, Any]:
    """Gives the fields of a caller's state by name.

    Raises:
        InvalidRequestError: It is nothing that has fields.
    """
    if isinstance(state, ExecutionState):
        # What stands beside the state is the server's to say.
        return {name: getattr(state, name) for name in _WRITERS}
    if isinstance(state, Mapping):
        return state
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        return {each.name: getattr(state, each.name) for each in dataclasses.fields(state)}
    raise invalid(
        "state", f"must be a mapping, an ExecutionState or a dataclass, not {type(state).__name__}"
    )


def write_fields(target: execution_pb2.ExecutionState, fields: Mapping[str, Any]) -> None:
    """Puts fields into a message; None leaves a field absent.

    Raises:
        InvalidRequestError: There is no such field, or its value is of no use.
        SerializationError: A value of a document cannot be sent.
    """
    for name, value in fields.items():
        write = _WRITERS.get(name)
        if write is None:
            raise invalid(str(name), f"is no field of a state; there are {', '.join(_WRITERS)}")
        if value is not None:
            write(target, name, value)


def status_number(name: str, value: object) -> execution_pb2.Status:
    """Gives the number of a status.

    Raises:
        InvalidRequestError: It is none.
    """
    number = _STATUS_NUMBERS.get(value) if isinstance(value, str) else None
    if number is None:
        raise invalid(name, f"{value!r} is none of {', '.join(_STATUS_NUMBERS)}")
    return number


def checked_labels(name: str, value: object) -> dict[str, str]:
    """Gives labels that can be sent.

    Raises:
        InvalidRequestError: It is no mapping of texts.
    """
    if not isinstance(value, Mapping):
        raise invalid(name, f"must be a mapping, not {type(value).__name__}")
    return {
        checked_text(f"{name} (key)", key): checked_text(f"{name}.{key}", label)
        for key, label in value.items()
    }


def _write_text(target: execution_pb2.ExecutionState, name: str, value: object) -> None:
    setattr(target, name, checked_text(name, value))


def _write_status(target: execution_pb2.ExecutionState, name: str, value: object) -> None:
    target.status = status_number(name, value)


def _write_document(target: execution_pb2.ExecutionState, name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise invalid(name, f"must be a mapping or None, not {type(value).__name__}")
    write_document(getattr(target, name), value, name)


def _write_start_time(target: execution_pb2.ExecutionState, name: str, value: object) -> None:
    target.start_time.CopyFrom(to_timestamp(value, name))


def _write_labels(target: execution_pb2.ExecutionState, name: str, value: object) -> None:
    target.labels.update(checked_labels(name, value))


_WRITERS: Mapping[str, Callable[[execution_pb2.ExecutionState, str, Any], None]] = MappingProxyType(
    {
        "id": _write_text,
        "status": _write_status,
        **dict.fromkeys(DOCUMENTS, _write_document),
        **dict.fromkeys(TEXTS, _write_text),
        "start_time": _write_start_time,
        "labels": _write_labels,
    }
)


def exact_start_time(state: ExecutionState) -> timestamp_pb2.Timestamp | None:
    """Gives the start time that was read, if it is finer than a datetime and still meant."""
    if state._start_time_exact is None:  # noqa: SLF001 - kept there for this function
        return None
    seconds, nanos = state._start_time_exact  # noqa: SLF001 - kept there for this function
    exact = timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    return exact if to_datetime(exact) == state.start_time else None


def read_status(number: int) -> Status:
    """Gives the status for its number.

    Raises:
        InternalError: This client does not know it.
    """
    status = _STATUSES.get(number)
    if status is None:
        raise InternalError(f"the server sent status {number}, which this client does not know")
    return status


def read_state(state: execution_pb2.ExecutionState) -> ExecutionState:
    """Reads a state, without what stands beside it; shares nothing with the message.

    Raises:
        SerializationError: Python cannot hold a value.
    """
    exact = state.start_time.nanos % 1000 != 0
    return ExecutionState(
        id=state.id,
        status=read_status(state.status),
        input=read_document(state.input, "input") if state.HasField("input") else None,
        context=read_document(state.context, "context") if state.HasField("context") else None,
        member_outputs=(
            read_document(state.member_outputs, "member_outputs")
            if state.HasField("member_outputs")
            else None
        ),
        metadata=read_document(state.metadata, "metadata") if state.HasField("metadata") else None,
        current_member=state.current_member if state.HasField("current_member") else None,
        schema_version=state.schema_version if state.HasField("schema_version") else None,
        start_time=to_datetime(state.start_time) if state.HasField("start_time") else None,
        labels=dict(state.labels),
        _start_time_exact=(state.start_time.seconds, state.start_time.nanos) if exact else None,
    )


def read_execution(execution: execution_pb2.Execution, *, partial: bool = False) -> ExecutionState:
    """Reads an execution; the result shares nothing with the message.

    Args:
        execution: As the server sent it.
        partial: Whether only some fields were asked for.

    Raises:
        SerializationError: Python cannot hold a value.
    """
    state = read_state(execution.state)
    state.revision = execution.revision
    state.version = execution.version
    state.create_time = to_datetime(execution.create_time)
    state.update_time = to_datetime(execution.update_time)
    if execution.HasField("expire_time"):
        state.expire_time = to_datetime(execution.expire_time)
    state.pauses = tuple(read_pause(pause, execution.key) for pause in execution.pauses)
    if execution.HasField("shared_state"):
        state.shared_state = read_document(execution.shared_state, "shared_state")
    state.partial = partial
    return state
