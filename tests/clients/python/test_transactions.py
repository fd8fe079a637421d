"""Transactions over a fake server: when they are sent, and when they are tried again."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from statekeeper import (
    AsyncClient,
    AsyncStateManager,
    Client,
    ConflictError,
    InternalError,
    InvalidRequestError,
    SerializationError,
    StateManager,
    StateNotFoundError,
    TransactionState,
)

from .answers import fail
from .fakes import FakeServer

STATE: dict[str, Any] = {"status": "running", "context": {"n": 0}}


@pytest.fixture
def plain(client: Client) -> StateManager:
    """A handle of either client, called as if it were sync; without blocks."""
    return client.state_manager("e", namespace="orders")


@pytest.fixture
def sm(fake: FakeServer) -> Any:
    """A handle of the sync client."""
    with Client(fake.address) as client:
        yield client.state_manager("e", namespace="orders")


@pytest.fixture
async def asm(fake: FakeServer) -> AsyncIterator[AsyncStateManager]:
    """A handle of the async client."""
    async with AsyncClient(fake.address) as client:
        yield client.state_manager("e", namespace="orders")


def update_requests(fake: FakeServer) -> list[Any]:
    return [request for name, request in fake.service.requests if name == "Update"]


def count_up(state: TransactionState) -> None:
    state.context["n"] += 1


def test_a_block_commits_what_was_changed(fake: FakeServer, sm: StateManager) -> None:
    """B66, B67."""
    saved = sm.save(STATE)
    with sm.transaction(actor="ann", ttl=60) as state:
        assert state.revision == saved.revision
        state.member_outputs["payment"] = {"id": "ch_123"}
        state.current_member = "send-confirmation"
        state.metadata["paymentProcessed"] = True

    (request,) = update_requests(fake)
    assert request.options.expected_revision == saved.revision
    assert (request.options.actor, request.options.ttl.seconds) == ("ann", 60)
    loaded = sm.load()
    assert loaded is not None
    assert loaded.member_outputs == {"payment": {"id": "ch_123"}}
    assert loaded.metadata == {"paymentProcessed": True}
    assert (loaded.current_member, loaded.context, loaded.input) == (
        "send-confirmation",
        {"n": 0},
        None,
    )
    assert (state.revision, state.version) == (loaded.revision, 2)


async def test_an_async_block_commits_what_was_changed(
    fake: FakeServer, asm: AsyncStateManager
) -> None:
    """B66, B67."""
    await asm.save(STATE)
    async with asm.transaction() as state:
        state.metadata["a"] = 1

    assert len(update_requests(fake)) == 1
    loaded = await asm.load()
    assert loaded is not None
    assert loaded.metadata == {"a": 1}
    assert state.revision == loaded.revision


def test_a_block_that_changes_nothing_sends_nothing(fake: FakeServer, sm: StateManager) -> None:
    """B12."""
    sm.save(STATE)
    with sm.transaction() as state:
        assert state.metadata == {}
    assert not update_requests(fake)


def test_an_exception_in_a_block_rolls_all_back(fake: FakeServer, sm: StateManager) -> None:
    """B66."""
    sm.save(STATE)

    def block() -> None:
        with sm.transaction() as state:
            state.context["n"] = 1
            raise KeyError

    with pytest.raises(KeyError):
        block()
    assert not update_requests(fake)


async def test_an_exception_in_an_async_block_rolls_all_back(
    fake: FakeServer, asm: AsyncStateManager
) -> None:
    """B66."""
    await asm.save(STATE)

    async def block() -> None:
        async with asm.transaction() as state:
            state.context["n"] = 1
            raise KeyError

    with pytest.raises(KeyError):
        await block()
    assert not update_requests(fake)


def test_a_block_is_not_tried_again(sm: StateManager) -> None:
    """B64."""
    sm.save(STATE)

    def block() -> None:
        with sm.transaction() as state:
            state.context["n"] = 1
            sm.update(status="waiting")

    with pytest.raises(ConflictError) as caught:
        block()
    assert caught.value.current == 2
    assert caught.value.execution_id == "e"


async def test_an_async_block_is_not_tried_again(fake: FakeServer, asm: AsyncStateManager) -> None:
    """B64."""
    await asm.save(STATE)

    async def block() -> None:
        async with asm.transaction() as state:
            state.context["n"] = 1
            await asm.update(status="waiting")

    with pytest.raises(ConflictError):
        await block()
    assert len(update_requests(fake)) == 2


def test_a_function_is_called_with_the_state(fake: FakeServer, plain: StateManager) -> None:
    """B66."""
    plain.save(STATE)
    result = plain.transaction(count_up, actor="ann")

    assert result is not None
    assert (result.revision, result.version) == (2, 2)
    loaded = plain.load()
    assert loaded is not None
    assert loaded.context == {"n": 1}
    assert plain.transaction(lambda state: state.context.get("n")) is None
    assert len(update_requests(fake)) == 1


async def test_an_async_function_is_awaited(asm: AsyncStateManager) -> None:
    """B66."""
    await asm.save(STATE)

    async def later(state: TransactionState) -> None:
        await asyncio.sleep(0)
        count_up(state)

    assert await asm.transaction(later)
    loaded = await asm.load()
    assert loaded is not None
    assert loaded.context == {"n": 1}


def test_a_function_is_called_again_after_a_conflict(fake: FakeServer, plain: StateManager) -> None:
    """B64, B68."""
    plain.save(STATE)
    seen: list[int] = []

    def change(state: TransactionState) -> None:
        seen.append(state.context["n"])
        if len(seen) < 3:
            execution = fake.service.executions["orders", "e"]
            execution.state.context.entries["n"].json = str(len(seen) * 10)
            execution.revision += 1
        count_up(state)

    assert plain.transaction(change)
    assert seen == [0, 10, 20]
    loaded = plain.load()
    assert loaded is not None
    assert loaded.context == {"n": 21}
    ids = [request.options.request_id for request in update_requests(fake)]
    assert len(set(ids)) == 3


def test_a_conflict_that_lasts_is_told_in_the_end(fake: FakeServer, plain: StateManager) -> None:
    """B64, B68."""
    plain.save(STATE)

    def overtaken(state: TransactionState) -> None:
        fake.service.executions["orders", "e"].revision += 1
        count_up(state)

    with pytest.raises(ConflictError):
        plain.transaction(overtaken, timeout=0.1)
    tries = len(update_requests(fake))
    assert tries > 1

    with pytest.raises(ConflictError):
        plain.transaction(overtaken, timeout=0)
    assert len(update_requests(fake)) == tries + 1


def test_an_exception_in_a_function_rolls_all_back(fake: FakeServer, plain: StateManager) -> None:
    """B66."""
    plain.save(STATE)

    def change(state: TransactionState) -> None:
        count_up(state)
        raise ConflictError("mine")

    with pytest.raises(ConflictError, match="mine"):
        plain.transaction(change)
    assert not update_requests(fake)
    assert fake.service.count("Load") == 1


def test_another_failure_is_not_tried_again(fake: FakeServer, plain: StateManager) -> None:
    """B68."""
    plain.save(STATE)

    def change(state: TransactionState) -> None:
        count_up(state)
        fake.service.answers.append(fail(grpc.StatusCode.INTERNAL))

    with pytest.raises(InternalError):
        plain.transaction(change)
    assert len(update_requests(fake)) == 1


def test_a_transaction_on_nothing_is_told(fake: FakeServer, plain: StateManager) -> None:
    """B14."""
    with pytest.raises(StateNotFoundError) as caught:
        plain.transaction(count_up)
    assert (caught.value.namespace, caught.value.execution_id) == ("orders", "e")
    assert not update_requests(fake)


def test_what_cannot_be_sent_is_told_and_not_sent(fake: FakeServer, plain: StateManager) -> None:
    """B74."""
    plain.save(STATE)
    with pytest.raises(SerializationError) as caught:
        plain.transaction(lambda state: state.context.update(a={1}))
    assert caught.value.path == "context.a"
    assert caught.value.execution_id == "e"
    assert not update_requests(fake)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"fn": 3}, "fn"),
        ({"fn": count_up, "timeout": -1}, "timeout"),
        ({"fn": count_up, "ttl": -1}, "ttl"),
        ({"fn": count_up, "actor": 3}, "actor"),
    ],
)
def test_an_argument_of_no_use_is_refused_by_name(
    fake: FakeServer, plain: StateManager, arguments: Any, field: str
) -> None:
    """B68."""
    with pytest.raises(InvalidRequestError) as caught:
        plain.transaction(**arguments)
    assert caught.value.fields[0][0] == field
    assert caught.value.execution_id == "e"
    assert not fake.service.requests


def test_an_async_function_is_of_no_use_to_the_sync_client(sm: StateManager) -> None:
    async def change(state: TransactionState) -> None:
        count_up(state)

    with pytest.raises(InvalidRequestError) as caught:
        sm.transaction(change)
    assert caught.value.fields[0][0] == "fn"


def test_options_of_no_use_are_told_before_the_block_runs(sm: StateManager) -> None:
    with pytest.raises(InvalidRequestError), sm.transaction(ttl=-1):
        pytest.fail("was let in")


def test_a_transaction_under_a_lock_carries_its_token(fake: FakeServer, sm: StateManager) -> None:
    """B59."""
    sm.save(STATE)
    with sm.lock() as lock:
        sm.transaction(count_up)
        with sm.transaction() as state:
            count_up(state)
    sm.transaction(count_up)

    tokens = [request.options.fencing_token for request in update_requests(fake)]
    assert tokens == [lock.fencing_token, lock.fencing_token, 0]


def test_a_transaction_asks_the_server_and_tells_the_cache(
    fake: FakeServer, client: Client
) -> None:
    """B76: what is in the cache may be old, and would be a conflict."""
    sm = client.state_manager("e", namespace="orders", cache_ttl=60)
    sm.save({**STATE, "start_time": datetime(2026, 1, 1, tzinfo=UTC)})
    sm.transaction(count_up)
    assert fake.service.count("Load") == 1
    loaded = sm.load()
    assert loaded is not None
    assert loaded.context == {"n": 1}
    assert fake.service.count("Load") == 1


async def test_many_at_once_lose_no_update(asm: AsyncStateManager) -> None:
    """B68."""
    await asm.save(STATE)
    await asyncio.gather(*(asm.transaction(count_up) for _ in range(64)))

    loaded = await asm.load()
    assert loaded is not None
    assert loaded.context == {"n": 64}
    assert loaded.version == 65


def test_many_threads_lose_no_update(sm: StateManager) -> None:
    """B68."""
    sm.save(STATE)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: sm.transaction(count_up), range(64)))

    loaded = sm.load()
    assert loaded is not None
    assert loaded.context == {"n": 64}
