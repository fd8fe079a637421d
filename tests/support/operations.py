"""Operations of batches and pipelines, and a pipeline to send them through."""

from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.lock_pb2 import LockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation, OperationResult
from statekeeper.v1.state_requests_pb2 import LoadRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import (
    DEADLINE_S,
    RawClient,
    document,
    key_of,
    save_request,
    update_request,
)


def seconds(number: float) -> Duration:
    """A span of time."""
    span = Duration()
    span.FromMicroseconds(round(number * 1_000_000))
    return span


def state_of(**values: str | bytes) -> ExecutionState:
    """A running state with these values in its context."""
    return ExecutionState(status=STATUS_RUNNING, context=document(**values))


def save(
    execution_id: str, tag: int = 0, timeout: Duration | None = None, **values: Any
) -> Operation:
    """Saves values; `request_id` and `expected_revision` are options."""
    options = _take_options(values)
    request = save_request(execution_id, state_of(**values), **options)
    return Operation(save=request, tag=tag, timeout=timeout)


def load(
    execution_id: str, tag: int = 0, timeout: Duration | None = None, fields: Sequence[str] = ()
) -> Operation:
    """Loads an execution."""
    request = LoadRequest(key=key_of(execution_id), fields=fields)
    return Operation(load=request, tag=tag, timeout=timeout)


def update(
    execution_id: str,
    tag: int = 0,
    timeout: Duration | None = None,
    *,
    return_execution: bool = False,
    **values: Any,
) -> Operation:
    """Sets values; the options are as those of `save`."""
    options = _take_options(values)
    request = update_request(execution_id, ExecutionState(context=document(**values)), **options)
    request.return_execution = return_execution
    return Operation(update=request, tag=tag, timeout=timeout)


def lock(
    execution_id: str,
    owner: str,
    wait_s: float = 0,
    tag: int = 0,
    timeout: Duration | None = None,
) -> Operation:
    """Takes a lock."""
    request = LockRequest(key=key_of(execution_id), owner=owner, wait=seconds(wait_s))
    return Operation(lock=request, tag=tag, timeout=timeout)


def unlock(execution_id: str, owner: str, tag: int = 0) -> Operation:
    """Releases a lock."""
    return Operation(unlock=UnlockRequest(key=key_of(execution_id), owner=owner), tag=tag)


def _take_options(values: dict[str, Any]) -> dict[str, Any]:
    names = [field.name for field in WriteOptions.DESCRIPTOR.fields]
    return {name: values.pop(name) for name in names if name in values}


def request_of(operation: Operation) -> Message:
    """The request in it."""
    name = operation.WhichOneof("operation")
    assert name is not None
    request = getattr(operation, name)
    assert isinstance(request, Message)
    return request


def method_of(raw: RawClient, operation: Operation) -> Callable[..., Message]:
    """The RPC of the same name."""
    name = type(request_of(operation)).__name__.removesuffix("Request")
    method: Callable[..., Message] = getattr(raw.stub, name)
    return method


def do(raw: RawClient, *operations: Operation) -> list[OperationResult]:
    """The results of a batch."""
    response = raw.stub.Batch(BatchRequest(operations=operations), timeout=DEADLINE_S)
    return list(response.results)


def context_of(result: OperationResult) -> dict[str, str | bytes]:
    """The values that a load found."""
    assert result.WhichOneof("response") == "load", result
    entries = result.load.execution.state.context.entries
    return {name: value.json or value.binary for name, value in entries.items()}


class Pipeline:
    """A stream of batches; cancelled when it is left, unless it has ended."""

    def __init__(self, raw: RawClient) -> None:
        self._requests: SimpleQueue[BatchRequest | None] = SimpleQueue()
        # What is waited for comes in its own time; that it comes is for the call's deadline.
        self.call = raw.stub.Pipeline(iter(self._requests.get, None), timeout=2 * DEADLINE_S)
        self._results = self._received()

    def send(self, *operations: Operation) -> None:
        """Send a message."""
        self._requests.put(BatchRequest(operations=operations))

    def take(self, number: int) -> dict[int, OperationResult]:
        """The next results by their tags, in the order in which they came."""
        results = [next(self._results) for _ in range(number)]
        assert len({result.tag for result in results}) == number
        return {result.tag: result for result in results}

    def do(self, *operations: Operation) -> list[OperationResult]:
        """Send a message when no other is under way; its results, in its order."""
        self.send(*operations)
        results = self.take(len(operations))
        return [results[operation.tag] for operation in operations]

    def half_close(self) -> None:
        """Send no more."""
        self._requests.put(None)

    def rest(self) -> list[OperationResult]:
        """What comes until the stream ends, which must be with success."""
        rest = list(self._results)
        assert self.call.code() is grpc.StatusCode.OK
        return rest

    def rest_of_broken(self) -> list[OperationResult]:
        """What comes until the stream ends: with success, or as the connection is closed on it.

        Whoever is sending when the server stops may meet the one or the other.
        """
        rest: list[OperationResult] = []
        try:
            for result in self._results:
                rest.append(result)  # noqa: PERF402 - what came before it breaks is kept
        except grpc.RpcError:
            assert self.call.code() is grpc.StatusCode.UNAVAILABLE
        return rest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.call.cancel()
        self.half_close()

    def _received(self) -> Iterator[OperationResult]:
        response: BatchResponse
        for response in self.call:
            yield from response.results
