"""Batches and the pipeline of a FakeService: each operation is one of its unary calls."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc
from google.rpc.status_pb2 import Status

from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.operation_pb2 import Operation, OperationResult

_DETAILS = "grpc-status-details-bin"


class _AbortedError(Exception):
    """A call was ended by its service."""


class _Context:
    """What the service sees of a call that is an operation in a stream."""

    def __init__(self, stream: grpc.ServicerContext) -> None:
        self._stream = stream
        self.code = grpc.StatusCode.UNKNOWN
        self.details = ""
        self.trailers: dict[str, Any] = {}

    def add_callback(self, callback: Callable[[], None]) -> bool:
        return bool(self._stream.add_callback(callback))

    def is_active(self) -> bool:
        return bool(self._stream.is_active())

    def time_remaining(self) -> float | None:
        return None

    def set_trailing_metadata(self, trailers: Any) -> None:
        self.trailers = dict(trailers)

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        self.code, self.details = code, details
        raise _AbortedError


def pipeline(
    service: Any, requests: Iterator[BatchRequest], stream: grpc.ServicerContext
) -> Iterator[BatchResponse]:
    """Does what comes, and gives each result as it is there.

    What a service of ours would never say of an operation, but only the way to it, ends
    the stream.
    """
    results: queue.Queue[OperationResult | _Context | None] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(grpc.RpcError):  # the stream is broken
            for request in requests:
                for operation in request.operations:
                    threading.Thread(target=_do, args=(service, operation, stream, results)).start()
        results.put(None)

    threading.Thread(target=read).start()
    while (result := results.get()) is not None:
        if isinstance(result, _Context):
            stream.abort(result.code, result.details)
        yield BatchResponse(results=[result])


def batch(service: Any, request: BatchRequest, call: grpc.ServicerContext) -> BatchResponse:
    """Does one operation after the other.

    What a service of ours would never say of an operation, but only the way to it, ends
    the call.
    """
    results = []
    for operation in request.operations:
        result = _result(service, operation, call)
        if isinstance(result, _Context):
            call.abort(result.code, result.details)
        if result is not None:
            results.append(result)
    return BatchResponse(results=results)


def _do(
    service: Any,
    operation: Operation,
    stream: grpc.ServicerContext,
    results: "queue.Queue[OperationResult | _Context | None]",
) -> None:
    result = _result(service, operation, stream)
    if result is not None:
        results.put(result)


def _result(
    service: Any, operation: Operation, stream: grpc.ServicerContext
) -> OperationResult | _Context | None:
    """The result; or how the call was aborted; None: it was held until it was cut off."""
    name = str(operation.WhichOneof("operation"))
    context = _Context(stream)
    result = OperationResult(tag=operation.tag)
    try:
        response = getattr(service, name.capitalize())(getattr(operation, name), context)
    except _AbortedError:
        if _DETAILS not in context.trailers:
            return context
        result.error.CopyFrom(Status.FromString(context.trailers[_DETAILS]))
    else:
        if response is None:
            return None
        getattr(result, name).CopyFrom(response)
    return result
