"""Thousands of short stories of writers and watchers, in servers that go and come back.

In each story a few writers write, and watchers watch, leave, dawdle, resume and are cut off;
several stories take place at once, while the server is killed, drained or made to forget. When
all is over, what each watcher was told is compared with the log. Run it again with the
WATCH_SEED that it prints.
"""

import asyncio
from pathlib import Path
from random import Random
from typing import Any, Protocol

import grpc
import pytest

from statekeeper import AsyncClient
from statekeeper.testing import TestServer
from statekeeper.v1.admin_pb2 import CompactRequest
from statekeeper.v1.admin_pb2_grpc import AdminStub
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper_server.verification import problems_of
from statekeeper_server.worker import Worker
from tests.support.chance import chance, drawn_seed
from tests.support.forked_server import ForkedServer
from tests.support.raw import DEADLINE_S
from tests.support.watch_stories import Story, World, tell
from tests.support.watch_truth import Log

SHARDS = 2
CONFIG: dict[str, Any] = {"shards": SHARDS, "watch_stall_s": 0.3, "drain_s": 1.0}
# Much longer than the stories take in real time, so that nothing is forgotten by that.
LOG_WINDOW_S = 1_000.0
# So many stories take place at once, and so many writes pass between two disturbances.
AT_ONCE = 6
CALM_WRITES = (40, 200)
CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.min_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 50),
    # What is not read fills these windows soon, and the server has to keep the rest.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 1),
)


class Stage(Protocol):
    """A server that stories take place on."""

    address: str

    async def disturb(self, dice: Random) -> None:
        """Do something that no watcher may notice."""

    def may_be_forgotten(self, shards: list[int], places: list[int]) -> bool:
        """Whether something that follows these places may not be kept any more."""
        ...

    def end(self) -> None:
        """Stop the server."""


class Mortal:
    """A process that is killed or drained, and started again."""

    def __init__(self, data_dir: Path, log: Log) -> None:
        del log
        self._server = ForkedServer(data_dir, **CONFIG).start()
        self.address = self._server.address

    async def disturb(self, dice: Random) -> None:
        """Kill it, or let it drain; then start it again."""
        stop = self._server.kill if dice.random() < 0.8 else self._server.terminate
        await asyncio.to_thread(stop)
        await asyncio.to_thread(self._server.start)

    def may_be_forgotten(self, shards: list[int], places: list[int]) -> bool:
        """Nothing is forgotten."""
        del shards, places
        return False

    def end(self) -> None:
        """Stop the server."""
        self._server.kill()


class Forgetful:
    """A server in this process that is drained, and that forgets what is old."""

    def __init__(self, data_dir: Path, log: Log) -> None:
        self._server = TestServer(data_dir, **CONFIG, log_window_s=LOG_WINDOW_S)
        self._log = log
        self.address = self._server.address

    async def disturb(self, dice: Random) -> None:
        """Restart it, or have it forget."""
        if dice.random() < 0.5:
            await asyncio.to_thread(self._server.restart)
            return
        # What goes is what was here before the last time: that is in the log already.
        for shard, worker in enumerate(self._workers()):
            with worker.read() as store:
                self._log.read(shard, store)
        self._server.clock.advance(0.6 * LOG_WINDOW_S)
        async with grpc.aio.insecure_channel(self.address) as channel:
            async for _ in AdminStub(channel).Compact(CompactRequest(), timeout=DEADLINE_S):
                pass

    def may_be_forgotten(self, shards: list[int], places: list[int]) -> bool:
        """Whether something that follows these places may not be kept any more."""
        workers = self._workers()
        for shard, place in zip(shards, places, strict=True):
            with workers[shard].read() as store:
                if place < store.compacted_revision():
                    return True
        return False

    def end(self) -> None:
        """Stop the server."""
        self._server.stop()

    def _workers(self) -> list[Worker]:
        assert self._server._server is not None
        return list(self._server._server._shards)


async def _play(stage: Stage, rounds: int, dice: Random) -> list[Story]:
    stories: list[Story] = []
    writes = asyncio.Semaphore(0)
    left = iter(range(rounds))

    async def tell_all(world: World) -> None:
        for number in left:
            story = await tell(world, f"story-{number}", chance((dice.random(), number)))
            stories.append(story)

    async def disturb() -> None:
        while len(stories) < rounds:
            for _ in range(dice.randint(*CALM_WRITES)):
                await writes.acquire()
            await stage.disturb(dice)

    async with (
        grpc.aio.insecure_channel(stage.address, CHANNEL_OPTIONS) as channel,
        AsyncClient(stage.address, timeout=DEADLINE_S) as client,
    ):
        stub = StateManagerStub(channel)
        world = World(stub, client, SHARDS, writes.release, stage.may_be_forgotten)
        async with asyncio.TaskGroup() as group:
            group.create_task(disturb())
            tellers = [group.create_task(tell_all(world)) for _ in range(AT_ONCE)]
            await asyncio.gather(*tellers)
            # Nobody writes any more: what disturbs is not to wait for it.
            for _ in range(max(CALM_WRITES)):
                writes.release()
    print(world.stumbles)  # noqa: T201 - pytest shows it when the test fails
    return stories


def _try(stage: type[Mortal] | type[Forgetful], folder: Path, rounds: int, number: int) -> None:
    log = Log(SHARDS)
    on = stage(folder, log)
    try:
        dice = chance((drawn_seed("WATCH_SEED"), number))
        stories = asyncio.run(_play(on, rounds, dice))
    finally:
        on.end()
    log.read_folder(folder)
    for story in stories:
        story.check(log)
    assert list(problems_of(folder, lambda *_: None)) == []


def _worlds(little: int, long: int, soak: int, rounds: int) -> list[Any]:
    """The numbers of worlds, and how many rounds each has: most of them are for later."""
    marks = [pytest.mark.timeout(600)]
    return [
        pytest.param(0, little, id="a little"),
        *(pytest.param(n, rounds, marks=[pytest.mark.long, *marks]) for n in range(1, long)),
        *(pytest.param(n, rounds, marks=[pytest.mark.soak, *marks]) for n in range(long, soak)),
    ]


@pytest.mark.parametrize(("number", "rounds"), _worlds(12, 21, 201, 100))
def test_b82_b84_b86_watchers_are_told_what_the_log_has_from_where_they_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, rounds: int
) -> None:
    """B82, B84, B86: over restarts, and where what they were at is forgotten."""
    if number % 2 == 0:
        # In small steps, so that it takes several to come to the end of log and snapshot, and
        # with short queues, so that watchers fall behind.
        monkeypatch.setattr("statekeeper_server.operations.watch._STEP_ROWS", 2)
        monkeypatch.setattr("statekeeper_server.tail._QUEUE_ROWS_MAX", 1)
    _try(Forgetful, tmp_path / "data", rounds, number)


@pytest.mark.parametrize(("number", "rounds"), _worlds(12, 11, 101, 100))
def test_b82_b86_watchers_are_told_what_the_log_has_though_the_server_is_killed(
    tmp_path: Path, number: int, rounds: int
) -> None:
    """B82, B86, B20: and what was answered is in the log."""
    _try(Mortal, tmp_path / "data", rounds, number)
