"""Watches, read message by message."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import grpc

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.watch_pb2 import Event, WatchRequest, WatchResponse
from tests.support.operations import seconds
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of


def watch_request(
    execution_id: str = "", *, heartbeat_s: float | None = None, **fields: Any
) -> WatchRequest:
    """A request to watch one execution, or with the fields given."""
    return WatchRequest(
        key=key_of(execution_id) if execution_id else None,
        heartbeat_interval=None if heartbeat_s is None else seconds(heartbeat_s),
        **fields,
    )


class Watch:
    """One watch; it is cancelled when it is left.

    Attributes:
        token: where to resume from after what was read.
        heartbeats: how many have been read.
        snapshot_complete: whether that was said.
    """

    def __init__(self, raw: RawClient, request: WatchRequest) -> None:
        self.call = raw.stub.Watch(request, timeout=2 * DEADLINE_S)
        self.token = ""
        self.heartbeats = 0
        self.snapshot_complete = False
        self._events: list[Event] = []

    def begun(self) -> Self:
        """Wait until it has begun: what is written from now on is told."""
        first = self.message()
        assert first.heartbeat
        assert first.resume_token
        return self

    def message(self) -> WatchResponse:
        """The next message."""
        message: WatchResponse = next(self.call)
        assert message.heartbeat == (not message.events)
        if message.resume_token:
            self.token = message.resume_token
        self.heartbeats += message.heartbeat
        if message.snapshot_complete:
            assert not self.snapshot_complete
            self.snapshot_complete = True
        self._events += message.events
        return message

    def events(self, number: int) -> list[Event]:
        """The next events."""
        while len(self._events) < number:
            self.message()
        taken, self._events = self._events[:number], self._events[number:]
        return taken

    def event(self) -> Event:
        """The next event."""
        (event,) = self.events(1)
        return event

    def until(self, done: Callable[[Event], bool]) -> list[Event]:
        """The events up to and with the first that is looked for, and all of its message."""
        while not any(map(done, self._events)):
            self.message()
        taken, self._events = self._events, []
        return taken

    def snapshot(self) -> list[Event]:
        """The events until the snapshot is complete."""
        while not self.snapshot_complete:
            self.message()
        taken, self._events = self._events, []
        return taken

    def heartbeat(self) -> str:
        """The token of the next heartbeat; what comes before it must not be an event."""
        message = self.message()
        assert message.heartbeat, message
        return message.resume_token

    def end(self) -> Refusal:
        """How it ends, which must not be with success; what comes before is kept."""
        try:
            while True:
                self.message()
        except grpc.RpcError as error:
            return Refusal.of(error)
        except StopIteration:
            raise AssertionError("it ended with success") from None

    def rest(self) -> list[Event]:
        """What was read and not taken."""
        taken, self._events = self._events, []
        return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.call.cancel()


def revisions(events: Sequence[Event]) -> list[int]:
    """Where they are in the log."""
    return [event.revision for event in events]


def ids(events: Sequence[Event]) -> list[str]:
    """Whose they are."""
    return [event.key.execution_id for event in events]


def merge(state: ExecutionState, event: Event) -> None:
    """Make of the state before an event the state after it, by what the event says."""
    for name in event.removed:
        document, dot, entry = name.partition(".")
        if dot:
            del getattr(state, document).entries[entry]
        else:
            state.ClearField(document)
    if "labels" in event.changed:
        state.labels.clear()
    # The entries that are there already are replaced, not merged into.
    for name in ("input", "context", "member_outputs", "metadata"):
        if event.changes.HasField(name):
            for entry in getattr(event.changes, name).entries:
                getattr(state, name).entries.pop(entry, None)
    state.MergeFrom(event.changes)
