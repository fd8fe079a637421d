"""What a fake service may answer."""

from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

Answer = Callable[[Any, grpc.ServicerContext], Any]


def refuse(
    code: grpc.StatusCode,
    reason: str,
    *details: Message,
    metadata: dict[str, str] | None = None,
    pushback_ms: int | None = None,
) -> Answer:
    """Gives an answer that fails as the service's errors do."""
    info = error_details_pb2.ErrorInfo(domain="statekeeper", reason=reason, metadata=metadata or {})
    status = status_pb2.Status(code=code.value[0], message=f"refused: {reason}")
    for detail in (info, *details):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers: list[tuple[str, str | bytes]] = [
        ("grpc-status-details-bin", status.SerializeToString())
    ]
    if pushback_ms is not None:
        trailers.append(("grpc-retry-pushback-ms", str(pushback_ms)))

    def answer(_: Message, context: grpc.ServicerContext) -> NoReturn:
        context.set_trailing_metadata(tuple(trailers))
        context.abort(code, status.message)

    return answer


def fail(code: grpc.StatusCode, message: str = "no") -> Answer:
    """Gives an answer that fails without the service's details."""

    def answer(_: Message, context: grpc.ServicerContext) -> NoReturn:
        context.abort(code, message)

    return answer


def answer_with(response: Message) -> Answer:
    """Gives an answer that is this response."""
    return lambda _request, _context: response
