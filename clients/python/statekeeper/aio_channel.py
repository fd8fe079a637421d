"""Sends calls over an asyncio gRPC channel."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

import grpc
from grpc import aio

from statekeeper.aio_pipeline import AioPipeline
from statekeeper.aio_stream import AioStream, failure_of
from statekeeper.batch import Batch
from statekeeper.calls import Call, Page
from statekeeper.errors import StateError
from statekeeper.messages import OPERATION_BYTES_MAX, OPERATIONS, OperationError
from statekeeper.stubs import make_stub
from statekeeper.transport import (
    CHANNEL_OPTIONS,
    CLOSED,
    GONE,
    Route,
    check_credentials,
    check_size,
    may_be_done,
    retry_delay_s,
)

_ResultT = TypeVar("_ResultT")
_ItemT = TypeVar("_ItemT")


class AioChannel:
    """One connection to a server, for any number of tasks of one event loop.

    Args:
        route: Where to and for how long.
        credentials: For TLS; None: none.

    Attributes:
        route: Where its calls go and for how long.
        closed: Whether it was closed.
    """

    def __init__(self, route: Route, credentials: grpc.ChannelCredentials | None) -> None:
        self.route = route
        check_credentials(credentials)
        self._credentials = credentials
        self.closed = False
        self._posted: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._channel: aio.Channel | None = None
        self._stub: Any = None

    async def send(self, call: Call[Any, _ResultT]) -> _ResultT:
        """Sends a call and waits for what comes of it.

        Raises:
            StateError: It did not succeed.
            RuntimeError: The channel is closed, or belongs to another loop.
        """
        try:
            size_bytes = check_size(call)
            self._open()
            name = OPERATIONS.get(call.method)
            if name is not None and size_bytes <= OPERATION_BYTES_MAX:
                response = await self._pipe(name, call, size_bytes)
            else:
                response = await getattr(self._stub, call.method)(
                    call.request,
                    timeout=self.route.timeout_of(call),
                    wait_for_ready=self.route.answered,
                )
            self.route.answered = True
            return call.finish(response)
        except aio.AioRpcError as error:
            failed = self.route.translate(failure_of(error), call)
            self._give_up(call, failed)
            raise failed from error
        except StateError as error:
            self._give_up(call, error)
            raise
        except asyncio.CancelledError as error:
            self._give_up(call, error)
            task = asyncio.current_task()
            if self.closed and not (task and task.cancelling()):
                # Closing the channel cancels the calls under way, and gRPC
                # tells that in the same way as if this task were cancelled.
                raise self.route.translate(GONE, call) from error
            raise
        except BaseException as error:
            self._give_up(call, error)
            raise

    def open(self, call: Call[Any, _ResultT]) -> AioStream[_ResultT]:
        """Opens the stream of a call, and waits for nothing.

        Raises:
            RuntimeError: The channel is closed, or belongs to another loop.
        """
        self._open()
        # A server that is away is told at once: whoever reads knows how to go on.
        messages = getattr(self._stub, call.method)(call.request, wait_for_ready=False)
        return AioStream(messages, call, self.route)

    def post(self, call: Call[Any, Any]) -> None:
        """Sends a call and waits for nothing; what becomes of it is nobody's concern."""

        async def send() -> None:
            with contextlib.suppress(StateError, RuntimeError):
                await self.send(call)

        # The loop itself keeps no task alive.
        task = asyncio.get_running_loop().create_task(send())
        self._posted.add(task)
        task.add_done_callback(self._posted.discard)

    async def send_batch(self, calls: Sequence[Call[Any, _ResultT]]) -> list[_ResultT | StateError]:
        """Sends many calls in few messages, and gives what becomes of each.

        Raises:
            RuntimeError: The channel is closed, or belongs to another loop.
        """
        batch = Batch(calls, self.route)
        with contextlib.closing(batch.steps()) as steps:
            for step in steps:
                await asyncio.sleep(step.delay_s)
                with step.taken():
                    await self.send(step.call)
        return batch.results

    async def send_pages(
        self,
        first: Call[Any, Page[_ItemT]],
        following: Callable[[str], Call[Any, Page[_ItemT]]],
    ) -> AsyncIterator[_ItemT]:
        """Gives the items of all pages of a list, each page fetched when it is needed.

        Args:
            first: The call for the first page.
            following: Makes the call for the page of a token.
        """
        page = await self.send(first)
        while True:
            for item in page.items:
                yield item
            if not page.next_page_token:
                return
            page = await self.send(following(page.next_page_token))

    async def _pipe(self, name: str, call: Call[Any, Any], size_bytes: int) -> Any:
        """Sends a call in the stream that all share, again where that can help."""
        ends_s = time.monotonic() + self.route.timeout_of(call)
        attempt = 0
        while True:
            attempt += 1
            left_s = ends_s - time.monotonic()
            try:
                return await self._pipeline.call(name, call.request, size_bytes, left_s)
            except OperationError as error:
                failed = self.route.translate(error.failure, call)
                delay_s = retry_delay_s(failed, attempt)
                if delay_s is None or delay_s >= ends_s - time.monotonic():
                    raise failed from error
            await asyncio.sleep(delay_s)

    def _give_up(self, call: Call[Any, Any], error: BaseException) -> None:
        call.give_up(error)
        if call.cleanup is not None and may_be_done(error):
            self.post(call.cleanup)

    def _open(self) -> None:
        # At the first call and not before: a channel belongs to the event loop
        # it is made in, and a client may be made where none runs yet.
        if self.closed:
            raise RuntimeError(CLOSED)
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None:
            raise RuntimeError("this client is used in another event loop; make one for each loop")
        self._loop = loop
        target, options = self.route.target, CHANNEL_OPTIONS
        if self._credentials is None:
            self._channel = aio.insecure_channel(target, options)
        else:
            self._channel = aio.secure_channel(target, self._credentials, options)
        self._stub = make_stub(self._channel)
        self._pipeline = AioPipeline(
            lambda wait: self._stub.Pipeline(wait_for_ready=wait),
            lambda: self.route.answered,
            self.route.hear,
        )

    async def close(self) -> None:
        """Closes the connection; calls under way end in CallCancelledError."""
        self.closed = True
        if self._loop is not None:
            await self._pipeline.close()
        if self._channel is not None:
            await self._channel.close()
