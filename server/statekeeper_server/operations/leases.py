"""Granting locks, ending leases, and whose turn it is then.

Each grant takes a position of the log, and that is its fencing token: larger with every
grant, across restarts and deletions. Whoever waits gets the lock in the transaction that
frees it, so nobody can come between.
"""

from typing import NamedTuple

from statekeeper.v1.history_pb2 import EVENT_KIND_LOCKED, EVENT_KIND_UNLOCKED
from statekeeper.v1.lock_pb2 import LockHolder, LockResponse
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.events import event_after
from statekeeper_server.operations.replay import Answer, answer
from statekeeper_server.operations.results import put_key, put_result
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import (
    Done,
    Unclaimed,
    WriteOptions,
    WriteRequest,
    living,
)
from statekeeper_server.storage.v1.records_pb2 import Act, Event, LockRow
from statekeeper_server.store.lock_table import Grant, LockState, Waiter
from statekeeper_server.store.writer import Writer


class Lock(NamedTuple):
    """A checked LockRequest."""

    key: ExecutionKey
    options: WriteOptions
    owner: str
    lease_us: int
    wait_us: int
    exclusive: bool
    stored_bytes: int


def grant(store: Writer, request: Lock, waiters: tuple[Waiter, ...], now_us: int) -> Done:
    """Give the lock to a new holder, and keep those who wait on."""
    act = Act(kind=EVENT_KIND_LOCKED, owner=request.owner)
    token = _log(store, request.key, act, request.options.actor, now_us)
    held = Grant(
        owner=request.owner,
        fencing_token=token,
        lease_us=request.lease_us,
        expire_time_us=now_us + request.lease_us,
        deadline_us=store.locks.now_us + request.lease_us,
        exclusive=request.exclusive,
    )
    _put(store, request.key, LockState(held, waiters))
    return _acquired(store, request, held, now_us)


def renew(store: Writer, request: Lock, held: Grant, now_us: int) -> Done:
    """Give the holder the same lock again, from now on (B62)."""
    exclusive = held.exclusive or request.exclusive
    held = held._replace(exclusive=exclusive, told=held.told + 1)
    held = prolong(store, request.key, held, request.lease_us, now_us)
    return _acquired(store, request, held, now_us)


def tell_again(store: Writer, key: ExecutionKey) -> None:
    """Note that one more caller is told of the grant."""
    held, waiters = store.locks.state(key.row)
    assert held is not None  # noqa: S101 - for the type checker
    store.locks.put(key.row, LockState(held._replace(told=held.told + 1), waiters))


def prolong(store: Writer, key: ExecutionKey, held: Grant, lease_us: int, now_us: int) -> Grant:
    """Let a lease last for so long from now on."""
    state = store.locks.state(key.row)
    new = held._replace(
        lease_us=lease_us,
        expire_time_us=now_us + lease_us,
        deadline_us=store.locks.now_us + lease_us,
    )
    _put(store, key, LockState(new, state.waiters))
    return new


def release(store: Writer, key: ExecutionKey, now_us: int, actor: str = "") -> bool:
    """Free a lock, and give it to whoever is next; whether it was held."""
    held, waiters = store.locks.state(key.row)
    if held is None:
        return False
    _log(store, key, Act(kind=EVENT_KIND_UNLOCKED, owner=held.owner), actor, now_us)
    waiters = tuple(waiter for waiter in waiters if waiter.wanted())
    if not waiters:
        store.remove_lock(key)
        store.locks.put(key.row, LockState())
        return True
    first, *others = waiters
    store.locks.answered.append((first, grant(store, first.request, tuple(others), now_us)))
    _answer_same_owner(store, first.request, now_us)
    return True


def settle(store: Writer, row: bytes, now_us: int) -> None:
    """End the lease and the waits of a lock whose time is over."""
    held, waiters = store.locks.state(row)
    if held is None:
        return
    key = ExecutionKey.of_row(row)
    if held.deadline_us <= store.locks.now_us:
        release(store, key, now_us)
        held, waiters = store.locks.state(row)
        if held is None:
            return
    waiting = tuple(waiter for waiter in waiters if waiter.deadline_us > store.locks.now_us)
    for waiter in waiters:
        if waiter not in waiting:
            refused = not_acquired(store, waiter.request, held, now_us)
            store.locks.answered.append((waiter, refused))
    store.locks.put(row, LockState(held, waiting))


def not_acquired(store: Writer, request: Lock, held: Grant, now_us: int) -> Done:
    """The answer to who does not get the lock; nothing is remembered of it."""
    response = LockResponse()
    put_holder(response.holder, held)
    put_result(response.result, request.key, living(store.head(request.key), now_us), now_us)
    return Done(response.SerializeToString(), response.result.revision)


def put_holder(message: LockHolder, held: Grant | LockRow) -> None:
    """Fill in who holds a lock."""
    message.owner = held.owner
    message.fencing_token = held.fencing_token
    message.exclusive = held.exclusive
    set_time(message.lease_expire_time, held.expire_time_us)


def done(store: Writer, request: WriteRequest, response: Answer, now_us: int) -> Done:
    """The answer to what is done with a lock, whose result is filled in."""
    put_result(response.result, request.key, living(store.head(request.key), now_us), now_us)
    return answer(store, request, response)


def _acquired(store: Writer, request: Lock, held: Grant, now_us: int) -> Done:
    response = LockResponse(acquired=True, fencing_token=held.fencing_token)
    set_time(response.lease_expire_time, held.expire_time_us)
    unclaimed = Unclaimed(request.key, request.options, held.fencing_token)
    return done(store, request, response, now_us)._replace(unclaimed=unclaimed)


def _answer_same_owner(store: Writer, request: Lock, now_us: int) -> None:
    """Who asks for the same owner gets the same grant, however often it asks."""
    held, waiters = store.locks.state(request.key.row)
    assert held is not None  # noqa: S101 - it was granted just now
    same = [waiter for waiter in waiters if waiter.request.owner == held.owner]
    if not same:
        return
    others = tuple(waiter for waiter in waiters if waiter.request.owner != held.owner)
    store.locks.put(request.key.row, LockState(held, others))
    for waiter in same:
        held = store.locks.grant(request.key.row) or held
        store.locks.answered.append((waiter, renew(store, waiter.request, held, now_us)))


def _put(store: Writer, key: ExecutionKey, state: LockState) -> None:
    held = state.grant
    assert held is not None  # noqa: S101 - for the type checker
    row = LockRow(
        owner=held.owner,
        fencing_token=held.fencing_token,
        lease_us=held.lease_us,
        expire_time_us=held.expire_time_us,
        exclusive=held.exclusive,
    )
    store.put_lock(key, row)
    store.locks.put(key.row, state)


def _log(store: Writer, key: ExecutionKey, act: Act, actor: str, now_us: int) -> int:
    head = living(store.head(key), now_us)
    if head is not None:
        return store.append(event_after(head, [act], actor).SerializeToString(), now_us)
    event = Event(acts=[act], actor=actor)
    put_key(event.execution.key, key)
    return store.append(event.SerializeToString(), now_us)
