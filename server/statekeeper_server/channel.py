"""What one shard commits, told to those who watch: each event is serialised once for all.

Values are read from the store, as of the event's revision: at once where that is quick, on a
thread otherwise, and in either case once for all who asked for them.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import NamedTuple

from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.watch_pb2 import WATCH_INCLUDE_HEAD, WatchInclude
from statekeeper_server.errors import StateError
from statekeeper_server.logs import get_logger
from statekeeper_server.operations import watch_events
from statekeeper_server.operations.watch import Place, pieces
from statekeeper_server.storage.v1.records_pb2 import Event
from statekeeper_server.store.writer import Appended
from statekeeper_server.watch_index import Index, Listener, Told
from statekeeper_server.worker import Worker

_log = get_logger(__name__)

# Values of so few rows are read on the event loop: a thread would cost more.
_AT_ONCE_ROWS = 4
# What may wait for its values to be read, and what is read in one step.
_UNREAD_ROWS_MAX = 2_000
_READ_ROWS = 100
_READ_BYTES = 1024 * 1024


class _Unread(NamedTuple):
    """A row whose values are still to be read, and for whom."""

    revision: int
    event: Event
    heads: list[tuple[EventKind, bytes]]
    listeners: list[tuple[Told, list[Listener]]]

    def push(self, values: Mapping[WatchInclude, bytes]) -> None:
        """Tell it, once they are read."""
        for told, listeners in self.listeners:
            fields = watch_events.fields(self.heads, told.kinds, values[told.include])
            _push(self.revision, fields, listeners)


class Channel:
    """Tells those who watch a shard what it commits. Implements `feed.Follower`.

    An event is serialised once for all who asked for the same part of it.

    Args:
        shard: whose commits.
        threads: where values are read.
    """

    def __init__(self, shard: Worker, threads: Executor) -> None:
        self.shard = shard
        self._threads = threads
        self._index = Index()
        self._listeners: set[Listener] = set()
        # Up to where the heads of what was committed were told, and the values.
        self._reached = 0
        self._values_reached = 0
        self._unread: deque[_Unread] = deque()
        self._reading: asyncio.Task[None] | None = None

    def add(self, listener: Listener) -> None:
        """Tell somebody what is committed from now on, and maybe a little of what was before."""
        watch = listener.watch
        told = Told(watch.include, watch.kinds)
        self._index.at(watch.scope).setdefault(told, {})[listener] = None
        self._listeners.add(listener)
        self.shard.feed.follower = self

    def remove(self, listener: Listener) -> None:
        """Tell it no more."""
        watch = listener.watch
        told = Told(watch.include, watch.kinds)
        listeners = self._index.at(watch.scope)
        del listeners[told][listener]
        if not listeners[told]:
            del listeners[told]
        if not listeners:
            self._index.discard(watch.scope)
        self._listeners.remove(listener)
        if not self._listeners:
            self.shard.feed.follower = None

    def reached_by(self, include: WatchInclude) -> int:
        """Up to where those who asked for so much were told."""
        return self._reached if include == WATCH_INCLUDE_HEAD else self._values_reached

    def take(self, appended: Appended) -> None:
        """Tell what was committed."""
        try:
            self._tell_all(appended)
        except Exception:  # noqa: BLE001 - each meets it by itself, or does not: none may miss it
            _log.exception("telling watchers failed")
            for listener in tuple(self._listeners):
                listener.fall_behind()
        self._reached = appended[-1][0]
        if not self._unread:
            self._values_reached = self._reached

    def lose(self) -> None:
        """Tell all that nothing more will come."""
        for listener in tuple(self._listeners):
            listener.lose()

    def _tell_all(self, appended: Appended) -> None:
        at_once = len(appended) <= _AT_ONCE_ROWS and not self._unread
        for revision, row in appended:
            event = Event.FromString(row)
            key = event.execution.key
            found = [
                (told, list(listeners))
                for group in self._index.find(key.namespace, key.execution_id)
                for told, listeners in group.items()
            ]
            if found:
                later = self._tell(revision, event, found)
                if later is not None and not (at_once and self._tell_values(later)):
                    at_once = False
                    self._read_later(later)

    def _tell(
        self, revision: int, event: Event, found: list[tuple[Told, list[Listener]]]
    ) -> _Unread | None:
        """Tell those who need no values; the others are still to be told."""
        heads = watch_events.heads(revision, event)
        kinds = {kind for kind, _ in heads}
        later = []
        for told, listeners in found:
            if told.kinds and not told.kinds & kinds:
                continue
            if told.include == WATCH_INCLUDE_HEAD:
                _push(revision, watch_events.fields(heads, told.kinds, b""), listeners)
            else:
                later.append((told, listeners))
        return _Unread(revision, event, heads, later) if later else None

    def _tell_values(self, row: _Unread) -> bool:
        """Tell the others at once; False where that would take too long."""
        values: dict[WatchInclude, bytes] = {}
        try:
            with self.shard.read() as store:
                for include in {told.include for told, _ in row.listeners}:
                    first = watch_events.values_at_once(store, row.revision, row.event, include)
                    if first is None:
                        return False
                    values[include] = first
        except StateError:
            return False
        row.push(values)
        return True

    def _read_later(self, row: _Unread) -> None:
        if len(self._unread) >= _UNREAD_ROWS_MAX:
            self._give_up_reading()
        self._unread.append(row)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read_values())

    async def _read_values(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._unread:
                rows = [self._unread[at] for at in range(min(len(self._unread), _READ_ROWS))]
                found = await loop.run_in_executor(self._threads, self._values_of, rows)
                if not self._unread or self._unread[0] is not rows[0]:
                    continue  # it was given up meanwhile
                for row, values in zip(rows, found, strict=False):
                    self._unread.popleft()
                    row.push(values)
                    self._values_reached = row.revision
        except StateError:
            self._give_up_reading()
        except Exception:  # noqa: BLE001 - it is logged; each listener meets it by itself, or does not
            _log.exception("reading values for watchers failed")
            self._give_up_reading()
        finally:
            self._reading = None
        self._values_reached = self._reached

    def _values_of(self, rows: list[_Unread]) -> list[dict[WatchInclude, bytes]]:
        """The values of the first rows, of each kind that is asked for; on a thread."""
        found: list[dict[WatchInclude, bytes]] = []
        size_bytes = 0
        with self.shard.read() as store:
            for row in rows:
                values = {
                    include: watch_events.values(store, row.revision, row.event, include)
                    for include in {told.include for told, _ in row.listeners}
                }
                found.append(values)
                size_bytes += sum(map(len, values.values()))
                if size_bytes >= _READ_BYTES:
                    break
        return found

    def _give_up_reading(self) -> None:
        """Let those for whom values are to be read do that by themselves."""
        for row in self._unread:
            for _, listeners in row.listeners:
                for listener in listeners:
                    listener.fall_behind()
        self._unread.clear()


def _push(revision: int, fields: list[bytes], listeners: list[Listener]) -> None:
    row = pieces(fields, Place(revision))
    row_bytes = sum(map(len, fields))
    for listener in listeners:
        listener.push(revision, row, row_bytes)
