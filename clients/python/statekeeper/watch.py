"""A watch: the events of an execution or a namespace, over as many streams as it takes."""

import math
import threading
import time
from types import TracebackType
from typing import Self

from statekeeper.calls import Following
from statekeeper.channel import Channel
from statekeeper.errors import CallCancelledError, StateError
from statekeeper.model import WatchEvent
from statekeeper.stream import Stream
from statekeeper.transport import open_next
from statekeeper.v1 import watch_pb2


class Watch:
    """What happens, as it happens; made by `watch`.

    ::

        with sm.watch() as events:
            for event in events:
                print(event.kind, event.status)

    It misses nothing from when it is made. A broken connection, a server that
    restarts or is silent, and having been too slow are dealt with: it goes on where it
    was, and gives every event once. It ends when it is closed, which leaving the block
    or dropping it does as well, and when it raises.

    One thread at a time may ask it for events, and any thread may close it.
    """

    def __init__(self, channel: Channel, following: Following) -> None:
        self._channel = channel
        self._following = following
        self._closed = threading.Event()
        self._stream: Stream[watch_pb2.WatchResponse] | None = None

    def begin(self) -> Self:
        """Waits until it stands: it misses nothing from then on.

        Raises:
            StateError: It could not be made.
        """
        while not self._following.begun and not self._closed.is_set():
            self._advance(math.inf)
        return self

    @property
    def trouble(self) -> StateError | None:
        """Why the last stream has ended, while there is no other one."""
        return self._following.trouble

    @property
    def resume_token(self) -> str:
        """What to store once all events that were given are dealt with.

        As that of the last event. It moves on also where nothing happens, so that it is
        not too old one day.
        """
        return self._following.resume_token

    def next_within(self, wait_s: float) -> WatchEvent | None:
        """Gives the next event; None: there was none for so many seconds, or it is closed.

        Not for looking again and again: gRPC cannot give up waiting but by ending the
        stream, and the next step then needs another one.

        Args:
            wait_s: For how many seconds to wait.

        Raises:
            StateError: See `__next__`.
        """
        ends_s = time.monotonic() + wait_s
        while not self._closed.is_set():
            event = self._following.next_event()
            if event is not None:
                return event
            if ends_s <= time.monotonic():
                return None
            self._advance(ends_s)
        return None

    def close(self) -> None:
        """Ends it, also where another thread waits for an event; harmless when it has ended."""
        self._closed.set()
        self._end_stream()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> WatchEvent:
        """Waits for the next event.

        Raises:
            StopIteration: It is closed.
            RevisionCompactedError: What happened meanwhile is no longer kept.
            StateError: The server refuses to go on, or could not be reached for
                `give_up_after`.
            SerializationError: Python cannot hold a value of the event. It is passed
                over, and the watch goes on.
            CallCancelledError: The client was closed.
        """
        event = self.next_within(math.inf)
        if event is None:
            raise StopIteration
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _advance(self, ends_s: float) -> None:
        """Waits for a message, or for what keeps it from coming, but not for ever."""
        following, route, stream = self._following, self._channel.route, self._stream
        try:
            limit_s = following.silence_s
            if stream is None:
                limit_s = route.timeout_s
                self._stream = stream = open_next(self._channel, following)
            if self._closed.is_set():
                self._end_stream()
                return
            following.take(stream.receive(min(limit_s, ends_s - time.monotonic())))
        except StateError as error:
            self._end_stream()
            left_s = ends_s - time.monotonic()
            if left_s > 0 and not self._closed.is_set():
                self._closed.wait(min(self._delay_s(error), left_s))

    def _delay_s(self, error: StateError) -> float:
        try:
            if self._channel.closed and isinstance(error, CallCancelledError):
                raise error
            return self._following.lost(error, self._channel.route.patience_s)
        except StateError:
            self.close()
            raise

    def _end_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()
