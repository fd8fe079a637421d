"""A backup that fails leaves nothing, and harms nobody."""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.admin_pb2 import BackupRequest
from statekeeper.v1.admin_pb2_grpc import AdminStub
from statekeeper_server.engine import CopyGivenUpError
from statekeeper_server.engine.lmdb_copy import LmdbCopy
from tests.support.admin import backup, backup_refusal, names_in, stats
from tests.support.broken_medium import break_shard
from tests.support.placement import ids_in_shard
from tests.support.raw import DEADLINE_S, RawClient, key_of, save_request

SHARDS = 2


class Brake:
    """Holds up the copying of each shard after its first piece, until it is let go on.

    Attributes:
        reached: set when a first piece is written.
        opened: set it to let it go on.
        error: what happens then, if anything.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        self.error: Exception | None = None
        write = LmdbCopy.write

        def slow(copy: LmdbCopy, folder: Path, wrote: Callable[[int], None]) -> None:
            def wrote_slowly(size_bytes: int) -> None:
                self.reached.set()
                assert self.opened.wait(DEADLINE_S)
                if self.error is not None:
                    raise self.error
                wrote(size_bytes)

            write(copy, folder, wrote_slowly)

        monkeypatch.setattr(LmdbCopy, "write", slow)

    def wait_until_reached(self) -> None:
        assert self.reached.wait(DEADLINE_S)


@pytest.fixture
def brake(monkeypatch: pytest.MonkeyPatch) -> Brake:
    """In place before the server is."""
    return Brake(monkeypatch)


@pytest.fixture
def backup_dir(tmp_path: Path) -> Path:
    """Where backups are made."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


@pytest.fixture
def server(brake: Brake, tmp_path: Path, backup_dir: Path) -> Iterator[TestServer]:
    """A server whose backups are held up."""
    del brake
    with TestServer(
        tmp_path / "data", shards=SHARDS, backup_dir=backup_dir, drain_s=DEADLINE_S
    ) as server:
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client of it."""
    with RawClient(server.address) as raw:
        yield raw


class Making:
    """A backup under way."""

    def __init__(self, raw: RawClient, brake: Brake, name: str = "one") -> None:
        self._call = AdminStub(raw.channel).Backup(BackupRequest(name=name), timeout=DEADLINE_S)
        brake.wait_until_reached()

    def cancel(self) -> None:
        self._call.cancel()

    def end(self) -> str:
        """How it ends: the message of its error, or nothing."""
        with suppress(grpc.RpcError):
            list(self._call)
        return str(self._call.details())


def wait_until_empty(raw: RawClient, folder: Path) -> None:
    while names_in(folder):
        stats(raw)


def test_writes_go_on_while_a_backup_is_made(
    raw: RawClient, brake: Brake, backup_dir: Path
) -> None:
    """And what is written meanwhile is not in it."""
    raw.stub.Save(save_request("exec_before"))
    making = Making(raw, brake)
    raw.stub.Save(save_request("exec_meanwhile"), timeout=DEADLINE_S)
    assert [name for name in names_in(backup_dir) if not name.startswith(".")] == []
    brake.opened.set()
    assert making.end() == ""

    with TestServer(backup_dir / "one") as restored, RawClient(restored.address) as other:
        assert other.load(key_of("exec_before")) is not None
        assert other.load(key_of("exec_meanwhile")) is None


def test_one_backup_is_made_at_a_time(raw: RawClient, brake: Brake, backup_dir: Path) -> None:
    making = Making(raw, brake)
    refusal = backup_refusal(raw, "two")
    brake.opened.set()

    assert (refusal.reason, refusal.message) == (
        "BACKUP_FAILED",
        "another backup is being made",
    )
    assert making.end() == ""
    backup(raw, "two")
    assert names_in(backup_dir) == ["one", "two"]


def test_a_cancelled_backup_leaves_nothing(raw: RawClient, brake: Brake, backup_dir: Path) -> None:
    making = Making(raw, brake)
    making.cancel()
    brake.opened.set()
    wait_until_empty(raw, backup_dir)

    assert stats(raw).total.readers == 0
    backup(raw, "one")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_disk_that_fails_is_told_and_leaves_nothing(
    raw: RawClient, brake: Brake, backup_dir: Path, number: int
) -> None:
    brake.error = OSError(number, os.strerror(number))
    brake.opened.set()
    refusal = backup_refusal(raw, "one")

    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "BACKUP_FAILED",
    )
    assert os.strerror(number) in refusal.message
    assert names_in(backup_dir) == []
    assert all(shard.in_service for shard in stats(raw).shards)
    brake.error = None
    backup(raw, "one")


def test_what_nobody_foresaw_leaves_nothing(raw: RawClient, brake: Brake, backup_dir: Path) -> None:
    brake.error = RuntimeError("nobody foresaw this")
    brake.opened.set()
    refusal = backup_refusal(raw, "one")

    assert refusal.code is grpc.StatusCode.INTERNAL
    assert names_in(backup_dir) == []
    brake.error = None
    backup(raw, "one")


def test_a_drain_gives_the_backup_up(
    server: TestServer, raw: RawClient, brake: Brake, backup_dir: Path
) -> None:
    """It may take longer than a drain may."""
    making = Making(raw, brake)
    stopping = threading.Thread(target=server.restart)
    stopping.start()
    brake.opened.set()
    assert making.end() == "the server is stopping: there is no backup"
    stopping.join()

    assert names_in(backup_dir) == []
    with RawClient(server.address) as again:
        backup(again, "one")


def test_a_full_disk_of_the_data_gives_the_backup_up(
    raw: RawClient, brake: Brake, backup_dir: Path
) -> None:
    """Writes come first; how the engine gives a copy up has tests of its own."""
    brake.error = CopyGivenUpError()
    brake.opened.set()
    refusal = backup_refusal(raw, "one")

    assert refusal.reason == "BACKUP_FAILED"
    assert "the disk of the data folder is full" in refusal.message
    assert names_in(backup_dir) == []


@pytest.mark.parametrize("number", range(SHARDS))
def test_a_shard_that_breaks_meanwhile_is_not_held_up_by_the_backup(
    monkeypatch: pytest.MonkeyPatch, brake: Brake, tmp_path: Path, backup_dir: Path, number: int
) -> None:
    """Be it the one that is being copied, or another one."""
    breaker = break_shard(monkeypatch, number)
    name = ids_in_shard(number, SHARDS, 1)[0]
    with (
        TestServer(tmp_path / "data", shards=SHARDS, backup_dir=backup_dir) as server,
        RawClient(server.address) as raw,
    ):
        making = Making(raw, brake)
        breaker.before_commit = 1
        assert raw.refusal(raw.stub.Save, save_request(name)).reason == "STORAGE_ERROR"
        assert not stats(raw).shards[number].in_service
        assert backup_refusal(raw, "two").message == "another backup is being made"
        brake.opened.set()
        assert making.end() == "a shard went out of service: there is no backup"
        assert names_in(backup_dir) == []
        while not stats(raw).shards[number].in_service:
            pass
        raw.stub.Save(save_request(name), timeout=DEADLINE_S)
        backup(raw, "one")


def test_no_backup_is_made_of_a_shard_that_is_out_of_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backup_dir: Path
) -> None:
    breaker = break_shard(monkeypatch, 0)
    breaker.sound.clear()
    with (
        TestServer(tmp_path / "data", shards=SHARDS, backup_dir=backup_dir) as server,
        RawClient(server.address) as raw,
    ):
        breaker.before_commit = 1
        raw.refusal(raw.stub.Save, save_request(ids_in_shard(0, SHARDS, 1)[0]))
        refusal = backup_refusal(raw, "one")
        breaker.sound.set()

    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")
    assert names_in(backup_dir) == []


def test_what_a_killed_server_has_left_goes_with_the_next_backup(
    raw: RawClient, brake: Brake, backup_dir: Path
) -> None:
    """But not what another server is about to write, nor what others call hidden."""
    brake.opened.set()
    for name in (".old-1234abcd.partial", ".other-1234abcd.partial", ".hidden"):
        (backup_dir / name).mkdir()
        (backup_dir / name / "data.mdb").write_bytes(b"half")
    lock = os.open(backup_dir / ".other-1234abcd.partial", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    backup(raw, "one")
    os.close(lock)

    assert names_in(backup_dir) == [".hidden", ".other-1234abcd.partial", "one"]
