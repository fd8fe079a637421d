"""Requests of Lock, RenewLock, Unlock and GetLock."""

import datetime as dt
from dataclasses import dataclass

from statekeeper.arguments import checked_name
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.write import Write, fill_options
from statekeeper.times import Span, to_duration, to_timedelta
from statekeeper.v1 import lock_pb2

LEASE_DEFAULT = dt.timedelta(seconds=30)
_PLAIN = Write()


@dataclass(frozen=True, slots=True)
class LockAsk:
    """What a caller asks for.

    Attributes:
        wait: How long to wait for it; zero: the answer comes at once.
        lease: For how long.
        exclusive: Whether the writes of others are to be refused.
        owner: Who asks; None: nobody in particular.
    """

    wait: dt.timedelta
    lease: dt.timedelta
    exclusive: bool
    owner: str | None

    @classmethod
    def checked(
        cls, *, timeout: Span, retry: bool, lease: Span | None, exclusive: bool, owner: object
    ) -> "LockAsk":
        """Makes one from what a caller gave.

        Raises:
            InvalidRequestError: An argument is of no use.
        """
        wait = to_timedelta(timeout, "timeout")
        return cls(
            wait if retry else dt.timedelta(0),
            # Who does not want to wait at all still wants the lock for a while.
            (wait or LEASE_DEFAULT) if lease is None else to_timedelta(lease, "lease"),
            bool(exclusive),
            None if owner is None else checked_name("owner", owner),
        )


def lock_request(
    execution: ExecutionRef, ask: LockAsk, owner: str, lease: dt.timedelta
) -> lock_pb2.LockRequest:
    """Makes the request for the lock, asked for by this owner for this long."""
    request = lock_pb2.LockRequest(
        key=execution.key(),
        owner=owner,
        lease=to_duration(lease),
        wait=to_duration(ask.wait),
        exclusive=ask.exclusive,
    )
    fill_options(request.options, execution, _PLAIN, has_ttl=False)
    return request


def renew_lock_request(
    execution: ExecutionRef, fencing_token: int, lease: dt.timedelta
) -> lock_pb2.RenewLockRequest:
    """Makes the request that prolongs a lease."""
    request = lock_pb2.RenewLockRequest(
        key=execution.key(), fencing_token=fencing_token, lease=to_duration(lease)
    )
    fill_options(request.options, execution, _PLAIN, has_ttl=False)
    return request


def unlock_request(
    execution: ExecutionRef, *, fencing_token: int = 0, owner: str = ""
) -> lock_pb2.UnlockRequest:
    """Makes the request that releases a grant, or whatever an owner holds."""
    request = lock_pb2.UnlockRequest(key=execution.key())
    if owner:
        request.owner = owner
    else:
        request.fencing_token = fencing_token
    fill_options(request.options, execution, _PLAIN, has_ttl=False)
    return request


def get_lock_request(execution: ExecutionRef) -> lock_pb2.GetLockRequest:
    """Makes the request that asks who holds the lock."""
    return lock_pb2.GetLockRequest(key=execution.key())
