"""How watches end by themselves: nothing of them stays behind, in either kind of client."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from statekeeper import AsyncClient, Client
from statekeeper.watchdog import Watchdog

from .fake_watch import FakeWatches, begun, event, told
from .fakes import FakeServer

DEADLINE_S = 10


@pytest.fixture
def watches(fake: FakeServer) -> FakeWatches:
    """The watches of the fake server, with one event in each of the next streams."""
    watches = fake.service.watches
    for n in range(1, 4):
        watches.line_up(begun("t0"), told(f"t{n}", event("e", n), event("e", n)))
    return watches


@pytest.fixture
def sync_client(fake: FakeServer) -> Iterator[Client]:
    with Client(fake.address) as client:
        yield client


@pytest.fixture
async def async_client(fake: FakeServer) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(fake.address) as client:
        yield client


def test_breaking_off_a_loop_ends_the_stream(watches: FakeWatches, sync_client: Client) -> None:
    for _ in sync_client.watch(namespace="orders"):
        break
    gc.collect()
    assert watches.ended.acquire(timeout=DEADLINE_S)


def test_a_watch_leaves_no_thread(watches: FakeWatches, fake: FakeServer) -> None:
    before = set(threading.enumerate())
    with Client(fake.address) as client, client.watch(namespace="orders") as events:
        next(events)
    assert watches.ended.acquire(timeout=DEADLINE_S)

    def own() -> list[threading.Thread]:
        return [
            thread
            for thread in threading.enumerate()
            # Those of the fake server are not of the client.
            if thread not in before and not thread.name.startswith("ThreadPoolExecutor")
        ]

    for thread in own():
        thread.join(DEADLINE_S)
    assert own() == []


async def test_breaking_off_an_async_loop_ends_the_stream(
    watches: FakeWatches, async_client: AsyncClient
) -> None:
    async for _ in async_client.watch(namespace="orders"):
        break
    gc.collect()
    assert await asyncio.to_thread(watches.ended.acquire, timeout=DEADLINE_S)


async def test_a_watch_that_was_awaited_stands(
    watches: FakeWatches, async_client: AsyncClient
) -> None:
    """B82."""
    events = await async_client.watch(namespace="orders")
    assert len(watches.requests) == 1
    assert events.resume_token == "t0"
    await events.close()


async def test_a_step_that_is_cancelled_loses_nothing(
    watches: FakeWatches, async_client: AsyncClient
) -> None:
    """B82: the next one goes on with another stream."""
    # Nor is it a loss that would have to be given up after.
    async with async_client.watch(namespace="orders", give_up_after=0) as events:
        taken = [(await anext(events)).revision for _ in range(2)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(events)
        assert await asyncio.to_thread(watches.ended.acquire, timeout=DEADLINE_S)
        taken += [(await anext(events)).revision for _ in range(2)]

    assert taken == [1, 1, 2, 2]
    assert [each.resume_token for each in watches.requests] == ["", "t1"]


def test_a_wait_that_is_over_loses_nothing(watches: FakeWatches, sync_client: Client) -> None:
    """B82."""
    with sync_client.watch(namespace="orders", give_up_after=0) as events:
        assert [next(events).revision for _ in range(2)] == [1, 1]
        assert events.next_within(0.05) is None
        assert [next(events).revision for _ in range(2)] == [2, 2]
    assert [each.resume_token for each in watches.requests] == ["", "t1"]


async def test_a_cancelled_task_ends_its_watch(
    watches: FakeWatches, async_client: AsyncClient
) -> None:
    begun = asyncio.Event()

    async def watch() -> None:
        async with async_client.watch(namespace="orders") as events:
            begun.set()
            async for _ in events:
                pass

    task = asyncio.create_task(watch())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(watches.ended.acquire, timeout=DEADLINE_S)


def test_what_lasts_too_long_is_ended() -> None:
    """By one thread for all who wait, the shortest wait first."""
    watchdog, before = Watchdog(), set(threading.enumerate())
    long, short = threading.Event(), threading.Event()

    def wait_long() -> None:
        with watchdog.limit(0.3, long.set):
            assert long.wait(DEADLINE_S)

    waiting = threading.Thread(target=wait_long)
    waiting.start()
    with watchdog.limit(0.05, short.set):
        assert short.wait(DEADLINE_S)
    assert not long.is_set()
    assert len(set(threading.enumerate()) - before - {waiting}) == 1
    waiting.join()


def test_what_ends_in_time_is_left_alone() -> None:
    watchdog = Watchdog()
    ended = threading.Event()
    for _ in range(100):
        with watchdog.limit(0.2, ended.set):
            pass
    assert not ended.wait(0.4)


def test_the_watchdog_goes_when_nobody_waits_and_comes_back() -> None:
    watchdog = Watchdog()
    for _ in range(2):
        ended = threading.Event()
        with watchdog.limit(0.01, ended.set):
            assert ended.wait(DEADLINE_S)
        for thread in threading.enumerate():
            if thread.name == "statekeeper-watchdog":
                thread.join(DEADLINE_S)
                assert not thread.is_alive()
