"""A server that does what a test tells it to, and an async client to call as if it were sync."""

import asyncio
import inspect
import threading
from collections.abc import Coroutine, Sequence
from concurrent import futures
from typing import Any, NoReturn, TypeVar, cast

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from statekeeper import AsyncClient, AsyncStateManager, Client
from statekeeper.v1 import state_manager_pb2_grpc

from .fake_service import Answer, FakeService

_T = TypeVar("_T")


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


class FakeServer:
    """Serves a FakeService on a port of its own, which it keeps over a restart."""

    def __init__(self) -> None:
        self.service = FakeService()
        self.release = threading.Event()
        self.arrived = threading.Event()
        self.port = 0
        self._server: grpc.Server | None = None

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begins to serve."""
        self._server = grpc.server(
            futures.ThreadPoolExecutor(16),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 17 * 2**20)],
        )
        state_manager_pb2_grpc.add_StateManagerServicer_to_server(self.service, self._server)
        self.port = self._server.add_insecure_port(self.address)
        self._server.start()

    def stop(self) -> None:
        """Goes away at once, as a killed server does: calls under way are cut off."""
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def hold(self, do: Answer | None = None) -> None:
        """Keeps the next call waiting for `release`, and tells by `arrived` that it is there."""

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            # A call that is cut off has nothing to wait for.
            context.add_callback(self.release.set)
            self.arrived.set()
            self.release.wait(60)
            return None if do is None else do(request, context)

        self.service.answers.append(answer)


class Awaited:
    """Lets a test call an async client or handle as if it were the sync one."""

    def __init__(self, target: object, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            result = attribute(*args, **kwargs)
            if inspect.iscoroutine(result):
                return self._wait(result)
            if inspect.isasyncgen(result):
                return iter(self._wait(_collected(result)))
            return Awaited(result, self._loop) if isinstance(result, AsyncStateManager) else result

        return call

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


async def _collected(items: Any) -> Sequence[Any]:
    return [item async for item in items]


def awaited(client: AsyncClient, loop: asyncio.AbstractEventLoop) -> Client:
    """Gives an async client in the shape of the sync one."""
    return cast("Client", Awaited(client, loop))
