"""What was loaded or saved of late, so that it need not be loaded again.

One cache belongs to one client and serves all handles that ask for it. It
never holds a state that a write through the same client has replaced:

- A write ends by replacing the copy or dropping it, also when it failed, since
  it may have been done all the same.
- A load that was under way when a write ended may have read the state before
  that write, so it may not put what it read. The same holds for two writes at
  once: which was first is told by their revisions alone.

A watched cache holds no state either that a write of others has replaced, but
for as long as the news of it travels. It holds copies of a namespace only while
a watch of that namespace stands (`watch_stands`, `watch_broke`), and is told
every change (`changed`). What was read before the watch stood, or before the
last change that is known, is not put.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from statekeeper.v1 import execution_pb2, pause_pb2

Key = tuple[str, str]
"""(namespace, execution_id)"""

EXECUTIONS_MAX = 1_000
BYTES_MAX = 64 * 1024 * 1024


class Ticket:
    """A call that is under way on one execution."""

    __slots__ = ("key", "overtaken", "revision_min")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.overtaken = False
        self.revision_min = 0


@dataclass(slots=True)
class _Entry:
    execution: execution_pb2.Execution
    size_bytes: int
    fresh_until_s: float


class Cache:
    """Executions by key, the least recently used ones leave first.

    Safe to use from several threads. What it gives out must not be changed.

    Args:
        watch: Begins to tell this cache what changes in a namespace, and returns at
            once; None: nobody does.
        executions_max: How many it may hold.
        bytes_max: How large they may be together.
        monotonic_s: A clock that does not step.
        wall_clock_s: The time of day.
    """

    def __init__(
        self,
        watch: "Callable[[Cache, str], object] | None" = None,
        *,
        executions_max: int = EXECUTIONS_MAX,
        bytes_max: int = BYTES_MAX,
        monotonic_s: Callable[[], float] = time.monotonic,
        wall_clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._executions_max = executions_max
        self._bytes_max = bytes_max
        self._monotonic_s = monotonic_s
        self._wall_clock_s = wall_clock_s
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[Key, set[Ticket]] = {}
        self._watch = watch
        # By namespace, whether its watch stands.
        self._watched: dict[str, bool] = {}

    def get(self, key: Key) -> execution_pb2.Execution | None:
        """Gives the copy of an execution, if there is one and it is fresh."""
        with self._lock:
            if self._watch is not None and key[0] not in self._watched:
                self._watched[key[0]] = False
                self._watch(self, key[0])
            entry = self._entries.get(key)
            if entry is None:
                return None
            if self._monotonic_s() >= entry.fresh_until_s:
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry.execution

    def begin(self, key: Key) -> Ticket:
        """Notes that a call is about to be sent; it must end in one of the three ways."""
        ticket = Ticket(key)
        with self._lock:
            self._under_way.setdefault(key, set()).add(ticket)
        return ticket

    def end_load(
        self, ticket: Ticket, execution: execution_pb2.Execution | None, ttl_s: float
    ) -> None:
        """Takes what a load read; None: nothing, or it failed."""
        with self._lock:
            self._leave(ticket)
            if execution is None or ticket.overtaken or execution.revision < ticket.revision_min:
                return
            kept = self._entries.get(ticket.key)
            if kept is None or kept.execution.revision <= execution.revision:
                self._put(ticket.key, execution, ttl_s)

    def end_write(
        self,
        ticket: Ticket,
        *,
        revision: int = 0,
        execution: execution_pb2.Execution | None = None,
        ttl_s: float = 0,
    ) -> None:
        """Notes that a write ended.

        Args:
            ticket: What `begin` gave.
            revision: The revision it made; 0: not known.
            execution: The whole execution right after it; None: not known.
            ttl_s: For how many seconds that may be given out.
        """
        with self._lock:
            self._leave(ticket)
            for other in self._under_way.get(ticket.key, ()):
                other.overtaken = True
            kept = self._entries.get(ticket.key)
            if kept is not None and 0 < revision < kept.execution.revision:
                return
            self._drop(ticket.key)
            overtaken = ticket.overtaken or revision < ticket.revision_min
            if execution is not None and not overtaken:
                self._put(ticket.key, execution, ttl_s)

    def clear(self) -> None:
        """Drops all copies: a write ended, and it is not known of which execution."""
        with self._lock:
            for tickets in self._under_way.values():
                for ticket in tickets:
                    ticket.overtaken = True
            self._entries.clear()
            self._bytes = 0

    def watch_stands(self, namespace: str) -> None:
        """Notes that from now on every change in a namespace will be told."""
        with self._lock:
            for key, tickets in self._under_way.items():
                if key[0] == namespace:
                    for ticket in tickets:
                        ticket.overtaken = True
            self._watched[namespace] = True

    def watch_broke(self, namespace: str) -> None:
        """Notes that changes in a namespace may not be told, and drops its copies."""
        with self._lock:
            self._watched[namespace] = False
            for key in [key for key in self._entries if key[0] == namespace]:
                self._drop(key)

    def changed(self, key: Key, revision: int) -> None:
        """Notes that somebody has changed an execution."""
        with self._lock:
            for ticket in self._under_way.get(key, ()):
                ticket.revision_min = max(ticket.revision_min, revision)
            kept = self._entries.get(key)
            if kept is not None and kept.execution.revision < revision:
                self._drop(key)

    def _leave(self, ticket: Ticket) -> None:
        tickets = self._under_way.get(ticket.key)
        if tickets is not None:
            tickets.discard(ticket)
            if not tickets:
                del self._under_way[ticket.key]

    def _put(self, key: Key, execution: execution_pb2.Execution, ttl_s: float) -> None:
        self._drop(key)
        if self._watch is not None and not self._watched.get(key[0]):
            return
        size_bytes = execution.ByteSize()
        ttl_s = min(ttl_s, self._life_left_s(execution))
        if size_bytes > self._bytes_max or ttl_s <= 0:
            return
        self._entries[key] = _Entry(execution, size_bytes, self._monotonic_s() + ttl_s)
        self._bytes += size_bytes
        while len(self._entries) > self._executions_max or self._bytes > self._bytes_max:
            self._drop(next(iter(self._entries)))

    def _life_left_s(self, execution: execution_pb2.Execution) -> float:
        # The server reads an execution as absent from its expire_time on, and
        # as changed from that of an open pause on: the copy must not live longer.
        ends = [
            pause.expire_time
            for pause in execution.pauses
            if pause.status == pause_pb2.PAUSE_STATUS_OPEN
        ]
        if execution.HasField("expire_time"):
            ends.append(execution.expire_time)
        left_s = (end.seconds + end.nanos / 1e9 - self._wall_clock_s() for end in ends)
        return min(left_s, default=float("inf"))

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size_bytes
