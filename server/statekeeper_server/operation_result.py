"""Results of operations as fields of a BatchResponse, put together from what is serialised."""

from google.rpc.status_pb2 import Status

from statekeeper.v1.batch_pb2 import BatchResponse
from statekeeper.v1.operation_pb2 import OperationResult
from statekeeper_server import wire
from statekeeper_server.errors import StateError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.status import DEADLINE_STATUS, INTERNAL_STATUS, to_status

_FIELDS = OperationResult.DESCRIPTOR.fields_by_name
_KEYS = {name: wire.field_key(field.number) for name, field in _FIELDS.items()}
_TAG_KEY = wire.varint_key(_FIELDS["tag"].number)
_RESULTS_KEY = wire.field_key(BatchResponse.DESCRIPTOR.fields_by_name["results"].number)


def success(name: str, response: bytes, tag: int) -> bytes:
    """An OperationResult with the response to an operation of this name, both serialised."""
    return _tagged(wire.field(_KEYS[name], response), tag)


def refusal(error: Exception | None, key: ExecutionKey | None, tag: int) -> bytes:
    """An OperationResult that is an error, serialised.

    Args:
        error: why; None: the time of the operation was over before it was its turn.
        key: the execution that it was about, as far as that is known.
        tag: of the operation.
    """
    return _tagged(wire.field(_KEYS["error"], _status(error, key).SerializeToString()), tag)


def listed(result: bytes) -> bytes:
    """An OperationResult, serialised, as it stands in a BatchResponse."""
    return wire.field(_RESULTS_KEY, result)


def _tagged(result: bytes, tag: int) -> bytes:
    return result + _TAG_KEY + wire.varint(tag) if tag else result


def _status(error: Exception | None, key: ExecutionKey | None) -> Status:
    if error is None:
        return DEADLINE_STATUS
    return to_status(error, key) if isinstance(error, StateError) else INTERNAL_STATUS
