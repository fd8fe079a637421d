"""Locks over a fake server: for the time of a block, and as the writes under it carry them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from statekeeper import (
    Client,
    FencedError,
    InvalidRequestError,
    StateManager,
    StateNotFoundError,
)

from .answers import fail, refuse
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


def test_a_block_holds_the_lock_and_releases_it(sm: StateManager, other: StateManager) -> None:
    """B55."""
    with sm.lock() as lock:
        assert lock.fencing_token == 1
        assert other.is_locked()
    assert not other.is_locked()


def test_a_block_releases_the_lock_when_it_fails(sm: StateManager, other: StateManager) -> None:
    """B55."""
    with pytest.raises(KeyError), sm.lock():
        raise KeyError
    assert not other.is_locked()


def test_the_end_of_a_block_hides_no_failure(fake: FakeServer, sm: StateManager) -> None:
    """B55."""

    def block() -> None:
        with sm.lock():
            fake.service.answers += [fail(grpc.StatusCode.INTERNAL)] * 2
            raise KeyError

    with pytest.raises(KeyError):
        block()


def test_the_end_of_a_block_that_lost_its_lock_is_silent(
    fake: FakeServer, sm: StateManager, other: StateManager
) -> None:
    """B57."""
    with sm.lock():
        fake.service.locks.end_lease("e")
        other.lock()
    assert other.unlock()


def test_a_block_renews_its_lease(fake: FakeServer, sm: StateManager) -> None:
    """B57."""
    with sm.lock(lease=3) as lock:
        fake.service.wait_for_requests(2)
        assert not lock.lost

    assert [name for name, _ in fake.service.requests[:2]] == ["Lock", "RenewLock"]
    assert set(fake.service.locks.leases) == {3}


def test_a_block_learns_that_its_lock_is_lost(fake: FakeServer, sm: StateManager) -> None:
    """B57."""
    with sm.lock(lease=60) as lock:
        fake.service.locks.end_lease("e")
        assert not lock.lost
        with pytest.raises(FencedError):
            lock.renew()
        assert lock.lost


def test_writes_carry_the_token_of_the_lock(fake: FakeServer, sm: StateManager) -> None:
    """B59."""

    def write_all() -> list[int]:
        fake.service.requests.clear()
        sm.save(STATE)
        sm.update(status="waiting")
        sm.delete()
        for write in (
            lambda: sm.pause(member="m", reason="r"),
            lambda: sm.resume("hitl_t"),
            lambda: sm.checkpoint("c"),
            lambda: sm.restore("c"),
            lambda: sm.delete_checkpoint("c"),
        ):
            fake.service.answers.append(refuse(grpc.StatusCode.NOT_FOUND, "STATE_NOT_FOUND"))
            with pytest.raises(StateNotFoundError):
                write()
        return [request.options.fencing_token for _, request in fake.service.requests]

    assert write_all() == [0] * 8
    lock = sm.lock()
    assert write_all() == [lock.fencing_token] * 8
    lock.unlock()
    assert write_all() == [0] * 8
    with sm.lock():
        assert write_all() == [2] * 8
    assert write_all() == [0] * 8


def test_a_lost_lock_is_still_written_under(
    fake: FakeServer, sm: StateManager, other: StateManager
) -> None:
    """B59: so that the write is refused."""
    sm.lock()
    fake.service.locks.end_lease("e")
    other.lock()
    sm.save(STATE)
    other.save(STATE)

    assert [each.options.fencing_token for each in sent(fake, "Save")] == [1, 2]


def test_an_owner_by_name_is_the_same_everywhere(sm: StateManager, other: StateManager) -> None:
    """B62."""
    mine, again = sm.lock(owner="worker-1"), other.lock(owner="worker-1")

    assert (mine.owner, again.owner) == ("worker-1", "worker-1")
    assert mine.fencing_token == again.fencing_token


def test_those_who_share_a_handle_exclude_one_another(sm: StateManager) -> None:
    """B60."""
    inside: list[int] = []

    def work(n: int) -> None:
        with sm.lock(timeout=60):
            inside.append(n)
            assert inside == [n]
            sm.save(STATE)
            inside.remove(n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE])
def test_a_lock_that_may_have_been_granted_unheard_is_released(
    fake: FakeServer, sm: StateManager, code: grpc.StatusCode
) -> None:
    """B61."""

    def granted_but_not_said(request: Any, context: grpc.ServicerContext) -> None:
        fake.service.locks.lock(request, context)
        fail(code)(request, context)

    tries = 5 if code is grpc.StatusCode.UNAVAILABLE else 1
    fake.service.answers += [granted_but_not_said] * tries
    with pytest.raises(Exception, match=code.name):
        sm.lock()

    fake.service.wait_for_requests(tries + 1)
    (unlock,) = sent(fake, "Unlock")
    assert unlock.owner == sent(fake, "Lock")[0].owner
    assert sm.lock(timeout=10)


def test_a_lock_that_was_refused_is_not_released(fake: FakeServer, sm: StateManager) -> None:
    """B61."""
    fake.service.answers.append(refuse(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"))
    with pytest.raises(InvalidRequestError):
        sm.lock()
    sm.is_locked()

    assert [name for name, _ in fake.service.requests] == ["Lock", "GetLock"]
