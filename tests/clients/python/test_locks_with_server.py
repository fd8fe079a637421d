"""Locks, transactions and migrations: the client and the real server together."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from statekeeper import (
    AsyncClient,
    AsyncStateManager,
    Client,
    ConflictError,
    ExecutionState,
    FencedError,
    LockedError,
    LockTimeoutError,
    StateManager,
    StateNotFoundError,
    TransactionState,
)
from statekeeper.testing import TestServer

from .conftest import MakeClient

STATE: dict[str, Any] = {"status": "running", "context": {"n": 0}}


@pytest.fixture
def sm(statekeeper_server: TestServer, make_client: MakeClient) -> StateManager:
    """A handle of either client, called as if it were sync."""
    return make_client(statekeeper_server.address).state_manager("e", namespace="orders")


@pytest.fixture
def other(statekeeper_server: TestServer, make_client: MakeClient) -> StateManager:
    """The handle of somebody else."""
    return make_client(statekeeper_server.address).state_manager("e", namespace="orders")


@pytest.fixture
async def asm(statekeeper_server: TestServer) -> AsyncIterator[AsyncStateManager]:
    """A handle of the async client."""
    async with statekeeper_server.async_client() as client:
        yield client.state_manager("e", namespace="orders")


def count_up(state: TransactionState) -> None:
    state.context["n"] += 1


def counted(state: ExecutionState | None) -> Any:
    assert state is not None
    assert state.context is not None
    return state.context["n"]


def test_a_lock_is_held_by_one(sm: StateManager, other: StateManager) -> None:
    """B53, B55, B56, B58."""
    lock = sm.lock(timeout=60)
    assert lock
    refused = other.lock(retry=False)
    assert not refused
    assert refused.holder == other.get_lock()
    assert refused.holder is not None
    assert (refused.holder.owner, refused.holder.fencing_token) == (lock.owner, lock.fencing_token)
    assert refused.holder.lease_expire_time == lock.lease_expire_time
    with pytest.raises(LockTimeoutError) as caught, refused:
        pytest.fail("was let in")
    assert caught.value.owner == lock.owner
    with pytest.raises(LockedError) as locked:
        other.unlock()
    assert locked.value.owner == lock.owner

    assert sm.unlock()
    assert not sm.unlock()
    assert not other.is_locked()
    assert other.lock().fencing_token > lock.fencing_token


def test_a_lease_that_is_over_is_fenced(
    statekeeper_server: TestServer, sm: StateManager, other: StateManager
) -> None:
    """B57, B59."""
    sm.save(STATE)
    lock = sm.lock(lease=5)
    sm.update(context={"n": 1})
    lock.renew(10)
    statekeeper_server.clock.advance(8)
    sm.update(context={"n": 2})
    statekeeper_server.clock.advance(8)

    later = other.lock()
    assert later.fencing_token > lock.fencing_token
    with pytest.raises(FencedError):
        sm.update(context={"n": 3})
    with pytest.raises(FencedError):
        lock.renew()
    assert lock.lost
    assert not lock.unlock()
    sm.update(context={"n": 4})
    other.update(context={"n": 5})
    assert counted(sm.load()) == 5


def test_an_exclusive_lock_keeps_others_from_writing(sm: StateManager, other: StateManager) -> None:
    """B63."""
    sm.save(STATE)
    with sm.lock(exclusive=True) as lock:
        for write in (
            lambda: other.save(STATE),
            lambda: other.update(status="failed"),
            lambda: other.pause(member="m", reason="r"),
            lambda: other.checkpoint("c"),
            other.delete,
            lambda: other.transaction(count_up),
        ):
            with pytest.raises(LockedError) as caught:
                write()
            assert caught.value.owner == lock.owner
        sm.transaction(count_up)
        sm.checkpoint("c")
        token = sm.pause(member="m", reason="r")
        sm.resume(token)
    other.transaction(count_up)
    assert counted(sm.load()) == 2


def test_who_waits_is_served_when_the_lock_is_free(sm: StateManager, other: StateManager) -> None:
    """B54, B57, B60."""
    inside = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with sm.lock():

            def wait() -> None:
                with other.lock(timeout=60):
                    inside.set()

            waiting = pool.submit(wait)
            assert not inside.is_set()
        waiting.result(60)
    assert inside.is_set()


def test_a_lease_goes_to_who_waits_when_it_is_over(sm: StateManager, other: StateManager) -> None:
    """B57."""
    lock = sm.lock(lease=0.2)
    assert other.lock(timeout=60)
    assert not lock.unlock()


def test_threads_that_share_a_handle_exclude_one_another(statekeeper_server: TestServer) -> None:
    """B60: what is read and written back in two steps would lose updates."""
    sm = statekeeper_server.client().state_manager("e")
    sm.save(STATE)

    def work(_: int) -> None:
        with sm.lock(timeout=60):
            n = counted(sm.load())
            sm.update(context={"n": n + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert counted(sm.load()) == 40


async def test_tasks_that_share_a_handle_exclude_one_another(asm: AsyncStateManager) -> None:
    """B60."""
    await asm.save(STATE)

    async def work() -> None:
        async with asm.lock(timeout=60):
            n = counted(await asm.load())
            await asm.update(context={"n": n + 1})

    await asyncio.gather(*(work() for _ in range(40)))
    assert counted(await asm.load()) == 40


async def test_a_task_does_not_wait_for_itself(asm: AsyncStateManager) -> None:
    """B62."""
    async with asm.lock() as outer:
        async with asm.lock(timeout=1) as inner:
            assert inner.fencing_token == outer.fencing_token
        assert await asm.is_locked()
        await asyncio.gather(*(asm.lock(timeout=1) for _ in range(3)))
    # What was asked for and not given back is still held.
    assert await asm.unlock()
    assert not await asm.is_locked()


async def test_who_stops_waiting_leaves_the_queue(
    statekeeper_server: TestServer, asm: AsyncStateManager
) -> None:
    """B61."""
    async with statekeeper_server.async_client() as client:
        holder = client.state_manager("e", namespace="orders")
        mine = await holder.lock()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asm.lock(timeout=60)
        assert await mine.unlock()
        async with holder.lock(timeout=30) as again:
            assert again


async def test_a_block_renews_its_lease(asm: AsyncStateManager) -> None:
    """B57."""
    async with asm.lock(lease=3) as lock:
        first = lock.lease_expire_time
        assert first is not None
        async with asyncio.timeout(30):
            while lock.lease_expire_time == first:
                await asm.is_locked()
        await asm.save(STATE)
        assert not lock.lost


def test_transactions_of_many_threads_lose_no_update(statekeeper_server: TestServer) -> None:
    """B68."""
    sm = statekeeper_server.client().state_manager("e")
    sm.save(STATE)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: sm.transaction(count_up), range(64)))
    assert counted(sm.load()) == 64


async def test_transactions_of_many_tasks_lose_no_update(asm: AsyncStateManager) -> None:
    """B68."""
    await asm.save(STATE)
    await asyncio.gather(*(asm.transaction(count_up) for _ in range(64)))
    state = await asm.load()
    assert state is not None
    assert (counted(state), state.version) == (64, 65)


def test_a_block_is_all_or_nothing(statekeeper_server: TestServer) -> None:
    """B11, B64, B66, B67."""
    with Client(statekeeper_server.address) as client:
        sm = client.state_manager("e")
        sm.save({**STATE, "input": {}, "current_member": "pay", "labels": {"team": "red"}})
        with sm.transaction() as state:
            state.member_outputs["payment"] = {"id": "ch_123"}
            state.context["a.b"] = [1]
            del state.context["n"]
            state.current_member = None
            state.labels.clear()
        loaded = sm.load()
        assert loaded is not None
        assert (loaded.revision, loaded.version) == (state.revision, state.version)
        assert (loaded.update_time, loaded.expire_time) == (state.update_time, state.expire_time)
        assert loaded.member_outputs == {"payment": {"id": "ch_123"}}
        assert (loaded.context, loaded.input, loaded.metadata) == ({"a.b": [1]}, {}, None)
        assert (loaded.current_member, loaded.labels) == (None, {})

        def overtaken() -> None:
            with sm.transaction() as state:
                state.metadata["late"] = True
                sm.update(status="waiting")

        with pytest.raises(ConflictError):
            overtaken()
        loaded = sm.load()
        assert loaded is not None
        assert loaded.metadata is None


def test_what_is_deleted_under_a_transaction_is_told(statekeeper_server: TestServer) -> None:
    """B14."""
    sm = statekeeper_server.client().state_manager("e")
    sm.save(STATE)

    def change(state: TransactionState) -> None:
        sm.delete()
        count_up(state)

    with pytest.raises(StateNotFoundError):
        sm.transaction(change)


def test_a_stored_state_is_migrated(sm: StateManager) -> None:
    """B77."""
    sm.save({**STATE, "schema_version": "1", "metadata": {}})

    def rename(state: ExecutionState) -> ExecutionState:
        assert state.context is not None
        state.context["count"] = state.context.pop("n")
        return state

    would_be = sm.migrate("1", "2", [rename], dry_run=True)
    before = sm.load()
    assert before is not None
    assert before.schema_version == "1"
    migrated = sm.migrate("1", "2", [rename])
    loaded = sm.load()
    assert would_be == migrated == loaded
    assert loaded is not None
    assert (loaded.context, loaded.schema_version) == ({"count": 0}, "2")
    assert migrated.revision == loaded.revision


async def test_two_clients_contend_for_a_lock(statekeeper_server: TestServer) -> None:
    """B60: in processes of their own it would be the same."""
    clients = [AsyncClient(statekeeper_server.address) for _ in range(4)]
    inside: list[int] = []

    async def work(n: int) -> None:
        async with clients[n % 4].state_manager("e").lock(timeout=60):
            inside.append(n)
            await asyncio.sleep(0)
            assert inside == [n]
            inside.remove(n)

    await asyncio.gather(*(work(n) for n in range(24)))
    for client in clients:
        await client.close()
