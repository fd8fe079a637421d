"""What was loaded or saved of late, so that it need not be loaded again.

One cache belongs to one client and serves all handles that ask for it. It
never holds a state that a write through the same client has replaced:

- A write ends by replacing the copy or dropping it, also when it failed, since
  it may have been done all the same.
- A load that was under way when a write ended may have read the state before
  that write, so it may not put what it read. The same holds for two writes at
  once: which was first is told by their revisions alone.
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

    __slots__ = ("key", "overtaken")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.overtaken = False


@dataclass(slots=True)
class _Entry:
    execution: execution_pb2.Execution
    size_bytes: int
    fresh_until_s: float


class Cache:
    """Executions by key, the least recently used ones leave first.

    Safe to use from several threads. What it gives out must not be changed.
    """

    def __init__(
        self,
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

    def get(self, key: Key) -> execution_pb2.Execution | None:
        """Gives the copy of an execution, if there is one and it is fresh."""
        with self._lock:
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
            if execution is None or ticket.overtaken:
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
            if execution is not None and not ticket.overtaken:
                self._put(ticket.key, execution, ttl_s)

    def clear(self) -> None:
        """Drops all copies: a write ended, and it is not known of which execution."""
        with self._lock:
            for tickets in self._under_way.values():
                for ticket in tickets:
                    ticket.overtaken = True
            self._entries.clear()
            self._bytes = 0

    def _leave(self, ticket: Ticket) -> None:
        tickets = self._under_way.get(ticket.key)
        if tickets is not None:
            tickets.discard(ticket)
            if not tickets:
                del self._under_way[ticket.key]

    def _put(self, key: Key, execution: execution_pb2.Execution, ttl_s: float) -> None:
        self._drop(key)
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
