"""A watch for asyncio: the events of an execution or a namespace, over any number of streams."""

import asyncio
from collections.abc import Generator
from types import TracebackType
from typing import Any, Self

from statekeeper.aio_channel import AioChannel
from statekeeper.aio_stream import AioStream
from statekeeper.calls import Following
from statekeeper.errors import CallCancelledError, StateError
from statekeeper.model import WatchEvent
from statekeeper.transport import open_next
from statekeeper.v1 import watch_pb2


class AsyncWatch:
    """What happens, as it happens; made by `watch`.

    ::

        async with sm.watch() as events:
            async for event in events:
                print(event.kind, event.status)

    It misses nothing from when it is entered or awaited, or else from its first step. A
    broken connection, a server that restarts or is silent, and having been too slow are
    dealt with: it goes on where it was, and gives every event once, also after a step that
    was cancelled. It ends when it is closed, which leaving the block or dropping it does
    as well, and when it raises.

    One task at a time may ask it for events, and any task of its loop may close it.
    """

    def __init__(self, channel: AioChannel, following: Following) -> None:
        self._channel = channel
        self._following = following
        self._closed = False
        self._stream: AioStream[watch_pb2.WatchResponse] | None = None

    @property
    def trouble(self) -> StateError | None:
        """Why the last stream has ended, while there is no other one."""
        return self._following.trouble

    @property
    def resume_token(self) -> str:
        """What to store once all events that were given are dealt with.

        As that of the last event; empty before it has begun. It moves on also where nothing
        happens, so that it is not too old one day.
        """
        return self._following.resume_token

    async def close(self) -> None:
        """Ends it, also where another task waits for an event; harmless when it has ended."""
        self._closed = True
        self._end_stream()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._begun().__await__()

    async def __aenter__(self) -> Self:
        return await self._begun()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WatchEvent:
        """Waits for the next event.

        Raises:
            StopAsyncIteration: It is closed.
            RevisionCompactedError: What happened meanwhile is no longer kept.
            StateError: The server refuses to go on, or could not be reached for
                `give_up_after`.
            SerializationError: Python cannot hold a value of the event. It is passed
                over, and the watch goes on.
            CallCancelledError: The client was closed.
        """
        while not self._closed:
            event = self._following.next_event()
            if event is not None:
                return event
            await self._advance()
        raise StopAsyncIteration

    async def _begun(self) -> Self:
        while not self._following.begun and not self._closed:
            await self._advance()
        return self

    async def _advance(self) -> None:
        """Waits for a message, or for what keeps it from coming."""
        following, route, stream = self._following, self._channel.route, self._stream
        try:
            limit_s = following.silence_s
            if stream is None:
                limit_s = route.timeout_s
                self._stream = stream = open_next(self._channel, following)
            following.take(await stream.receive(limit_s))
        except StateError as error:
            self._end_stream()
            if not self._closed:
                await asyncio.sleep(self._delay_s(error))
        except asyncio.CancelledError:
            self._end_stream()
            raise

    def _delay_s(self, error: StateError) -> float:
        try:
            if self._channel.closed and isinstance(error, CallCancelledError):
                raise error
            return self._following.lost(error, self._channel.route.patience_s)
        except StateError:
            self._closed = True
            raise

    def _end_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()
