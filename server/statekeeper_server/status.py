"""From errors to gRPC: the one table, and the details that every error carries."""

from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from statekeeper_server.errors import (
    InvalidRequestError,
    OverloadedError,
    StateError,
    StorageFullError,
)
from statekeeper_server.keys import ExecutionKey

DOMAIN = "statekeeper"

STATUS_CODES: dict[str, grpc.StatusCode] = {
    "STATE_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "CHECKPOINT_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "CONFLICT": grpc.StatusCode.ABORTED,
    "INVALID_TOKEN": grpc.StatusCode.FAILED_PRECONDITION,
    "LOCK_TIMEOUT": grpc.StatusCode.ABORTED,
    "LOCKED": grpc.StatusCode.FAILED_PRECONDITION,
    "FENCED": grpc.StatusCode.FAILED_PRECONDITION,
    "SERIALIZATION_ERROR": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_REQUEST": grpc.StatusCode.INVALID_ARGUMENT,
    "STATE_TOO_LARGE": grpc.StatusCode.INVALID_ARGUMENT,
    "SCHEMA_VIOLATION": grpc.StatusCode.INVALID_ARGUMENT,
    "STATE_ACCESS_DENIED": grpc.StatusCode.PERMISSION_DENIED,
    "REQUEST_ID_REUSED": grpc.StatusCode.INVALID_ARGUMENT,
    "REVISION_COMPACTED": grpc.StatusCode.OUT_OF_RANGE,
    "OVERLOADED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "STORAGE_FULL": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "STORAGE_ERROR": grpc.StatusCode.UNAVAILABLE,
    "BACKUP_FAILED": grpc.StatusCode.FAILED_PRECONDITION,
}

INTERNAL_MESSAGE = "an unexpected error occurred; the server's log tells more"
INTERNAL_STATUS = Status(code=grpc.StatusCode.INTERNAL.value[0], message=INTERNAL_MESSAGE)
DEADLINE_STATUS = Status(
    code=grpc.StatusCode.DEADLINE_EXCEEDED.value[0],
    message="its time was over before it was its turn; nothing was done",
)

# All details together stay below 8 KB: at some 16 KB gRPC drops the whole status.
_TEXT_BYTES_MAX = 512
_VIOLATIONS_MAX = 4
_WHOLE = "resume_token"


def to_status(error: StateError, key: ExecutionKey | None) -> Status:
    """The google.rpc.Status of an error; the key is that of the request, when it has one."""
    # A token is whole or worthless; one of a watch has at most some 1,300 bytes.
    metadata = {
        name: text if name == _WHOLE else _clip(text) for name, text in error.metadata.items()
    }
    if key is not None:
        metadata["namespace"] = _clip(key.namespace)
        metadata["execution_id"] = _clip(key.execution_id)
    details: list[Message] = [ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)]
    if isinstance(error, InvalidRequestError):
        details.append(
            BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(
                        field=_clip(violation.field), description=_clip(violation.description)
                    )
                    for violation in error.violations[:_VIOLATIONS_MAX]
                ]
            )
        )
    if isinstance(error, OverloadedError):
        delay = Duration()
        delay.FromMilliseconds(_milliseconds(error.retry_after_s))
        details.append(RetryInfo(retry_delay=delay))
    packed = []
    for detail in details:
        packed.append(AnyMessage())
        packed[-1].Pack(detail)
    code: Any = STATUS_CODES[error.reason].value
    return Status(code=code[0], message=_clip(error.message), details=packed)


def retry_pushback_ms(error: StateError) -> int | None:
    """What the server asks of clients that retry by themselves; negative: do not."""
    if isinstance(error, OverloadedError):
        return _milliseconds(error.retry_after_s)
    return -1 if isinstance(error, StorageFullError) else None


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1_000)


def _clip(text: str) -> str:
    raw = text.encode()
    if len(raw) <= _TEXT_BYTES_MAX:
        return text
    return raw[: _TEXT_BYTES_MAX - 3].decode(errors="ignore") + "..."
