"""Putting a backup in place: all of it, or nothing."""

from pathlib import Path

import pytest

from statekeeper.testing import TestServer
from statekeeper_server.folder_format import FolderError, NoFolderError
from statekeeper_server.restoration import TargetError, restore
from tests.support.admin import backup as make_backup
from tests.support.admin import names_in
from tests.support.raw import RawClient


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of two shards."""
    parent = tmp_path_factory.mktemp("backups")
    with TestServer(shards=2, backup_dir=parent) as server:
        client = server.client()
        for n in range(20):
            client.state_manager(f"exec-{n}").save({"status": "running", "context": {"n": n}})
        with RawClient(server.address) as raw:
            make_backup(raw, "one")
    return parent / "one"


def ignore(_done: int, _total: int) -> None:
    """Nobody wants to know."""


@pytest.mark.parametrize("exists", [False, True])
def test_a_restored_backup_is_served(
    backup: Path,
    tmp_path: Path,
    exists: bool,  # noqa: FBT001 - as pytest has it
) -> None:
    target = tmp_path / "data"
    if exists:
        target.mkdir()
    told: list[tuple[int, int]] = []
    restore(backup, target, lambda done, total: told.append((done, total)))
    with TestServer(target) as server:
        client = server.client()
        for n in range(20):
            state = client.state_manager(f"exec-{n}").load()
            assert state is not None
            assert state.context == {"n": n}

    assert told[-1][0] == told[-1][1] > 0
    assert names_in(tmp_path) == ["data"]
    assert target.stat().st_mode & 0o077 == 0


def test_what_is_there_is_not_overwritten(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "holiday.jpg").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for name in ("data", "file", "link"):
        with pytest.raises(TargetError, match="is there already"):
            restore(backup, tmp_path / name, ignore)
    with pytest.raises(TargetError, match="there is no folder"):
        restore(backup, tmp_path / "missing" / "data", ignore)

    assert names_in(tmp_path) == ["data", "file", "link"]
    assert names_in(tmp_path / "data") == ["holiday.jpg"]


def test_what_fails_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    def fail(_done: int, _total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(TargetError, match="No space left on device"):
        restore(backup, tmp_path / "data", fail)
    assert names_in(tmp_path) == []


def test_only_a_backup_that_is_not_served_is_restored(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(NoFolderError, match="is no data folder"):
        restore(tmp_path, tmp_path / "data", ignore)
    with TestServer(backup), pytest.raises(FolderError, match="is served by another process"):
        restore(backup, tmp_path / "data", ignore)
    assert names_in(tmp_path) == []
