"""The client of those who operate a server."""

from pathlib import Path

import pytest

from statekeeper import BackupFailedError, InvalidRequestError, UnavailableError
from statekeeper.admin import Admin
from statekeeper.testing import TestServer


def test_a_server_tells_how_it_stands(tmp_path: Path) -> None:
    with TestServer(shards=2, backup_dir=tmp_path) as server, Admin(server.address) as admin:
        sm = server.client().state_manager("exec-1")
        sm.save({"status": "running"})
        stats = admin.stats()

    assert [shard.shard for shard in stats.shards] == [0, 1]
    assert all(shard.in_service for shard in stats.shards)
    assert sorted(shard.last_revision for shard in stats.shards) == [0, 1]
    assert stats.total.executions == 1
    assert 0 < stats.total.used_bytes <= stats.total.file_bytes <= stats.total.limit_bytes
    assert stats.total.oldest_reader_age is None
    assert stats.backups_allowed
    assert stats.uptime.total_seconds() > 0
    assert stats.start_time.tzinfo is not None


def test_a_backup_is_told_of_until_it_is_done(tmp_path: Path) -> None:
    with TestServer(backup_dir=tmp_path) as server, Admin(server.address) as admin:
        *_, last = admin.backup("one")

    assert last.backup is not None
    assert last.backup.folder == str(tmp_path / "one")
    assert last.backup.size == last.written_bytes == last.total_bytes > 0
    assert last.backup.last_revisions == (0,)
    assert (tmp_path / "one" / "FORMAT").exists()


def test_a_compaction_is_told_of_until_it_is_done() -> None:
    with TestServer(versions_kept=2) as server, Admin(server.address) as admin:
        sm = server.client().state_manager("exec-1")
        for n in range(10):
            sm.save({"status": "running", "context": {"n": n}})
        *_, last = admin.compact()

    assert (last.history_rows, last.log_rows, last.expired_executions) == (8, 0, 0)
    assert last.compaction is not None
    assert 0 < last.compaction.used_bytes_after <= last.compaction.file_bytes


def test_what_is_refused_is_told() -> None:
    with TestServer() as server, Admin(server.address) as admin:
        with pytest.raises(BackupFailedError, match="--backup-dir"):
            list(admin.backup("one"))
        with pytest.raises(InvalidRequestError) as caught:
            list(admin.backup("../one"))
    assert [field for field, _ in caught.value.fields] == ["name"]


def test_a_server_that_is_away_is_told() -> None:
    with TestServer() as server:
        address = server.address
    with Admin(address, timeout=5) as admin, pytest.raises(UnavailableError, match="refused"):
        admin.stats()
