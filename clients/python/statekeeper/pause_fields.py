"""The fields of a pause: its enums to and from their numbers, and the whole of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from statekeeper.errors import InternalError
from statekeeper.model import Document, ExpiryAction, Pause, PauseStatus, Resumption
from statekeeper.times import to_datetime
from statekeeper.v1 import execution_pb2, pause_pb2, value_pb2
from statekeeper.values import read_document

_T = TypeVar("_T")

EXPIRY_ACTION_NUMBERS: Mapping[str, pause_pb2.ExpiryAction] = MappingProxyType(
    {
        ExpiryAction.FAIL: pause_pb2.EXPIRY_ACTION_FAIL,
        ExpiryAction.RESUME: pause_pb2.EXPIRY_ACTION_RESUME,
        ExpiryAction.KEEP: pause_pb2.EXPIRY_ACTION_KEEP,
    }
)
_EXPIRY_ACTIONS = {
    int(number): ExpiryAction(name) for name, number in EXPIRY_ACTION_NUMBERS.items()
}
_STATUSES = {
    int(pause_pb2.PAUSE_STATUS_OPEN): PauseStatus.OPEN,
    int(pause_pb2.PAUSE_STATUS_OVERDUE): PauseStatus.OVERDUE,
    int(pause_pb2.PAUSE_STATUS_RESUMED): PauseStatus.RESUMED,
    int(pause_pb2.PAUSE_STATUS_EXPIRED): PauseStatus.EXPIRED,
    int(pause_pb2.PAUSE_STATUS_VOIDED): PauseStatus.VOIDED,
}


def read_pause(pause: pause_pb2.Pause, key: execution_pb2.ExecutionKey) -> Pause:
    """Reads a pause of an execution.

    Raises:
        SerializationError: Python cannot hold a value.
        InternalError: This client does not know its status or its action.
    """
    name = f"pauses.{pause.pause_id}"
    resumption = None
    if pause.HasField("resumption"):
        answer = pause.resumption
        resumption = Resumption(
            input=_values(answer, "input", f"{name}.resumption"),
            actor=answer.actor,
            time=to_datetime(answer.time),
        )
    return Pause(
        namespace=key.namespace,
        execution_id=key.execution_id,
        pause_id=pause.pause_id,
        status=_known(_STATUSES, pause.status, "pause status"),
        member=pause.member,
        reason=pause.reason,
        data=_values(pause, "data", name),
        create_time=to_datetime(pause.create_time),
        expire_time=to_datetime(pause.expire_time),
        on_expiry=_known(_EXPIRY_ACTIONS, pause.on_expiry, "expiry action"),
        default_input=_values(pause, "default_input", name),
        actor=pause.actor,
        resumption=resumption,
    )


def _values(
    message: pause_pb2.Pause | pause_pb2.Resumption, field: str, name: str
) -> Document | None:
    if not message.HasField(field):
        return None
    document: value_pb2.Document = getattr(message, field)
    return read_document(document, f"{name}.{field}")


def _known(known: Mapping[int, _T], number: int, what: str) -> _T:
    value = known.get(number)
    if value is None:
        raise InternalError(f"the server sent {what} {number}, which this client does not know")
    return value
