"""Locks over a fake server: what is asked for, and what is told."""

from typing import Any

import grpc
import pytest

from statekeeper import (
    Client,
    FencedError,
    InvalidRequestError,
    LockedError,
    LockTimeoutError,
    StateManager,
    UnavailableError,
)

from .answers import fail
from .conftest import MakeClient
from .fakes import FakeServer

STATE = {"status": "running"}


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution."""
    return client.state_manager("e", namespace="orders", actor="worker")


@pytest.fixture
def other(fake: FakeServer, make_client: MakeClient) -> StateManager:
    """The handle of somebody else."""
    return make_client(fake.address).state_manager("e", namespace="orders")


def sent(fake: FakeServer, method: str) -> list[Any]:
    """Gives the requests of an RPC, in order."""
    return [request for name, request in fake.service.requests if name == method]


def test_a_free_lock_is_granted(fake: FakeServer, sm: StateManager) -> None:
    """B53, B54, B58."""
    lock = sm.lock()

    assert lock
    (request,) = sent(fake, "Lock")
    assert (request.wait.seconds, request.lease.seconds, request.exclusive) == (30, 30, False)
    assert (request.owner, request.options.actor) == (lock.owner, "worker")
    assert request.options.request_id
    assert lock.fencing_token == 1
    assert lock.lease_expire_time is not None
    assert (lock.holder, lock.lost) == (None, False)


@pytest.mark.parametrize(
    ("arguments", "wait_s", "lease_s"),
    [
        ({"timeout": 60}, 60, 60),
        ({"timeout": 60, "lease": 5}, 60, 5),
        ({"timeout": 60, "retry": False}, 0, 60),
        ({"timeout": 0}, 0, 30),
        ({"timeout": 0, "lease": 5}, 0, 5),
    ],
)
def test_the_timeout_is_the_wait_and_the_lease(
    fake: FakeServer, sm: StateManager, arguments: Any, wait_s: int, lease_s: int
) -> None:
    """B54."""
    sm.lock(**arguments, exclusive=True)

    (request,) = sent(fake, "Lock")
    assert (request.wait.seconds, request.lease.seconds) == (wait_s, lease_s)
    assert request.exclusive


def test_a_wait_does_not_count_as_time_of_the_call(
    fake: FakeServer, make_client: MakeClient
) -> None:
    """B54: a client that allows calls a second may wait for a minute."""
    left_s: list[float] = []

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        left_s.append(context.time_remaining())
        return fake.service.locks.lock(request, context)

    fake.service.answers.append(answer)
    make_client(fake.address, timeout=5).state_manager("e").lock(timeout=60)

    assert 60 < left_s[0] < 66


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("timeout", -1),
        ("timeout", "30"),
        ("lease", -1),
        ("lease", "30"),
        ("owner", ""),
        ("owner", 3),
    ],
)
def test_an_argument_of_no_use_is_refused_by_name(
    fake: FakeServer, sm: StateManager, argument: str, value: Any
) -> None:
    """B54."""
    with pytest.raises(InvalidRequestError) as caught:
        sm.lock(**{argument: value})
    assert caught.value.fields[0][0] == argument
    assert caught.value.execution_id == "e"
    assert not fake.service.requests


def test_a_lock_that_is_held_is_not_granted_and_its_holder_told(
    sm: StateManager, other: StateManager
) -> None:
    """B53."""
    mine = sm.lock(exclusive=True)
    lock = other.lock(retry=False)

    assert not lock
    assert lock.holder is not None
    assert (lock.holder.owner, lock.holder.fencing_token) == (mine.owner, 1)
    assert lock.holder.exclusive
    assert lock.holder.lease_expire_time == mine.lease_expire_time
    assert (lock.fencing_token, lock.lease_expire_time, lock.lost) == (0, None, False)
    assert not lock.unlock()
    with pytest.raises(LockTimeoutError):
        lock.renew()


def test_the_raising_form_raises(sm: StateManager, other: StateManager) -> None:
    """B53, B71."""
    mine = sm.lock(owner="ann")
    with pytest.raises(LockTimeoutError, match="held by ann") as caught, other.lock(timeout=0):
        pytest.fail("was let in")

    assert mine.lease_expire_time is not None
    assert caught.value.owner == "ann"
    assert caught.value.expire_time.startswith(f"{mine.lease_expire_time:%Y-%m-%dT%H:%M:%S}")
    assert (caught.value.namespace, caught.value.execution_id) == ("orders", "e")
    assert caught.value.metadata.keys() == {"owner", "expire_time"}


def test_unlocking_releases_and_is_locked_tells(sm: StateManager, other: StateManager) -> None:
    """B55."""
    assert not sm.is_locked()
    assert sm.get_lock() is None
    lock = sm.lock()
    assert other.is_locked()
    holder = other.get_lock()
    assert holder is not None
    assert holder.owner == lock.owner

    assert sm.unlock()
    assert not other.is_locked()
    assert other.lock(retry=False)


def test_a_lock_can_be_released_by_itself(sm: StateManager, other: StateManager) -> None:
    """B55, B56."""
    lock = sm.lock()
    assert lock.unlock()
    assert not lock.unlock()
    assert not sm.unlock()
    with pytest.raises(RuntimeError, match="was released"), lock:
        pytest.fail("was let in")

    assert other.lock(retry=False)


def test_what_somebody_else_holds_cannot_be_released(sm: StateManager, other: StateManager) -> None:
    """B56."""
    sm.lock()
    with pytest.raises(LockedError):
        other.unlock()
    assert sm.unlock()


def test_a_lost_lock_is_not_released_for_who_has_it_now(
    fake: FakeServer, sm: StateManager, other: StateManager
) -> None:
    """B56, B57."""
    lock = sm.lock()
    fake.service.locks.end_lease("e")
    other.lock()

    assert not lock.unlock()
    assert other.is_locked()


def test_unlocking_a_handle_that_lost_its_lock_is_told(
    fake: FakeServer, sm: StateManager, other: StateManager
) -> None:
    """B56, B57."""
    sm.lock()
    fake.service.locks.end_lease("e")
    other.lock()

    with pytest.raises(FencedError):
        sm.unlock()
    with pytest.raises(LockedError):
        sm.unlock()


def test_an_unlock_that_was_not_heard_can_be_repeated(fake: FakeServer, sm: StateManager) -> None:
    """B55."""
    lock = sm.lock()
    fake.service.answers += [fail(grpc.StatusCode.UNAVAILABLE)] * 6
    with pytest.raises(UnavailableError):
        lock.unlock()
    fake.service.wait_for_requests(7)

    lock.unlock()
    assert not sm.is_locked()


def test_a_lock_can_be_renewed(fake: FakeServer, sm: StateManager) -> None:
    """B56."""
    lock = sm.lock(lease=20)
    lock.renew()
    lock.renew(50)
    lock.renew()
    assert fake.service.locks.leases == [20, 20, 50, 50]
    assert all(request.fencing_token == 1 for request in sent(fake, "RenewLock"))

    with pytest.raises(InvalidRequestError) as caught:
        lock.renew(-1)
    assert caught.value.fields[0][0] == "lease"


def test_what_is_gone_cannot_be_renewed(fake: FakeServer, sm: StateManager) -> None:
    """B56, B57."""
    lock = sm.lock()
    fake.service.locks.end_lease("e")

    assert not lock.lost
    with pytest.raises(FencedError):
        lock.renew()
    assert lock.lost
