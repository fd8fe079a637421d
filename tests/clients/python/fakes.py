"""A server that does what a test tells it to, and an async client to call as if it were sync."""

import asyncio
import contextlib
import inspect
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent import futures
from typing import Any, Self, TypeVar, cast

import grpc

from statekeeper import AsyncClient, AsyncLock, AsyncStateManager, AsyncWatch, Client
from statekeeper.v1 import state_manager_pb2_grpc

from .answers import Answer
from .fake_service import FakeService

_T = TypeVar("_T")
_LOOKS_MAX = 1_000
_LOOK_S = 0.01


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
            futures.ThreadPoolExecutor(32),
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
            if inspect.isawaitable(result):
                result = self._wait(_awaited(result))
            if inspect.isasyncgen(result):
                return self._items(result)
            wrapped = isinstance(result, AsyncStateManager | AsyncLock | AsyncWatch)
            return Awaited(result, self._loop) if wrapped else result

        return call

    def __bool__(self) -> bool:
        return bool(self._target)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return self.__getattr__("__anext__")()
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Self:
        self.__getattr__("__aenter__")()
        return self

    def __exit__(self, *error: object) -> None:
        self.__getattr__("__aexit__")(*error)

    def _items(self, generator: AsyncIterator[Any]) -> Iterator[Any]:
        with contextlib.suppress(StopAsyncIteration):
            while True:
                yield self._wait(_awaited(anext(generator)))

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


async def _awaited(awaitable: Awaitable[_T]) -> _T:
    return await awaitable


def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds."""
    for _ in range(_LOOKS_MAX):
        if holds():
            return
        time.sleep(_LOOK_S)
    raise AssertionError("it does not come to hold")


def awaited(client: AsyncClient, loop: asyncio.AbstractEventLoop) -> Client:
    """Gives an async client in the shape of the sync one."""
    return cast("Client", Awaited(client, loop))
