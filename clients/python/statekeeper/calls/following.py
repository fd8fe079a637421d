"""A watch as far as it is known on this side: what it has given, and how it goes on.

A stream may end at any time, and the watch goes on with the next one. What is kept here
sees to it that nothing is missed and nothing comes twice.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from statekeeper.backoff import Backoff
from statekeeper.calls.call import Call
from statekeeper.errors import (
    CallCancelledError,
    DeadlineExceededError,
    InternalError,
    InvalidRequestError,
    OverloadedError,
    RevisionCompactedError,
    StateError,
    StorageError,
    UnavailableError,
)
from statekeeper.event_fields import notice, read_event
from statekeeper.model import EventKind, WatchEvent
from statekeeper.places import Given, Mark, Place
from statekeeper.requests.watch import WatchAsk, watch_request
from statekeeper.v1 import history_pb2, watch_pb2

# Without a sign of life for as many heartbeats, a stream is taken to be broken.
_SILENT_HEARTBEATS = 3
# Said of the way to the server, or of a server that stops or has too much to do.
_PASSING = (
    UnavailableError,
    StorageError,
    OverloadedError,
    CallCancelledError,
    DeadlineExceededError,
)
# A fault of the server, or of what stands between: it may have been the only one.
_FAULTS_MAX = 2


class Following:
    """What a watch has given, and how it goes on.

    Args:
        ask: What to watch.
        make_backoff: Makes the delays between the attempts to reach the server, for
            this many seconds.

    Attributes:
        begun: Whether the watch stands or has ever stood: it misses nothing since.
        silence_s: After how many seconds without a message a stream is broken.
        trouble: Why the last stream has ended; None: there is another one.
    """

    def __init__(self, ask: WatchAsk, make_backoff: Callable[[float], Backoff] = Backoff) -> None:
        self.begun = False
        self.trouble: StateError | None = None
        self.silence_s = _SILENT_HEARTBEATS * ask.heartbeat_s
        self._ask = ask
        self._make_backoff = make_backoff
        self._events: deque[Callable[[], WatchEvent]] = deque()
        self._places: deque[Place] = deque()
        # What the caller has got, and what was received.
        self._reached = self._received = ask.place
        self._given = Given(ask.place)
        self._marks: list[Mark] = self._given.marks()
        self._backoff: Backoff | None = None
        self._messages = 0
        self._faults = 0
        self._gap = False

    @property
    def resume_token(self) -> str:
        """Where the caller stands: what to resume from, once what was given is dealt with."""
        place = self._reached if self._events else self._received
        return "" if place is None else place.text()

    def call(self) -> Call[Any, watch_pb2.WatchResponse]:
        """Makes the call for the next stream."""
        request = watch_request(self._ask, self._received)
        self._messages = 0
        self._given = Given(self._received)
        return Call("Watch", request, self._ask.scope, _as_it_is, lambda _error: None)

    def next_event(self) -> WatchEvent | None:
        """Gives the next of the events that were received; None: there are no more.

        Raises:
            SerializationError: Python cannot hold a value of it; it is passed over.
        """
        if not self._events:
            return None
        self._reached = self._places.popleft()
        return self._events.popleft()()

    def take(self, message: watch_pb2.WatchResponse) -> None:
        """Notes a message that was received."""
        self._messages += 1
        self.begun = True
        self.trouble = None
        if not self._events:
            self._reached = self._received
        if self._messages > 1 or not message.heartbeat:
            # A stream that has only begun may end like the one before it.
            self._backoff = None
            self._faults = 0
        self._take_events(message)
        if self._gap:
            self._gap = False
            self._put_notice(EventKind.GAP)
        if message.snapshot_complete:
            self._put_notice(EventKind.SNAPSHOT_COMPLETE)

    def lost(self, error: StateError, patience_s: float) -> float:
        """Notes that the stream has ended, and gives the seconds until the next.

        Args:
            error: Why.
            patience_s: For how many seconds to try while the watch has not begun.

        Raises:
            StateError: There is no use in another one, or the time for that is over.
        """
        self.trouble = error
        if self._ask.restarts and self._is_gap(error):
            self._restart()
            return 0.0
        if not isinstance(error, _PASSING):
            self._faults += 1
            if not isinstance(error, InternalError) or self._faults > _FAULTS_MAX:
                raise error
        if self._backoff is None:
            limit_s = self._ask.give_up_after_s
            self._backoff = self._make_backoff(limit_s if self.begun else min(limit_s, patience_s))
        delay_s = self._backoff.delay_s()
        if delay_s is None:
            raise error
        if isinstance(error, OverloadedError) and error.retry_after is not None:
            delay_s += error.retry_after.total_seconds()
        return delay_s

    def _is_gap(self, error: StateError) -> bool:
        if isinstance(error, RevisionCompactedError):
            return True
        # Of a token that the server itself gave in this watch: it serves another folder now.
        return (
            self.begun
            and isinstance(error, InvalidRequestError)
            and any(field == "resume_token" for field, _ in error.fields)
        )

    def _restart(self) -> None:
        self._ask.request.snapshot = True
        self._received = None
        self._marks = []
        self._gap = True

    def _take_events(self, message: watch_pb2.WatchResponse) -> None:
        tokens = iter(message.snapshot_tokens)
        fresh = None
        for event in message.events:
            given = self._given.has(event.key.execution_id, event.revision)
            token = next(tokens, "") if event.kind == history_pb2.EVENT_KIND_SNAPSHOT else ""
            if token:
                self._come_to(token)
            elif not given:
                self._mark(event)
            if not given:
                fresh = event
                self._put_event(event, self._received or Place(""))
        if message.resume_token:
            self._come_to(message.resume_token)
            if fresh is not None:
                self._events.pop()
                self._places.pop()
                self._put_event(fresh, self._received or Place(""))

    def _come_to(self, token: str) -> None:
        """Notes that the server knows the place."""
        self._marks = self._given.marks()
        self._received = Place(token, self._marks, len(self._marks))

    def _mark(self, event: watch_pb2.Event) -> None:
        """Notes an event after which the server knows no place."""
        token = "" if self._received is None else self._received.token
        self._marks.append((event.key.execution_id, event.revision))
        self._received = Place(token, self._marks, len(self._marks))

    def _put_event(self, event: watch_pb2.Event, place: Place) -> None:
        # Read when it is given: what cannot be read is told of this event alone.
        self._events.append(lambda: read_event(event, place))
        self._places.append(place)

    def _put_notice(self, kind: EventKind) -> None:
        place = self._received or Place("")
        namespace = self._ask.scope.namespace
        self._events.append(lambda: notice(kind, namespace, place))
        self._places.append(place)


def _as_it_is(message: watch_pb2.WatchResponse) -> watch_pb2.WatchResponse:
    return message
