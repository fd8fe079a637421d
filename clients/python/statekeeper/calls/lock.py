"""The calls of a handle about the lock."""

import dataclasses
import math
import uuid
from dataclasses import dataclass
from typing import Any

from statekeeper.calls.call import Call
from statekeeper.calls.handle import HandleCalls
from statekeeper.errors import FencedError, LockedError
from statekeeper.grants import Grant
from statekeeper.model import LockHolder
from statekeeper.requests.lock import (
    LockAsk,
    get_lock_request,
    lock_request,
    renew_lock_request,
    unlock_request,
)
from statekeeper.responses import read_lock_holder
from statekeeper.times import Span, to_datetime, to_timedelta
from statekeeper.v1 import lock_pb2

# What an answer says of a grant that is no longer ours.
GONE = (FencedError, LockedError)
# A call has to be given some time, or it fails before it is sent.
_TIMEOUT_S_MIN = 0.001


@dataclass(frozen=True, slots=True)
class LockAnswer:
    """What became of asking for the lock.

    Attributes:
        owner: Who asked.
        grant: The grant; None: somebody else has it.
        holder: Who.
    """

    owner: str
    grant: Grant | None
    holder: LockHolder | None


class LockCalls(HandleCalls):
    """Makes the calls about the lock of one execution."""

    def ask(
        self, *, timeout: Span, retry: bool, lease: Span | None, exclusive: bool, owner: str | None
    ) -> LockAsk:
        """Checks what a caller asks for."""
        return self._located(
            LockAsk.checked,
            timeout=timeout,
            retry=retry,
            lease=lease,
            exclusive=exclusive,
            owner=owner,
        )

    def lock(self, ask: LockAsk) -> Call[Any, LockAnswer]:
        """Makes the call that asks for the lock, to be sent by who made it."""
        held = self.grants.held()
        again = held is not None and ask.owner in (None, held.owner)
        lease, cleanup = ask.lease, None
        if held is not None and again:
            owner = held.owner
            # What is held already must not end earlier because of this.
            lease = max(lease, held.lease)
        elif ask.owner is not None:
            owner = ask.owner
        else:
            owner = uuid.uuid4().hex
            # No other grant has this owner, so none is released by mistake.
            cleanup = self._unlock_owner(owner)

        def finish(response: lock_pb2.LockResponse) -> LockAnswer:
            if not response.acquired:
                known = response.HasField("holder")
                holder = read_lock_holder(response.holder) if known else None
                return LockAnswer(owner, None, holder)
            grant = self.grants.take(owner, response.fencing_token)
            since_s = self.grants.monotonic_s()
            grant.prolong(lease, to_datetime(response.lease_expire_time), since_s)
            return LockAnswer(owner, grant, None)

        request = lock_request(self.execution, ask, owner, lease)
        call: Call[Any, LockAnswer] = self._plain("Lock", request, finish)
        return dataclasses.replace(call, wait_s=ask.wait.total_seconds(), cleanup=cleanup)

    def renew_lock(
        self, grant: Grant, lease: Span | None = None, *, in_time: bool = False
    ) -> Call[Any, None]:
        """Makes the call that prolongs the lease of a grant.

        Args:
            grant: The grant.
            lease: For how long; None: as long as last time.
            in_time: Whether an answer after the lease is of no use.
        """
        span = grant.lease if lease is None else self._located(to_timedelta, lease, "lease")
        since_s = self.grants.monotonic_s()

        def finish(response: lock_pb2.RenewLockResponse) -> None:
            grant.prolong(span, to_datetime(response.lease_expire_time), since_s)

        def give_up(error: BaseException) -> None:
            if isinstance(error, GONE):
                grant.lose()

        return Call(
            "RenewLock",
            renew_lock_request(self.execution, grant.fencing_token, span),
            self.execution,
            finish,
            give_up,
            timeout_s_max=max(_TIMEOUT_S_MIN, grant.time_left_s) if in_time else math.inf,
        )

    def unlock(self, grant: Grant) -> Call[Any, bool]:
        """Makes the call that releases a grant."""

        def finish(response: lock_pb2.UnlockResponse) -> bool:
            self.grants.forget(grant)
            return response.released

        def give_up(error: BaseException) -> None:
            if isinstance(error, GONE):
                self.grants.forget(grant)

        request = unlock_request(self.execution, fencing_token=grant.fencing_token)
        call = Call("Unlock", request, self.execution, finish, give_up)
        return dataclasses.replace(call, cleanup=call)

    def unlock_all(self) -> Call[Any, bool]:
        """Makes the call that releases whatever this context holds, or else the handle."""
        grant = self.grants.under()
        if grant is None:
            # So that it is told whether somebody else has it.
            return self._unlock_owner(uuid.uuid4().hex)
        # What it held before was lost, or it could not have got this one.
        while grant.outer is not None:
            grant.outer.released = True
            grant.outer = grant.outer.outer
        return self.unlock(grant)

    def get_lock(self) -> Call[Any, LockHolder | None]:
        """Makes the call that asks who holds the lock."""
        return self._plain("GetLock", get_lock_request(self.execution), _read_holder)

    def _unlock_owner(self, owner: str) -> Call[Any, bool]:
        return self._plain("Unlock", unlock_request(self.execution, owner=owner), _read_released)


def _read_released(response: lock_pb2.UnlockResponse) -> bool:
    return response.released


def _read_holder(response: lock_pb2.GetLockResponse) -> LockHolder | None:
    return read_lock_holder(response.holder) if response.HasField("holder") else None
