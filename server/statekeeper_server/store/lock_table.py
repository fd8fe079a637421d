"""Who holds the locks of a shard and who waits for them: in memory, beside the table locks.

Every write must know whether a lock stands in its way, so the grants are kept where it
costs nothing to look. What a batch changes counts from its commit on: `LockChanges` holds
it until then, and is forgotten with the batch if that fails.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Grant(NamedTuple):
    """A lock that is held.

    Attributes:
        owner, exclusive: as asked for.
        fencing_token: position of the grant in the log.
        lease_us: how long it was asked for.
        expire_time_us: when the lease is over, as it is told to callers.
        deadline_us: the same by the monotonic clock, which is what counts.
        told: how many were told that they have it, or are being told.
        unheard: the rows of the request_ids whose answers have reached nobody.
    """

    owner: str
    fencing_token: int
    lease_us: int
    expire_time_us: int
    deadline_us: int
    exclusive: bool
    told: int = 1
    unheard: tuple[bytes, ...] = ()


@dataclass(slots=True, eq=False)
class Waiter:
    """A caller that waits for a lock.

    Attributes:
        request: what it asked for.
        deadline_us: how long it waits, by the monotonic clock.
        wanted: whether the caller is still there; set by whoever answers it.
        submission: what to answer; the same.
    """

    request: Any
    deadline_us: int
    wanted: Callable[[], bool] = field(default=lambda: True)
    submission: Any = None


class LockState(NamedTuple):
    """The lock of one execution. Who waits, waits for a grant: without one nobody does."""

    grant: Grant | None = None
    waiters: tuple[Waiter, ...] = ()


_FREE = LockState()
# Times that are no longer so are left in the heap until there are more of them than others.
_STALE_MIN = 64


class LockTable:
    """The locks of a shard as they are committed.

    Args:
        grants: those that are held, by the row of their execution.
    """

    def __init__(self, grants: Iterable[tuple[bytes, Grant]]) -> None:
        self._states: dict[bytes, LockState] = {}
        # When each lock is to be looked at; the heap also has times that are no longer so.
        self._due_us: dict[bytes, int] = {}
        self._heap: list[tuple[int, bytes]] = []
        self.waiting = 0
        for row, grant in grants:
            self._put(row, LockState(grant))

    def state(self, row: bytes) -> LockState:
        """The lock of an execution."""
        return self._states.get(row, _FREE)

    @property
    def held(self) -> int:
        """How many are held."""
        return len(self._states)

    def next_due_us(self) -> int | None:
        """When to look at the locks again, by the monotonic clock."""
        while self._heap and self._due_us.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now_us: int) -> list[bytes]:
        """The rows at which a lease or a wait is over."""
        due_us = self.next_due_us()
        if due_us is None or due_us > now_us:
            return []
        return [row for row, due_us in self._due_us.items() if due_us <= now_us]

    def waiters(self) -> Iterator[Waiter]:
        """All who wait."""
        for state in self._states.values():
            yield from state.waiters

    def dismiss(self) -> list[Waiter]:
        """Forget who waits, and tell who that was."""
        waiters = list(self.waiters())
        for row, state in list(self._states.items()):
            self._put(row, LockState(state.grant))
        return waiters

    def absorb(self, changes: dict[bytes, LockState]) -> None:
        """Take over what was committed."""
        for row, state in changes.items():
            self._put(row, state)

    def _put(self, row: bytes, state: LockState) -> None:
        before = self._states.get(row, _FREE)
        self.waiting += len(state.waiters) - len(before.waiters)
        if state.grant is None:
            self._states.pop(row, None)
            self._due_us.pop(row, None)
            return
        self._states[row] = state
        due_us = min([state.grant.deadline_us, *(waiter.deadline_us for waiter in state.waiters)])
        if self._due_us.get(row) != due_us:
            self._due_us[row] = due_us
            heapq.heappush(self._heap, (due_us, row))
            if len(self._heap) > 2 * len(self._due_us) + _STALE_MIN:
                self._heap = [(due_us, row) for row, due_us in self._due_us.items()]
                heapq.heapify(self._heap)


class LockChanges:
    """The locks as the operations of a batch see and change them.

    Attributes:
        now_us: the batch's time by the monotonic clock.
        waiting: how many wait.
        changed: what to commit.
        answered: who need not wait any longer, and what they are told.
    """

    __slots__ = ("_table", "answered", "changed", "now_us", "waiting")

    def __init__(self, table: LockTable, now_us: int) -> None:
        self._table = table
        self.now_us = now_us
        self.waiting = table.waiting
        self.changed: dict[bytes, LockState] = {}
        self.answered: list[tuple[Waiter, Any]] = []

    def state(self, row: bytes) -> LockState:
        """The lock of an execution."""
        if self.changed and row in self.changed:
            return self.changed[row]
        return self._table.state(row)

    @property
    def none_held(self) -> bool:
        """Whether nobody holds any lock, as mostly."""
        return not (self.changed or self._table.held)

    def grant(self, row: bytes) -> Grant | None:
        """Who holds the lock of an execution."""
        return None if self.none_held else self.state(row).grant

    def put(self, row: bytes, state: LockState) -> None:
        """Change the lock of an execution."""
        self.waiting += len(state.waiters) - len(self.state(row).waiters)
        self.changed[row] = state

    def commit(self) -> None:
        """Make it so."""
        self._table.absorb(self.changed)
