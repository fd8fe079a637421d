"""Who holds a lock: threads, tasks, and blocks inside of blocks."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from statekeeper import (
    AsyncClient,
    AsyncStateManager,
    Client,
    LockTimeoutError,
    StateManager,
)

from .fakes import FakeServer

STATE = {"status": "running"}


@pytest.fixture
def sm(fake: FakeServer) -> Iterator[StateManager]:
    """A handle of the sync client."""
    with Client(fake.address) as client:
        yield client.state_manager("e")


@pytest.fixture
async def asm(fake: FakeServer) -> AsyncIterator[AsyncStateManager]:
    """A handle of the async client."""
    async with AsyncClient(fake.address) as client:
        yield client.state_manager("e")


def tokens(fake: FakeServer) -> list[int]:
    """Gives the fencing tokens that saves carried."""
    return [r.options.fencing_token for name, r in fake.service.requests if name == "Save"]


def test_a_block_inside_of_a_block_has_the_same_grant(fake: FakeServer, sm: StateManager) -> None:
    """B62."""
    with sm.lock(timeout=60) as outer:
        with sm.lock(timeout=5) as inner:
            assert inner.fencing_token == outer.fencing_token
            assert inner.owner == outer.owner
        assert sm.is_locked()
        sm.save(STATE)
    assert not sm.is_locked()
    assert tokens(fake) == [1]
    # What was asked for outside must not end earlier because of what was inside.
    assert fake.service.locks.leases == [60, 60]


def test_an_inner_lock_is_released_once(sm: StateManager) -> None:
    """B56, B62."""
    outer, inner = sm.lock(), sm.lock()
    assert inner.unlock()
    assert not inner.unlock()
    assert sm.is_locked()
    assert outer.unlock()
    assert not sm.is_locked()


def test_unlocking_the_handle_releases_all(fake: FakeServer, sm: StateManager) -> None:
    """B55, B62."""
    with sm.lock():
        sm.lock()
        assert sm.unlock()
        assert not sm.is_locked()
        sm.save(STATE)
    assert tokens(fake) == [0]


def test_unlocking_the_handle_forgets_what_was_lost_before(
    fake: FakeServer, sm: StateManager
) -> None:
    """B59."""
    sm.lock()
    fake.service.locks.end_lease("e")
    assert sm.lock().fencing_token == 2
    sm.unlock()
    sm.save(STATE)
    assert tokens(fake) == [0]


def test_a_lost_block_writes_under_its_own_token_after_an_inner_one(
    fake: FakeServer, sm: StateManager
) -> None:
    """B59: what it believed it held is gone, whatever was done since."""
    with sm.lock() as outer:
        fake.service.locks.end_lease("e")
        with sm.lock() as inner:
            assert outer.lost
            assert not inner.lost
            sm.save(STATE)
        sm.save(STATE)
    assert tokens(fake) == [2, 1]


def test_a_thread_that_shares_a_handle_is_somebody_else(sm: StateManager) -> None:
    """B60."""
    granted: list[bool] = []
    with sm.lock():
        thread = threading.Thread(target=lambda: granted.append(bool(sm.lock(retry=False))))
        thread.start()
        thread.join()
    assert granted == [False]


def test_a_thread_waits_for_its_turn(fake: FakeServer, sm: StateManager) -> None:
    """B54, B60."""
    granted = threading.Event()

    def wait() -> None:
        with sm.lock():
            granted.set()

    thread = threading.Thread(target=wait)
    with sm.lock():
        thread.start()
        fake.service.locks.wait_for_waiters("e", 1)
        assert not granted.is_set()
    assert granted.wait(30)
    thread.join()


async def test_a_lock_can_be_awaited_or_entered(asm: AsyncStateManager) -> None:
    """B53, B55."""
    lock = await asm.lock(timeout=60)
    assert lock
    assert await lock.unlock()
    async with asm.lock(timeout=60) as lock:
        assert lock.fencing_token == 2
        assert await asm.is_locked()
    assert not await asm.is_locked()
    async with await asm.lock():
        assert await asm.is_locked()
    assert not await asm.is_locked()


async def test_a_lock_that_was_not_awaited_is_neither_true_nor_false(
    asm: AsyncStateManager,
) -> None:
    """B53: `if sm.lock():` would be true whoever has it."""
    with pytest.raises(TypeError, match="awaited"):
        assert asm.lock()


async def test_tasks_that_share_a_handle_exclude_one_another(asm: AsyncStateManager) -> None:
    """B60."""
    inside: list[int] = []

    async def work(n: int) -> None:
        async with asm.lock(timeout=60):
            inside.append(n)
            await asm.save(STATE)
            assert inside == [n]
            inside.remove(n)

    await asyncio.gather(*(work(n) for n in range(16)))


async def test_a_task_does_not_wait_for_itself(fake: FakeServer, asm: AsyncStateManager) -> None:
    """B62: nor do the tasks that it starts."""

    async def part() -> int:
        async with asm.lock(timeout=5) as lock:
            await asm.save(STATE)
            return lock.fencing_token

    async with asm.lock(timeout=60):
        assert await part() == 1
        assert list(await asyncio.gather(part(), part())) == [1, 1]
        assert await asm.is_locked()
    assert not await asm.is_locked()
    assert tokens(fake) == [1, 1, 1]


async def test_wait_for_takes_a_lock_for_who_calls_it(
    fake: FakeServer, asm: AsyncStateManager
) -> None:
    """B59: on Python 3.11 it asks in a task of its own."""
    lock = await asyncio.wait_for(asm.lock(), 30)
    await asm.save(STATE)
    assert tokens(fake) == [lock.fencing_token]

    assert await asm.unlock()
    await asm.save(STATE)
    assert tokens(fake) == [lock.fencing_token, 0]


async def test_who_stops_waiting_is_not_granted_the_lock(
    fake: FakeServer, asm: AsyncStateManager
) -> None:
    """B61."""
    async with AsyncClient(fake.address) as client:
        holder = client.state_manager("e")
        mine = await holder.lock()
        waiting = asyncio.ensure_future(asm.lock())
        await asyncio.to_thread(fake.service.locks.wait_for_waiters, "e", 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.to_thread(fake.service.locks.wait_for_waiters, "e", 0)

        assert await mine.unlock()
        assert not await holder.is_locked()


async def test_a_block_that_is_cancelled_while_it_ends_releases_the_lock(
    fake: FakeServer, asm: AsyncStateManager
) -> None:
    """B55."""

    async def block() -> None:
        async with asm.lock():
            fake.hold()

    task = asyncio.create_task(block())
    assert await asyncio.to_thread(fake.arrived.wait, 30)
    count = len(fake.service.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await asyncio.to_thread(fake.service.wait_for_requests, count + 1)
    assert await asm.lock(timeout=10)


async def test_a_block_that_is_not_let_in_raises(fake: FakeServer, asm: AsyncStateManager) -> None:
    """B53."""
    async with AsyncClient(fake.address) as client, client.state_manager("e").lock(owner="ann"):
        with pytest.raises(LockTimeoutError) as caught:
            async with asm.lock(timeout=0):
                pytest.fail("was let in")
        assert caught.value.owner == "ann"


async def test_a_block_renews_its_lease(fake: FakeServer, asm: AsyncStateManager) -> None:
    """B57."""
    async with asm.lock(lease=3) as lock:
        await asyncio.to_thread(fake.service.wait_for_requests, 2)
        assert not lock.lost
