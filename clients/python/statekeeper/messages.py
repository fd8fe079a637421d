"""Operations that share a message: how one is put into it, and how its error is read."""

from collections.abc import Mapping
from types import MappingProxyType

import grpc
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from statekeeper.rpc_errors import DETAILS_TRAILER, Failure
from statekeeper.v1.operation_pb2 import Operation

# By the names of RPCs. Locks are left out: a call that waits must be one that can be
# cancelled.
OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "Save": "save",
        "Load": "load",
        "Update": "update",
        "Delete": "delete",
        "Pause": "pause",
        "Resume": "resume",
        "Checkpoint": "checkpoint",
        "Restore": "restore",
        "DefineState": "define_state",
        "WriteState": "write_state",
        "ReadState": "read_state",
    }
)
OPERATION_BYTES_MAX = 64 * 1024
"""What is larger shares no message that others wait for."""

OPERATIONS_MAX = 1_000
"""How many operations a message may have."""


class OperationError(Exception):
    """An operation of a message did not succeed.

    Attributes:
        failure: How the RPC of its own would have failed.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.details)
        self.failure = failure


_CODES = {code.value[0]: code for code in grpc.StatusCode}


def put(operation: Operation, method: str, request: Message) -> None:
    """Makes an operation of the request of an RPC."""
    getattr(operation, OPERATIONS[method]).CopyFrom(request)


def failure_of(status: Status) -> Failure:
    """Gives how the RPC of its own would have failed."""
    trailer = (DETAILS_TRAILER, status.SerializeToString())
    return Failure(_CODES[status.code], status.message, (trailer,))
