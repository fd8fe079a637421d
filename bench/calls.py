"""Single calls through gRPC's own client, in bytes, so that all servers cost it the same."""

from collections.abc import Callable, Iterable

import grpc
from bench import messages

from statekeeper.v1.state_requests_pb2 import LoadResponse

MESSAGE_BYTES_MAX = 16 * 1024 * 1024
_TIMEOUT_S = 60.0
_OPTIONS = (
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
)
Method = Callable[[bytes], bytes]


def channel(address: str) -> grpc.Channel:
    """A channel that takes the largest states."""
    return grpc.insecure_channel(address, _OPTIONS)


def method(channel: grpc.Channel, path: str) -> Method:
    """The method of that path, bytes in and bytes out."""
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)

    def apply(request: bytes) -> bytes:
        return call(request, timeout=_TIMEOUT_S, wait_for_ready=True)

    return apply


def versions(address: str, execution_ids: Iterable[str]) -> int:
    """How many changes these executions have seen together."""
    with channel(address) as opened:
        load = method(opened, messages.LOAD)
        responses = (LoadResponse.FromString(load(messages.load(name))) for name in execution_ids)
        return sum(response.execution.version for response in responses)
