"""Admin.Stats: how a server stands."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper_server.folder_format import SHARD_FILES
from tests.support.admin import stats
from tests.support.broken_medium import break_shard
from tests.support.gate import HELD, Gate
from tests.support.health import HealthWatch
from tests.support.placement import ids_in_shard, shard_of
from tests.support.raw import DEADLINE_S, RawClient, key_of, save_request

SHARDS = 2


@pytest.fixture
def server() -> "TestServer":  # type: ignore[misc]  # a generator, as pytest has it
    with TestServer(shards=SHARDS, map_size="1GiB") as server:
        yield server


def test_executions_are_counted_by_shard_and_in_total(server: TestServer) -> None:
    names = [*ids_in_shard(0, SHARDS, 3), *ids_in_shard(1, SHARDS, 5)]
    with RawClient(server.address) as raw:
        before = stats(raw)
        revisions = [raw.stub.Save(save_request(name)).result.revision for name in names]
        raw.delete(key_of(names[0]))
        after = stats(raw)

    assert [shard.figures.executions for shard in before.shards] == [0, 0]
    assert [shard.shard for shard in after.shards] == [0, 1]
    assert [shard.figures.executions for shard in after.shards] == [2, 5]
    assert after.total.executions == 7
    # The delete of the first shard is an event too.
    assert [shard.last_revision for shard in after.shards] == [revisions[2] + 1, revisions[-1]]
    assert all(shard.in_service for shard in after.shards)


def test_bytes_are_told_with_their_limit(server: TestServer) -> None:
    with RawClient(server.address) as raw:
        before = stats(raw).total
        value = "7" * 60_000
        state = save_request("exec_1").state
        state.context.entries["noise"].binary = value.encode()
        for n in range(40):
            state.context.entries[f"k{n}"].binary = bytes([n]) * 10_000
        raw.stub.Save(save_request("exec_1", state))
        after = stats(raw)

    files = (path for name in SHARD_FILES for path in server.data_dir.glob(f"shard-*/{name}"))
    assert after.total.file_bytes == sum(file.stat().st_size for file in files)
    assert after.total.used_bytes - before.used_bytes >= 400_000
    assert after.total.used_bytes <= after.total.file_bytes
    assert [shard.figures.limit_bytes for shard in after.shards] == [1024**3] * SHARDS
    assert after.total.limit_bytes == SHARDS * 1024**3


def test_the_oldest_reader_is_told(server: TestServer) -> None:
    """A snapshot that stays open keeps room from being used again."""
    assert server._server is not None
    shard = server._server._shards.at(1)
    with RawClient(server.address) as raw:
        assert not stats(raw).total.HasField("oldest_reader_age")
        with shard.read():
            time.sleep(0.02)
            told = stats(raw)
        assert not stats(raw).total.HasField("oldest_reader_age")

    assert [each.figures.readers for each in told.shards] == [0, 1]
    age = told.shards[1].figures.oldest_reader_age.ToTimedelta()
    assert timedelta(seconds=0.02) <= age < timedelta(seconds=DEADLINE_S)
    assert told.total.oldest_reader_age == told.shards[1].figures.oldest_reader_age


def test_what_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    with TestServer(shards=SHARDS) as server, RawClient(server.address) as raw:
        where = shard_of(HELD, SHARDS)
        behind = ids_in_shard(where, SHARDS, 3)
        held = raw.stub.Save.future(save_request(HELD))
        gate.wait_until_reached()
        calls = [raw.stub.Save.future(save_request(name)) for name in behind]
        while (told := stats(raw).shards[where].figures).waiting_operations < 4:
            pass
        assert stats(raw).shards[1 - where].figures.waiting_operations == 0
        gate.opened.set()
        for call in (held, *calls):
            call.result()

        lock = LockRequest(key=key_of("exec_locked"), owner="one")
        lock.wait.seconds = int(DEADLINE_S)
        raw.stub.Lock(lock)
        lock.owner = "two"
        waiting = raw.stub.Lock.future(lock)
        while stats(raw).total.lock_waiters < 1:
            pass
        waiting.cancel()

    assert told.waiting_operations == 4
    assert told.waiting_bytes > 0


def test_the_server_is_told_of(server: TestServer, tmp_path: Path) -> None:
    started = server.clock.now_us()
    server.clock.advance(3600)
    with RawClient(server.address) as raw:
        told = stats(raw)
    with (
        TestServer(tmp_path / "data", backup_dir=tmp_path) as other,
        RawClient(other.address) as raw,
    ):
        allowed = stats(raw).backups_allowed

    assert told.server_version
    assert told.folder_format >= 2
    assert timedelta(hours=1) <= told.uptime.ToTimedelta() < timedelta(hours=2)
    assert told.start_time.ToMicroseconds() <= started
    assert not told.backups_allowed
    assert allowed


def test_a_shard_that_is_out_of_service_is_told_and_the_others_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breaker = break_shard(monkeypatch, 1)
    broken, sound = ids_in_shard(1, SHARDS, 1)[0], ids_in_shard(0, SHARDS, 1)[0]
    with TestServer(shards=SHARDS) as server, RawClient(server.address) as raw:
        raw.stub.Save(save_request(sound))
        with HealthWatch(raw.channel) as health:
            assert health.next() == "SERVING"
            breaker.sound.clear()
            breaker.before_commit = 1
            raw.refusal(raw.stub.Save, save_request(broken))
            assert health.next() == "NOT_SERVING"
            told = stats(raw)
            breaker.sound.set()

    assert [shard.in_service for shard in told.shards] == [True, False]
    assert [shard.figures.executions for shard in told.shards] == [1, 0]
    assert told.shards[1].figures.limit_bytes == 0
