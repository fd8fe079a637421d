"""A watcher's place in one shard: it reads the log, or is told what is committed.

A `Tail` catches up by reading the log in short steps, on a thread. Once a step has come to
the log's end the tail joins its `Channel`, and what is committed from then on is queued for
it; the next step reads what was committed before, and what is both in the log and in the
queue is dropped from the queue. From then on the tail is live. One that falls behind leaves
the channel, its queue is thrown away, and it catches up again: so a queue is bounded, and
nothing is missed or told twice.
"""

from collections import deque
from collections.abc import Callable

from statekeeper_server.channel import Channel
from statekeeper_server.operations.past import check_kept
from statekeeper_server.operations.watch import Piece, Place, Step, Watch, read_step

# What may be queued for one watcher of a shard.
_QUEUE_ROWS_MAX = 1_000
_QUEUE_BYTES_MAX = 1024 * 1024


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

    def __init__(self, channel: Channel, watch: Watch, wake: Callable[[], None]) -> None:
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
        """What is queued, as much as is worth a message; nothing unless it is live.

        Until then something before it may be left in the log.
        """
        taken: list[Piece] = []
        size_bytes = 0
        while self.live and self._queue and size_bytes < _QUEUE_BYTES_MAX // 2:
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
