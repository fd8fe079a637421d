"""Locks: leases on an execution."""

from dataclasses import dataclass, replace

from tests.model.answers import Holder
from tests.model.requests import Lock as LockRequest
from tests.model.requests import Options, RenewLock, Unlock
from tests.model.terms import LEASE_DEFAULT, Refused, rfc3339


@dataclass(frozen=True)
class Lock:
    """A lock that is held."""

    owner: str
    fencing_token: int
    lease: int
    expire_time: int
    exclusive: bool

    def is_over(self, now: int) -> bool:
        """Whether the lease is over: then nobody holds it (B57)."""
        return self.expire_time <= now

    @property
    def holder(self) -> Holder:
        """Who has it, as callers are told."""
        return Holder(self.owner, self.fencing_token, self.expire_time, self.exclusive)


def grant(request: LockRequest, fencing_token: int, now: int) -> Lock:
    """Give a free lock away (B53)."""
    lease = LEASE_DEFAULT if request.lease is None else request.lease
    return Lock(request.owner, fencing_token, lease, now + lease, request.exclusive)


def grant_again(held: Lock, request: LockRequest, now: int) -> Lock:
    """Who has it already gets the same grant, renewed (B62); it may become exclusive."""
    lease = LEASE_DEFAULT if request.lease is None else request.lease
    exclusive = held.exclusive or request.exclusive
    return replace(held, lease=lease, expire_time=now + lease, exclusive=exclusive)


def renew(held: Lock, request: RenewLock, now: int) -> Lock:
    """Prolong a lease, for as long as it was granted for unless another span is named."""
    lease = held.lease if request.lease is None else request.lease
    return replace(held, lease=lease, expire_time=now + lease)


def check_is_holder(held: Lock, request: RenewLock | Unlock) -> None:
    """Only the holder can renew or release (B56)."""
    if request.owner and request.owner != held.owner:
        raise Refused("LOCKED", owner=held.owner, expire_time=rfc3339(held.expire_time))
    if not request.owner and request.fencing_token != held.fencing_token:
        raise Refused("FENCED")


def check_may_write(held: Lock | None, options: Options) -> None:
    """Keep out who writes under a lock that is no more (B59), or without an exclusive one (B63)."""
    if options.fencing_token:
        if held is None or held.fencing_token != options.fencing_token:
            raise Refused("FENCED")
    elif held is not None and held.exclusive:
        raise Refused("LOCKED", owner=held.owner, expire_time=rfc3339(held.expire_time))
