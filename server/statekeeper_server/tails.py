"""What watchers are told of one shard: from its log, or as it is committed.

A `Tail` is a watcher's place in a shard. It catches up by reading the log in short steps, on
a thread. Once a step has come to the log's end the tail joins its `Channel`, which queues for
it what is committed from then on; the next step reads what was committed before, and what is
both in the log and in the queue is dropped from the queue. From then on the tail is live. One
that falls behind leaves the channel, its queue is thrown away, and it catches up again: so a
queue is bounded, and nothing is missed or told twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import NamedTuple

from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.watch_pb2 import WATCH_INCLUDE_HEAD, WatchInclude
from statekeeper_server.errors import StateError
from statekeeper_server.logs import get_logger
from statekeeper_server.operations import watch_events
from statekeeper_server.operations.watch import (
    Piece,
    Place,
    Scope,
    Step,
    Watch,
    check_kept,
    pieces,
    read_step,
)
from statekeeper_server.storage.v1.records_pb2 import Event
from statekeeper_server.store.writer import Appended
from statekeeper_server.worker import Worker

_log = get_logger(__name__)

# What may be queued for one watcher of a shard.
_QUEUE_ROWS_MAX = 1_000
_QUEUE_BYTES_MAX = 1024 * 1024
# What may wait for its values to be read, and what is read at once.
_UNREAD_ROWS_MAX = 2_000
_READ_ROWS = 100
_READ_BYTES = 1024 * 1024


class Tail:
    """A watcher's place in one shard. Of the event loop, but for `read`.

    Args:
        channel: that of the shard.
        watch: what is watched.
        wake: called when there is something to take, or nothing more will come.

    Attributes:
        place: up to where the watcher was told.
        live: whether it is told what is committed; otherwise it has to `read`.
        lost: whether nothing more will come.
    """

    __slots__ = (
        "_channel",
        "_joined",
        "_live_from",
        "_queue",
        "_queue_bytes",
        "_wake",
        "live",
        "lost",
        "place",
        "watch",
    )

    def __init__(self, channel: "Channel", watch: Watch, wake: Callable[[], None]) -> None:
        self.watch = watch
        self.place = Place(0)
        self.live = False
        self.lost = False
        self._channel = channel
        self._wake = wake
        self._joined = False
        self._live_from = 0
        self._queue: deque[tuple[list[Piece], int]] = deque()
        self._queue_bytes = 0

    def begin(self, place: Place | None) -> bool:
        """Begin at a place, or now; False when the place is in the future.

        Raises:
            RevisionCompactedError: what follows the place is no longer kept.
            StorageError: the shard is out of service.
        """
        self._join()
        with self._channel.shard.read() as store:
            last = store.last_revision()
            self.place = Place(last) if place is None else place
            check_kept(store, self.place.revision)
        if self.place == Place(last):
            self._go_live(last)
        else:
            self.leave()
        return self.place.revision <= last

    def begin_snapshot(self) -> None:
        """Begin with the executions as they are.

        Raises:
            StorageError: the shard is out of service.
        """
        with self._channel.shard.read() as store:
            self.place = Place(store.last_revision(), "")

    def read(self, now_us: int) -> Step:
        """Read a step on; on any thread.

        Raises:
            RevisionCompactedError, StorageError: as `begin`.
        """
        with self._channel.shard.read() as store:
            return read_step(store, self.watch, self.place, now_us)

    def follow(self, step: Step) -> None:
        """Go on after a step: once it has come to the log's end, what is committed comes."""
        if step.at_end and self._joined:
            self._go_live(step.place.revision)
        elif step.at_end:
            self._join()

    def take(self) -> list[Piece]:
        """What is queued, as much as is worth a message."""
        taken: list[Piece] = []
        size_bytes = 0
        while self._queue and size_bytes < _QUEUE_BYTES_MAX // 2:
            row, row_bytes = self._queue.popleft()
            taken += row
            size_bytes += row_bytes
        self._queue_bytes -= size_bytes
        return taken

    def settle(self) -> None:
        """Note how far the shard has come, when all that it had to tell was told."""
        if self.live and not self._queue:
            reached = self._channel.reached_by(self.watch.include)
            if reached > self.place.revision:
                self.place = Place(reached)

    def push(self, revision: int, row: list[Piece], row_bytes: int) -> None:
        """Queue what was committed."""
        if not self._joined or revision <= self._live_from:
            return
        if self._queue and (
            len(self._queue) >= _QUEUE_ROWS_MAX or self._queue_bytes + row_bytes > _QUEUE_BYTES_MAX
        ):
            self.fall_behind()
            return
        self._queue.append((row, row_bytes))
        self._queue_bytes += row_bytes
        self._wake()

    def fall_behind(self) -> None:
        """Catch up by itself, as there is too much to queue."""
        self.leave()
        self._wake()

    def lose(self) -> None:
        """Nothing more will come."""
        self.lost = True
        self._wake()

    def leave(self) -> None:
        """Leave the channel; what is queued is read from the log again, if at all."""
        if self._joined:
            self._channel.remove(self)
        self._joined = self.live = False
        self._queue.clear()
        self._queue_bytes = 0

    def _join(self) -> None:
        self._joined = True
        self._live_from = 0
        self._channel.add(self)

    def _go_live(self, revision: int) -> None:
        """Be told what follows a revision, up to which all is read."""
        self._live_from = revision
        queue, self._queue = self._queue, deque()
        for row, row_bytes in queue:
            place = row[-1].place
            if place is not None and place.revision > revision:
                self._queue.append((row, row_bytes))
            else:
                self._queue_bytes -= row_bytes
        self.live = True


class _Told(NamedTuple):
    """Which part of what happens is told, the same to all who asked so."""

    include: WatchInclude
    kinds: frozenset[EventKind]


_Tails = dict[_Told, dict[Tail, None]]


class _Prefixes:
    """Whoever watches a namespace, by the prefixes of ids."""

    __slots__ = ("lengths", "tails")

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}
        self.tails: dict[str, _Tails] = {}


class _Index:
    """Who is told about an execution, found without asking everybody."""

    def __init__(self) -> None:
        self._single: dict[tuple[str, str], _Tails] = {}
        self._namespaces: dict[str, _Prefixes] = {}

    def at(self, scope: Scope) -> _Tails:
        """Whoever watches exactly that; to be added to and removed from."""
        if scope.single:
            return self._single.setdefault((scope.namespace, scope.id_prefix), {})
        prefixes = self._namespaces.setdefault(scope.namespace, _Prefixes())
        tails = prefixes.tails.get(scope.id_prefix)
        if tails is None:
            tails = prefixes.tails[scope.id_prefix] = {}
            length = len(scope.id_prefix)
            prefixes.lengths[length] = prefixes.lengths.get(length, 0) + 1
        return tails

    def discard(self, scope: Scope) -> None:
        """Forget a scope that nobody watches any more."""
        if scope.single:
            del self._single[scope.namespace, scope.id_prefix]
            return
        prefixes = self._namespaces[scope.namespace]
        del prefixes.tails[scope.id_prefix]
        length = len(scope.id_prefix)
        prefixes.lengths[length] -= 1
        if not prefixes.lengths[length]:
            del prefixes.lengths[length]
        if not prefixes.tails:
            del self._namespaces[scope.namespace]

    def find(self, namespace: str, execution_id: str) -> Iterator[_Tails]:
        """Who watches an execution."""
        single = self._single.get((namespace, execution_id))
        if single is not None:
            yield single
        prefixes = self._namespaces.get(namespace)
        if prefixes is not None:
            for length in prefixes.lengths:
                tails = prefixes.tails.get(execution_id[:length])
                if tails is not None:
                    yield tails


class _Unread(NamedTuple):
    """A row whose values are still to be read, and for whom."""

    revision: int
    event: Event
    heads: list[tuple[EventKind, bytes]]
    tails: list[tuple[_Told, list[Tail]]]


class Channel:
    """Tells the tails of one shard what it commits. Implements `feed.Follower`.

    An event is serialised once for all who asked for the same part of it.

    Args:
        shard: whose commits.
        threads: where values are read.
    """

    def __init__(self, shard: Worker, threads: Executor) -> None:
        self.shard = shard
        self._threads = threads
        self._index = _Index()
        self._tails: set[Tail] = set()
        # Up to where the heads of what was committed were told, and the values.
        self._reached = 0
        self._values_reached = 0
        self._unread: deque[_Unread] = deque()
        self._reading: asyncio.Task[None] | None = None

    def add(self, tail: Tail) -> None:
        """Tell a tail what is committed from now on, and maybe a little of what was before."""
        watch = tail.watch
        told = _Told(watch.include, watch.kinds)
        self._index.at(watch.scope).setdefault(told, {})[tail] = None
        self._tails.add(tail)
        self.shard.feed.follower = self

    def remove(self, tail: Tail) -> None:
        """Tell it no more."""
        watch = tail.watch
        told = _Told(watch.include, watch.kinds)
        tails = self._index.at(watch.scope)
        del tails[told][tail]
        if not tails[told]:
            del tails[told]
        if not tails:
            self._index.discard(watch.scope)
        self._tails.remove(tail)
        if not self._tails:
            self.shard.feed.follower = None

    def reached_by(self, include: WatchInclude) -> int:
        """Up to where those who asked for so much were told."""
        return self._reached if include == WATCH_INCLUDE_HEAD else self._values_reached

    def take(self, appended: Appended) -> None:
        """Tell what was committed."""
        for revision, event in appended:
            key = event.execution.key
            found = [
                (told, list(tails))
                for group in self._index.find(key.namespace, key.execution_id)
                for told, tails in group.items()
            ]
            if found:
                self._tell(revision, event, found)
        self._reached = appended[-1][0]
        if not self._unread:
            self._values_reached = self._reached

    def lose(self) -> None:
        """Tell all that nothing more will come."""
        for tail in tuple(self._tails):
            tail.lose()

    def _tell(self, revision: int, event: Event, found: list[tuple[_Told, list[Tail]]]) -> None:
        heads = watch_events.heads(revision, event)
        kinds = {kind for kind, _ in heads}
        later = []
        for told, tails in found:
            if told.kinds and not told.kinds & kinds:
                continue
            if told.include == WATCH_INCLUDE_HEAD:
                _push(revision, watch_events.fields(heads, told.kinds, b""), tails)
            else:
                later.append((told, tails))
        if not later:
            return
        if len(self._unread) >= _UNREAD_ROWS_MAX:
            self._give_up_reading()
        self._unread.append(_Unread(revision, event, heads, later))
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
                for row, firsts in zip(rows, found, strict=False):
                    self._unread.popleft()
                    for (told, tails), first in zip(row.tails, firsts, strict=True):
                        fields = watch_events.fields(row.heads, told.kinds, first)
                        _push(row.revision, fields, tails)
                    self._values_reached = row.revision
        except StateError:
            self._give_up_reading()
        except Exception:  # noqa: BLE001 - it is logged; each tail meets it by itself, or does not
            _log.exception("reading values for watchers failed")
            self._give_up_reading()
        finally:
            self._reading = None
        self._values_reached = self._reached

    def _values_of(self, rows: list[_Unread]) -> list[list[bytes]]:
        """The values of the first rows, for each of those who are told; on a thread."""
        found: list[list[bytes]] = []
        size_bytes = 0
        with self.shard.read() as store:
            for revision, event, _, tails in rows:
                values: dict[WatchInclude, bytes] = {}
                for told, _tails in tails:
                    if told.include not in values:
                        first = watch_events.values(store, revision, event, told.include)
                        values[told.include] = first
                        size_bytes += len(first)
                found.append([values[told.include] for told, _tails in tails])
                if size_bytes >= _READ_BYTES:
                    break
        return found

    def _give_up_reading(self) -> None:
        """Let those for whom values are to be read do that by themselves."""
        for row in self._unread:
            for _, tails in row.tails:
                for tail in tails:
                    tail.fall_behind()
        self._unread.clear()


def _push(revision: int, fields: list[bytes], tails: list[Tail]) -> None:
    row = pieces(fields, Place(revision))
    row_bytes = sum(map(len, fields))
    for tail in tails:
        tail.push(revision, row, row_bytes)
