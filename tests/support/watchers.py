"""Watchers that are made to stumble, and keep what they were told."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random
from typing import Literal

from statekeeper import AsyncClient, Client, Watch, WatchEvent

Told = tuple[str, int, str]
"""(execution id, revision, kind) of an event"""

_HEARTBEAT_S = 0.5
_PATIENCE_S = 0.2
_STALL_S = 1.5


class Watcher(threading.Thread):
    """Watches the default namespace from a place on, until it is told to stop.

    Args:
        address: the server's.
        start: the resume token to begin with.
        dice: what it does by chance.

    Attributes:
        told: what it was told, in order.
        failure: what it ended with, when it should not have.
        begun: set when it has heard of the server, and the server may go.
        over: set when it is to end.
    """

    def __init__(self, address: str, start: str, dice: Random) -> None:
        super().__init__(daemon=True, name=type(self).__name__)
        self.told: list[Told] = []
        self.failure: Exception | None = None
        self.begun = threading.Event()
        self.over = threading.Event()
        self._address = address
        self._start_token = start
        self._dice = dice

    def run(self) -> None:
        """Watch, until the end or a failure."""
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001 - told by the test
            self.failure = error

    def expects(self, told: Told) -> bool:
        """Whether it is to be told of an event."""
        return bool(told)

    def _watch(self) -> None:
        raise NotImplementedError

    def _take(self, event: WatchEvent) -> None:
        self.told.append((event.execution_id, event.revision, str(event.kind)))

    def _client(self) -> Client:
        client = Client(self._address, timeout=60)
        client.state_manager("anything").load()
        self._begin()
        return client

    def _begin(self) -> None:
        self.begun.set()


class Steady(Watcher):
    """Takes what comes, in one watch."""

    def _watch(self) -> None:
        with self._client() as client:
            watch = client.watch(resume_token=self._start_token, heartbeat=_HEARTBEAT_S)
            threading.Thread(target=self._close_in_the_end, args=(watch,), daemon=True).start()
            for event in watch:
                self._take(event)

    def _close_in_the_end(self, watch: Watch) -> None:
        self.over.wait()
        watch.close()


class Resuming(Watcher):
    """Leaves again and again in the midst of a message, and comes back with what it stored."""

    def _watch(self) -> None:
        token = self._start_token
        with self._client() as client:
            while not self.over.is_set():
                include = self._dice.choice(_INCLUDES)
                with client.watch(
                    resume_token=token, include=include, heartbeat=_HEARTBEAT_S
                ) as events:
                    for _ in range(self._dice.randint(1, 60)):
                        event = events.next_within(_PATIENCE_S)
                        if event is None:
                            token = events.resume_token
                            break
                        self._take(event)
                        token = event.resume_token


class Stalling(Watcher):
    """Leaves large messages unread for longer than the server waits."""

    def _watch(self) -> None:
        with (
            self._client() as client,
            client.watch(
                resume_token=self._start_token, include="state", heartbeat=_HEARTBEAT_S
            ) as events,
        ):
            while not self.over.is_set():
                event = events.next_within(_PATIENCE_S)
                if event is not None:
                    self._take(event)
                if self._dice.random() < 1 / 200:
                    time.sleep(_STALL_S * self._dice.random())


class Filtering(Watcher):
    """Wants some kinds alone, and is told by heartbeats how far it has come."""

    KINDS = ("saved", "deleted", "unlocked")

    def expects(self, told: Told) -> bool:
        """Whether it is to be told of an event."""
        return told[2] in self.KINDS

    def _begin(self) -> None:
        # A token is of one watch: this one has to begin before anything is written.
        pass

    def _watch(self) -> None:
        token: str | None = None
        with self._client() as client:
            while not self.over.is_set():
                with client.watch(
                    resume_token=token, kinds=self.KINDS, heartbeat=_HEARTBEAT_S
                ) as events:
                    self.begun.set()
                    for _ in range(self._dice.randint(1, 60)):
                        event = events.next_within(_PATIENCE_S)
                        if event is not None:
                            self._take(event)
                        token = events.resume_token


class Cancelled(Watcher):
    """An async watcher whose steps are given up again and again."""

    def _watch(self) -> None:
        asyncio.run(self._take_all())

    async def _take_all(self) -> None:
        async with (
            AsyncClient(self._address, timeout=60) as client,
            client.watch(resume_token=self._start_token, heartbeat=_HEARTBEAT_S) as events,
        ):
            self._begin()
            while not self.over.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._dice.choice((0.001, 0.01, _PATIENCE_S))):
                        self._take(await anext(events))


class Mirror(Watcher):
    """Begins with a snapshot, in the midst of it all, and knows what there is.

    Attributes:
        revisions: the revision of each execution that there is.
        gaps: how often it had to begin again, as too much had happened.
    """

    AWAY_S = 0.0

    def __init__(self, address: str, start: str, dice: Random) -> None:
        super().__init__(address, start, dice)
        self.revisions: dict[str, int] = {}
        self.gaps = 0

    def expects(self, told: Told) -> bool:
        """It begins later than the others."""
        del told
        return False

    def _take(self, event: WatchEvent) -> None:
        if event.kind == "gap":
            self.gaps += 1
            self.revisions.clear()
        elif event.execution_revision:
            self.revisions[event.execution_id] = event.execution_revision
        elif event.execution_id:
            self.revisions.pop(event.execution_id, None)

    def _watch(self) -> None:
        token: str | None = None
        with self._client() as client:
            time.sleep(self._dice.random())
            while not self.over.is_set():
                with client.watch(
                    snapshot=token is None,
                    resume_token=token,
                    heartbeat=_HEARTBEAT_S,
                    on_compacted="snapshot",
                ) as events:
                    for _ in range(self._dice.randint(1, 30)):
                        event = events.next_within(_PATIENCE_S)
                        if event is not None:
                            self._take(event)
                            token = event.resume_token
                time.sleep(self.AWAY_S * self._dice.random())


class AbsentMirror(Mirror):
    """Is away for so long that there may be a gap."""

    AWAY_S = 0.5


_INCLUDES: tuple[Literal["head", "changes", "state"], ...] = ("head", "changes", "state")


def wait_until(holds: Callable[[], bool], watchers: Iterable[Watcher], deadline_s: float) -> bool:
    """Wait until something holds; false: it does not in time, or a watcher has failed."""
    ends_s = time.monotonic() + deadline_s
    while not holds():
        if time.monotonic() > ends_s or any(watcher.failure for watcher in watchers):
            return False
        time.sleep(0.02)
    return True
