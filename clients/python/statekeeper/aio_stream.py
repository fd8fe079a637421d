"""The messages of an asyncio call whose response is a stream."""

import asyncio
import contextlib
from typing import Any, Generic, TypeVar

import grpc
from grpc import aio

from statekeeper.calls import Call
from statekeeper.rpc_errors import Failure
from statekeeper.transport import CLOSED, ENDED, Route, silence

_ResultT = TypeVar("_ResultT")


class AioStream(Generic[_ResultT]):
    """The messages of one call, which is cancelled when nobody refers to this any more.

    Args:
        messages: gRPC's call.
        call: What was called.
        route: Where it went.
    """

    def __init__(self, messages: Any, call: Call[Any, _ResultT], route: Route) -> None:
        self._messages = messages
        self._call = call
        self._route = route
        self._loop = asyncio.get_running_loop()

    def __del__(self) -> None:
        # gRPC keeps a call alive by itself. Whoever collects this may be in another thread,
        # and after the loop has ended.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._messages.cancel)

    async def receive(self, timeout_s: float) -> _ResultT:
        """Waits for the next message.

        Args:
            timeout_s: For how many seconds; then the stream is cancelled.

        Raises:
            StateError: The stream has ended, for whatever reason; UnavailableError
                also where no message came in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                message = await self._messages.read()
        except TimeoutError as error:
            raise self._route.translate(silence(timeout_s), self._call) from error
        except aio.AioRpcError as error:
            raise self._route.translate(failure_of(error), self._call) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # So it tells that the stream was cancelled, on this side.
            gone = Failure(grpc.StatusCode.CANCELLED, CLOSED, ())
            raise self._route.translate(gone, self._call) from error
        if message is aio.EOF:
            raise self._route.translate(ENDED, self._call)
        self._route.hear()
        return self._call.finish(message)

    def cancel(self) -> None:
        """Ends the stream; harmless when it has ended."""
        self._messages.cancel()


def failure_of(error: aio.AioRpcError) -> Failure:
    """Tells how a call has ended."""
    return Failure(error.code(), error.details() or "", tuple(error.trailing_metadata() or ()))
