"""Lock, RenewLock, Unlock: leases on an execution, whether it has a state or not."""

from typing import NamedTuple

from statekeeper.v1.lock_pb2 import LockResponse, RenewLockResponse, UnlockResponse
from statekeeper_server.errors import FencedError, LockedError, OverloadedError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations import leases
from statekeeper_server.operations.leases import Lock
from statekeeper_server.operations.replay import replay
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import Done, Unclaimed, WriteOptions
from statekeeper_server.store.lock_table import Grant, LockState, Waiter
from statekeeper_server.store.writer import Writer


class HeldLock(NamedTuple):
    """A checked RenewLockRequest or UnlockRequest: of an owner, or else of a token."""

    key: ExecutionKey
    options: WriteOptions
    owner: str
    fencing_token: int
    lease_us: int | None
    stored_bytes: int


class Forgotten(NamedTuple):
    """A caller that waited for a lock and went away."""

    key: ExecutionKey
    waiter: Waiter
    options: WriteOptions = WriteOptions()
    stored_bytes: int = 0


def lock(store: Writer, request: Lock, now_us: int) -> Done | Waiter:
    """Grant the lock, or say who has it, or let the caller wait.

    Raises:
        OverloadedError: too many wait already.
        RequestIdReusedError.
    """
    held, waiters = store.locks.state(request.key.row)
    first = replay(store, request)
    if first is not None:
        return _tell_again(store, request, first, held)
    if held is None:
        return leases.grant(store, request, waiters, now_us)
    if held.owner == request.owner:
        return leases.renew(store, request, held, now_us)
    if not request.wait_us:
        return leases.not_acquired(store, request, held, now_us)
    if store.locks.waiting >= store.limits.lock_waiters_max:
        raise OverloadedError("too many wait for locks", retry_after_s=1.0)
    waiter = Waiter(request, store.locks.now_us + request.wait_us)
    store.locks.put(request.key.row, LockState(held, (*waiters, waiter)))
    return waiter


def forget_waiter(store: Writer, request: Forgotten, now_us: int) -> Done:
    """Take a caller that has gone out of the line (B61)."""
    del now_us
    held, waiters = store.locks.state(request.key.row)
    if request.waiter in waiters:
        others = tuple(waiter for waiter in waiters if waiter is not request.waiter)
        store.locks.put(request.key.row, LockState(held, others))
    return Done(b"", 0)


def release_unclaimed(store: Writer, request: Unclaimed, now_us: int) -> Done:
    """Take back a grant once none of those who were told has heard of it.

    Then it is forgotten that it was given.
    """
    key, mark = request.key, request.options.mark
    held, waiters = store.locks.state(key.row)
    if held is None or held.fencing_token != request.fencing_token:
        return Done(b"", 0)
    unheard = held.unheard if mark is None else (*held.unheard, mark.row)
    if held.told > 1:
        held = held._replace(told=held.told - 1, unheard=unheard)
        store.locks.put(key.row, LockState(held, waiters))
        return Done(b"", 0)
    for row_key in unheard:
        store.forget(row_key)
    leases.release(store, key, now_us, request.options.actor)
    return Done(b"", 0)


def renew_lock(store: Writer, request: HeldLock, now_us: int) -> Done:
    """Prolong a lease.

    Raises:
        LockedError: someone else holds the lock.
        FencedError: the lease is over, or was never granted.
        RequestIdReusedError.
    """
    first = replay(store, request)
    if first is not None:
        return first
    held = _held_by(store, request)
    if held is None:
        raise FencedError
    lease_us = held.lease_us if request.lease_us is None else request.lease_us
    # Whoever renews it knows of it, whatever became of the answer to its Lock.
    leases.tell_again(store, request.key)
    held = leases.prolong(store, request.key, held, lease_us, now_us)
    response = RenewLockResponse(fencing_token=held.fencing_token)
    set_time(response.lease_expire_time, held.expire_time_us)
    return leases.done(store, request, response, now_us)


def unlock(store: Writer, request: HeldLock, now_us: int) -> Done:
    """Release a lock; it is harmless when nobody holds it (B56).

    Raises:
        LockedError: someone else holds it.
        FencedError: the same, told by a token.
        RequestIdReusedError.
    """
    first = replay(store, request)
    if first is not None:
        return first
    _held_by(store, request)
    released = leases.release(store, request.key, now_us, request.options.actor)
    return leases.done(store, request, UnlockResponse(released=released), now_us)


def _tell_again(store: Writer, request: Lock, first: Done, held: Grant | None) -> Done:
    token = LockResponse.FromString(first.response).fencing_token
    if held is None or held.fencing_token != token:
        return first
    leases.tell_again(store, request.key)
    return first._replace(unclaimed=Unclaimed(request.key, request.options, token))


def _held_by(store: Writer, request: HeldLock) -> Grant | None:
    held = store.locks.grant(request.key.row)
    if held is None:
        return None
    if request.owner:
        if held.owner != request.owner:
            raise LockedError(held.owner, held.expire_time_us)
    elif held.fencing_token != request.fencing_token:
        raise FencedError
    return held
