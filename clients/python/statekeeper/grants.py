"""The locks that a handle was granted, and who of those that share it holds them.

Threads and tasks may share a handle, and its lock must keep them apart. So each
acquisition has an owner of its own, unless it is made where the lock is held
already: there it asks as the same owner, and gets the same grant. What "where"
means is told by a context variable, which belongs to a thread or a task, and
which tasks inherit from the one that starts them.

Writes carry the fencing token of the lock they are made under. That is the
context's, also after it was lost, for then they must be refused. Where the
context knows of none, it is the handle's latest: the lock may have been taken in
a copy of this context, as `asyncio.wait_for` makes one on Python 3.11.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType

# A lease has two thirds of its time left when it is renewed first, and is tried
# nine times more at most while the server cannot be reached.
_RENEWED_AFTER = 1 / 3
_TRIED_AGAIN_AFTER = 1 / 10


class Grant:
    """A lock that was granted, as far as is known on this side.

    Args:
        owner: Who asked for it.
        fencing_token: What the server gave.
        outer: What the context held before, of the same handle.
        monotonic_s: A clock that does not step.

    Attributes:
        owner: Who asked for it.
        fencing_token: What the server gave.
        outer: What the context held before, of the same handle.
        holds: How often it was asked for and not given back.
        released: Whether it was given back for good.
        lease: How long the lease lasts from when it is renewed.
        lease_expire_time: When it is over, by the server's clock.
    """

    def __init__(
        self,
        owner: str,
        fencing_token: int,
        *,
        outer: "Grant | None" = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = owner
        self.fencing_token = fencing_token
        self.outer = outer
        self.holds = 0
        self.released = False
        self.lease = dt.timedelta(0)
        self.lease_expire_time: dt.datetime | None = None
        self._monotonic_s = monotonic_s
        self._lost = False
        self._due_s = 0.0
        self._over_s = 0.0

    @property
    def lost(self) -> bool:
        """Whether it is no longer ours, or the lease is known to be over."""
        return self._lost or (not self.released and self.time_left_s <= 0)

    @property
    def time_left_s(self) -> float:
        """How many seconds the lease lasts, by this machine's clock."""
        return self._over_s - self._monotonic_s()

    def prolong(self, lease: dt.timedelta, expire_time: dt.datetime, since_s: float) -> None:
        """Notes that it was granted or renewed.

        Args:
            lease: For how long.
            expire_time: Until when, by the server's clock.
            since_s: From when on, by this machine's.
        """
        lease_s = lease.total_seconds()
        self.lease = lease
        self.lease_expire_time = expire_time
        self._lost = False
        self._due_s = since_s + lease_s * _RENEWED_AFTER
        self._over_s = since_s + lease_s

    def lose(self) -> None:
        """Notes that it is no longer ours."""
        self._lost = True

    def renewal_failed(self) -> None:
        """Notes that it could not be renewed, and may be after a while."""
        again_s = self.lease.total_seconds() * _TRIED_AGAIN_AFTER
        self._due_s = self._monotonic_s() + again_s

    def renewal_in_s(self) -> float | None:
        """Tells in how many seconds to renew it; None: never again."""
        if self.released or self._lost:
            return None
        if self.time_left_s <= 0:
            self.lose()
            return None
        return max(0.0, min(self._due_s, self._over_s) - self._monotonic_s())


_held: ContextVar[Mapping["Grants", Grant]] = ContextVar(
    "statekeeper_grants",
    default=MappingProxyType({}),
)


class Grants:
    """The grants of one handle. Safe to use from several threads.

    Args:
        monotonic_s: A clock that does not step.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.monotonic_s = monotonic_s
        self._counting = threading.Lock()
        self._latest: Grant | None = None

    def held(self) -> Grant | None:
        """Gives what this context holds and has not given back, lost or not."""
        return _not_released(_held.get().get(self))

    def under(self) -> Grant | None:
        """Gives the grant under which this context writes."""
        held = self.held()
        if held is not None:
            return held
        latest = self._latest
        return None if latest is None or latest.released else latest

    def take(self, owner: str, fencing_token: int) -> Grant:
        """Notes that this context was granted the lock."""
        held = self.held()
        if held is not None and held.fencing_token == fencing_token:
            grant = held
        else:
            grant = Grant(owner, fencing_token, outer=held, monotonic_s=self.monotonic_s)
            self._latest = grant
            _held.set({**_held.get(), self: grant})
            if held is not None:
                # Nobody else could have got it while that one lasted.
                held.lose()
        with self._counting:
            grant.holds += 1
        return grant

    def leave(self, grant: Grant) -> bool:
        """Gives one hold of a grant back; tells whether it was the last one."""
        with self._counting:
            grant.holds -= 1
            return grant.holds <= 0

    def forget(self, grant: Grant) -> None:
        """Notes that a grant was given back for good."""
        grant.released = True
        if self._latest is grant:
            self._latest = None
        held = {grants: each for grants, each in _held.get().items() if grants is not self}
        before = self.held()
        if before is not None:
            held[self] = before
        _held.set(held)


def _not_released(grant: Grant | None) -> Grant | None:
    while grant is not None and grant.released:
        grant = grant.outer
    return grant
