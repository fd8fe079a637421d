"""Watches that end: by their caller, by a drain, by a broken shard, by one who does not read."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_CHANGES,
    Event,
    WatchRequest,
)
from statekeeper_server.watch import Watches
from tests.support.broken_medium import Breaker, break_shard
from tests.support.operations import do, save, update
from tests.support.placement import ids_in_shard
from tests.support.raw import RawClient, Refusal, key_of, save_request
from tests.support.server_process import ServerProcess
from tests.support.watching import Watch, revisions, watch_request

KB = 1024
MB = 1024 * KB
_ATTEMPTS_MAX = 5_000
# How a watch may end on a machine that is too busy to read it.
_LATE = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED)
VALUES = watch_request(include=WATCH_INCLUDE_CHANGES)


@pytest.fixture
def server() -> Iterator[TestServer]:
    """A server of two shards that soon has enough of those who do not read."""
    with TestServer(shards=2, watch_stall_s=0.5, watches_max=20) as server:
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client of it."""
    with RawClient(server.address) as raw:
        yield raw


def watches_of(server: TestServer) -> Watches:
    assert server._server is not None
    return server._server._service._watches


def left_over(server: TestServer) -> list[object]:
    """What watches have left in the server."""

    async def look() -> list[object]:
        watches = watches_of(server)
        names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
        left: list[object] = [name for name in names if "Watch" in name or "Channel" in name]
        for shard, channel in watches._channels.items():
            index = channel._index
            left += [*channel._listeners, *index._single, *index._namespaces, *channel._unread]
            left += [shard.feed.follower] if shard.feed.follower else []
        left += [watches._room._bytes] if watches._room._bytes else []
        return left + [*watches._streams] + ([watches._count] if watches._count else [])

    return server._run(look())


def wait_until_nothing_is_left(server: TestServer, raw: RawClient) -> None:
    """Serve calls until the ends of the watches have been noticed."""
    for _ in range(_ATTEMPTS_MAX):
        raw.load(key_of("exec_none"))
        if not left_over(server):
            return
    raise AssertionError(left_over(server))


def write_much(raw: RawClient, rounds: int, value_bytes: int) -> None:
    """Fifty executions, each written so often."""
    for n in range(rounds):
        value = (n % 256).to_bytes(1) * value_bytes
        do(raw, *(update(f"exec_{m}", big=value) for m in range(50)))


def test_a_cancelled_watch_leaves_nothing(server: TestServer, raw: RawClient) -> None:
    """B80: no task, no place in an index, nothing that is fed; in whatever it is at."""
    do(raw, *(save(f"exec_{n}", big=bytes(KB)) for n in range(50)))
    requests = [
        watch_request("exec_1"),
        watch_request(id_prefix="exec_1", include=WATCH_INCLUDE_CHANGES),
        watch_request(),
        watch_request(snapshot=True, include=WATCH_INCLUDE_CHANGES),
        watch_request("exec_1", after_revision=0),
    ]
    for rounds in (0, 1, 3):
        watches = [Watch(raw, request).begun() for request in requests]
        assert left_over(server)
        write_much(raw, rounds, KB)
        for watch in watches:
            watch.call.cancel()
        wait_until_nothing_is_left(server, raw)


def resumed(raw: RawClient, token: str, number: int) -> list[Event]:
    """So many events from a token on; on a busy machine this one may be cut off as well."""
    told: list[Event] = []
    for _ in range(_ATTEMPTS_MAX):
        request = watch_request(include=WATCH_INCLUDE_CHANGES, resume_token=token)
        watch = Watch(raw, request)
        try:
            return told + watch.events(number - len(told))
        except grpc.RpcError as error:
            if Refusal.of(error).code not in _LATE:
                raise
        told += watch.rest()
        token = watch.token or token
    raise AssertionError(f"there are {len(told)} of {number} events")


def test_b85_who_does_not_read_is_cut_off_with_a_token_and_harms_nobody(tmp_path: Path) -> None:
    """B85: memory stays bounded, writers go on, and resumed it gets the rest: each once."""
    with (
        ServerProcess(tmp_path / "data", "--watch-stall-s=0.5", "--shards=1") as server,
        RawClient(server.address) as raw,
    ):
        do(raw, *(save(f"exec_{n}") for n in range(50)))
        # Each on a connection of its own: what one has not read must not hold up another.
        clients = [RawClient(server.address) for _ in range(2)]
        watches = [Watch(each, VALUES).begun() for each in clients]
        before_bytes = server.peak_memory_bytes()
        write_much(raw, 400, 16 * KB)
        # 20,000 events of 16 KB are 320 MB for each watcher.
        assert server.peak_memory_bytes() - before_bytes < 100 * MB
        for watch, client in zip(watches, clients, strict=True):
            refusal = watch.end()
            assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert refusal.reason == "OVERLOADED"
            assert refusal.retry_after_s == 1.0
            assert refusal.metadata["resume_token"] == watch.token
            told = watch.rest()
            told += resumed(client, watch.token, 20_000 - len(told))
            assert revisions(told) == list(range(51, 20_051))
            client.close()


def test_b85_who_does_not_even_read_the_beginning_is_cut_off() -> None:
    """B85, B83: the call has an end also where its first message could not be sent in time."""
    with TestServer(watch_stall_s=1e-6) as server, RawClient(server.address) as raw:
        for _ in range(3):
            refusal = Watch(raw, watch_request()).end()
            assert (refusal.code, refusal.reason) == (
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "OVERLOADED",
            )
        wait_until_nothing_is_left(server, raw)


def test_b85_who_leaves_too_much_unread_together_is_cut_off() -> None:
    """B85: however long each of them may take; those for whom there is room stay."""
    limits: dict[str, Any] = dict.fromkeys(("message_bytes_max", "watch_unsent_bytes_max"), 2 * MB)
    with (
        TestServer(shards=1, state_bytes_max=MB, **limits) as server,
        RawClient(server.address) as raw,
    ):
        clients = [RawClient(server.address) for _ in range(5)]
        watches = [Watch(each, VALUES).begun() for each in clients]
        for n in range(30):
            do(raw, save(f"exec_{n}", big=bytes(900 * KB)))
        for _ in range(_ATTEMPTS_MAX):
            raw.load(key_of("exec_none"))
            if len(watches_of(server)._streams) == 2:
                break
        assert len(watches_of(server)._streams) == 2
        assert watches_of(server)._room._bytes <= 2 * MB
        for client in clients:
            client.close()
        for watch in watches:
            watch.call.cancel()
        wait_until_nothing_is_left(server, raw)


def test_b85_who_reads_slowly_misses_nothing() -> None:
    """B85: it falls behind what is queued for it, and reads on from the log."""
    with TestServer() as server, RawClient(server.address) as raw:
        do(raw, *(save(f"exec_{n}") for n in range(50)))
        with Watch(raw, VALUES).begun() as watch:
            told = []
            for _ in range(8):
                write_much(raw, 10, 4 * KB)
                told += watch.events(200)
            told += watch.events(8 * 500 - len(told))

    for n in range(50):
        mine = [event for event in told if event.key.execution_id == f"exec_{n}"]
        assert [event.version for event in mine] == list(range(2, 82))
        assert all(event.changes.context.entries["big"].binary for event in mine)


def test_b84_who_is_overtaken_by_what_is_forgotten_is_told_so() -> None:
    """B84: who comes back too late, and who reads too slowly; up to there nothing is missing."""
    with TestServer(shards=1, log_events_kept=10) as server, RawClient(server.address) as raw:
        do(raw, *(save(f"exec_{n}") for n in range(50)))
        with RawClient(server.address) as slow, Watch(slow, VALUES).begun() as watch:
            token = watch.token
            write_much(raw, 40, 16 * KB)
            late = Watch(raw, watch_request(include=WATCH_INCLUDE_CHANGES, resume_token=token))
            for refusal in (late.end(), watch.end()):
                assert refusal.code is grpc.StatusCode.OUT_OF_RANGE
                assert refusal.reason == "REVISION_COMPACTED"
                assert int(refusal.metadata["oldest_revision"]) > 50
            told = revisions(watch.rest())
        assert told == list(range(51, 51 + len(told)))
        with Watch(raw, watch_request(snapshot=True)).begun() as again:
            assert len(again.snapshot()) == 50


def test_b83_a_drain_ends_watches_with_a_token_after_all_that_was_told(
    server: TestServer, raw: RawClient
) -> None:
    """B83, B86: UNAVAILABLE, and the restarted server goes on from there."""
    with (
        Watch(raw, watch_request()).begun() as watch,
        Watch(raw, watch_request("exec_1", heartbeat_s=3600)).begun() as idle,
    ):
        do(raw, *(save(f"exec_{n}") for n in range(50)))
        restarting = threading.Thread(target=server.restart)
        restarting.start()
        ends = watch.end(), idle.end()
        restarting.join()
        told, told_idle = watch.rest(), idle.rest()
    for end, token in zip(ends, (watch.token, idle.token), strict=True):
        assert end.code is grpc.StatusCode.UNAVAILABLE
        assert end.reason == "STORAGE_ERROR"
        assert end.metadata["resume_token"] == token
    assert ends[1].metadata["execution_id"] == "exec_1"
    # The last message of each was sent for the token alone.
    assert idle.heartbeats == watch.heartbeats == 2
    assert len(told) == 50
    assert len(told_idle) == 1

    with RawClient(server.address) as again:
        do(again, *(save(f"exec_{n}") for n in range(50)))
        with Watch(again, watch_request(resume_token=watch.token)) as watch:
            assert {event.version for event in watch.events(50)} == {2}


def test_watches_end_when_their_shard_goes_out_of_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """B86: what became of its last commit is not known, and is told by the resumed watch."""
    monkeypatch.setattr("statekeeper_server.worker._REOPEN_DELAY_S", 0.01)
    breaker: Breaker = break_shard(monkeypatch, 0)
    ailing, well = ids_in_shard(0, 2, 1)[0], ids_in_shard(1, 2, 1)[0]
    with TestServer(shards=2) as server, RawClient(server.address) as raw:
        with (
            Watch(raw, watch_request(ailing)).begun() as one,
            Watch(raw, watch_request()).begun() as all_of_them,
            Watch(raw, watch_request(well)).begun() as other,
        ):
            do(raw, save(ailing), save(well))
            breaker.after_commit = 1
            assert raw.refusal(raw.stub.Save, save_request(ailing)).reason == "STORAGE_ERROR"
            for watch in (one, all_of_them):
                end = watch.end()
                assert (end.code, end.reason) == (grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")
                assert end.metadata["resume_token"] == watch.token
            assert [event.version for event in one.rest()] == [1]
            do(raw, save(well))
            assert [event.version for event in other.events(2)] == [1, 2]
        with Watch(raw, resumed_when_back(raw, one.token, ailing)) as watch:
            assert watch.event().version == 2


def resumed_when_back(raw: RawClient, token: str, execution_id: str) -> WatchRequest:
    for _ in range(_ATTEMPTS_MAX):
        try:
            raw.load(key_of(execution_id))
        except grpc.RpcError:
            continue
        break
    return watch_request(execution_id, resume_token=token)


def test_more_watches_than_allowed_are_overloaded(server: TestServer, raw: RawClient) -> None:
    """B80: until one of the others ends."""
    watches = [Watch(raw, watch_request()).begun() for _ in range(20)]
    refusal = Watch(raw, watch_request("exec_1")).end()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert refusal.retry_after_s
    assert refusal.metadata["execution_id"] == "exec_1"
    for watch in watches:
        watch.call.cancel()
    wait_until_nothing_is_left(server, raw)
    with Watch(raw, watch_request()).begun():
        pass


def test_b86_a_killed_server_loses_no_event_of_resumed_watches(tmp_path: Path) -> None:
    """B86, B20: neither lost nor told twice; whatever was answered is told."""
    written = dict.fromkeys((f"exec_{n}" for n in range(5)), 0)
    told: dict[str, list[int]] = {name: [] for name in written}
    token = ""
    with ServerProcess(tmp_path / "data", "--shards=2") as server:
        for _ in range(3):
            with RawClient(server.address) as raw:
                watch = Watch(raw, watch_request(resume_token=token) if token else watch_request())
                watch.begun()
                killing = threading.Timer(0.1, server.kill)
                killing.start()
                try:
                    while True:
                        for name in written:
                            done = raw.stub.Save(save_request(name), timeout=5)
                            written[name] = done.result.version
                except grpc.RpcError:
                    killing.join()
                assert watch.end().code is grpc.StatusCode.UNAVAILABLE
                token = watch.token
                for event in watch.rest():
                    told[event.key.execution_id].append(event.version)
            server.start()
        request = watch_request(resume_token=token)
        with RawClient(server.address) as raw, Watch(raw, request) as last:
            do(raw, *(save(name) for name in written))
            for name in written:
                found = raw.load(key_of(name))
                assert found is not None
                assert found.version > written[name]
                written[name] = found.version
            while any(len(told[name]) < version for name, version in written.items()):
                last.message()
                for event in last.rest():
                    told[event.key.execution_id].append(event.version)
    for name, version in written.items():
        assert told[name] == list(range(1, version + 1))
