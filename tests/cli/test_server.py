"""stats, backup, restore, verify: what an operator does with a server and its folder."""

import json
from pathlib import Path

import pytest

from statekeeper import StateManager
from statekeeper.testing import TestServer
from statekeeper_server.engine import Table
from statekeeper_server.engine.journaled import JournaledEngine
from tests.support.admin import names_in
from tests.support.cli import Cli, run_process


def test_stats_are_shown(cli: Cli, order: StateManager) -> None:
    del order
    stats = cli.document("stats")
    table = cli.done("stats")

    assert [shard["shard"] for shard in stats["shards"]] == [0, 1]
    assert all(shard["in_service"] for shard in stats["shards"])
    assert stats["total"]["executions"] >= 1
    assert stats["total"]["limit_bytes"] == 2 * 64 * 1024**3
    assert stats["backups_allowed"] is True
    assert stats["server_version"] in table
    assert "128.0 GiB" in table
    assert [line.split()[0] for line in table.splitlines()[-3:]] == ["0", "1", "total"]


def test_what_is_due_is_compacted(tmp_path: Path) -> None:
    with TestServer(tmp_path / "data", versions_kept=2) as server:
        sm = server.client().state_manager("order-1", ttl=0)
        for n in range(10):
            sm.save({"status": "running", "context": {"n": n}})
        cli = Cli(server.address)
        removed = cli.document("compact")
        shown = cli.done("compact")
        state = sm.load()

    assert removed["history_rows"] == 8
    assert removed["expired_executions"] == removed["log_rows"] == removed["request_rows"] == 0
    assert 0 < removed["used_bytes_after"] <= removed["file_bytes"]
    assert [line.split()[:2] for line in shown.splitlines()[-4:]] == [
        ["history", "rows"],
        ["used", "before"],
        ["used", "now"],
        ["files", shown.split()[-2]],
    ]
    assert state is not None
    assert state.context == {"n": 9}


def test_from_a_backup_to_a_server(
    cli: Cli, order: StateManager, backup_dir: Path, namespace: str, tmp_path: Path
) -> None:
    made = cli.document("backup", namespace)
    folder = backup_dir / namespace
    assert made["folder"] == str(folder)
    assert made["size_bytes"] == sum(f.stat().st_size for f in folder.glob("shard-*/*"))
    order.delete()

    assert cli.document("verify", str(folder)) == {
        "folder": str(folder),
        "sound": True,
        "problems": [],
    }
    assert "is sound" in cli.done("verify", str(folder))
    target = tmp_path / "data"
    assert cli.document("restore", str(folder), str(target))["folder"] == str(target)
    with TestServer(target) as restored:
        there = Cli(restored.address, namespace)
        assert there.document("get", "order-1")["status"] == "running"
        assert "is served by another process" in cli.wrong_use("verify", str(target))
    assert cli.run("get", "order-1").exit_code == 1


@pytest.mark.parametrize("was_served", [False, True])
def test_a_folder_that_cannot_be_written_to_is_verified_and_restored(
    cli: Cli, order: StateManager, namespace: str, tmp_path: Path, *, was_served: bool
) -> None:
    """A medium for backups may be read-only; and nothing is left on one that is not."""
    del order
    folder = Path(cli.document("backup", namespace)["folder"])
    if was_served:
        with TestServer(folder):
            pass
    before = {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}
    modes = {path: path.stat().st_mode for path in before}
    for path in before:
        path.chmod(0o500 if path.is_dir() else 0o400)
    verified = run_process("verify", str(folder), powerless=True)
    restored = run_process("restore", str(folder), str(tmp_path / "data"), powerless=True)
    assert before == {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode)

    assert (verified.code, verified.stderr) == (0, "")
    assert (restored.code, restored.stderr) == (0, "")
    with TestServer(tmp_path / "data") as server:
        there = Cli(server.address, namespace)
        assert there.document("get", "order-1")["status"] == "running"


def test_a_backup_that_cannot_be_made_is_told(cli: Cli, backup_dir: Path) -> None:
    before = names_in(backup_dir)
    assert cli.refusal("backup", "../outside").startswith("INVALID_REQUEST: name: ")
    (backup_dir / "there").mkdir(exist_ok=True)
    (backup_dir / "there" / "file").write_bytes(b"")
    assert "is there already" in cli.refusal("backup", "there")
    assert set(names_in(backup_dir)) == {*before, "there"}
    with TestServer() as other:
        assert "--backup-dir" in Cli(other.address).refusal("backup")


def test_what_is_there_is_not_restored_over(cli: Cli, namespace: str, tmp_path: Path) -> None:
    folder = cli.document("backup", namespace)["folder"]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_bytes(b"x")

    assert "is there already" in cli.wrong_use("restore", folder, str(tmp_path / "data"))
    assert names_in(tmp_path / "data") == ["file"]


def test_a_damaged_backup_is_told_and_not_restored(
    cli: Cli, order: StateManager, namespace: str, tmp_path: Path
) -> None:
    del order
    folder = Path(cli.document("backup", namespace)["folder"])
    for shard in ("shard-000", "shard-001"):
        engine = JournaledEngine(folder / shard, map_size_bytes=1024**3)
        txn = engine.write()
        while (row := txn.cursor(Table.HEADS).seek(b"\0")) is not None:
            txn.delete(Table.HEADS, row[0])
        txn.commit()
        engine.close()

    verified = cli.run("verify", str(folder), "--json")
    restored = cli.run("restore", str(folder), str(tmp_path / "data"))
    document = json.loads(verified.stdout)
    assert (verified.exit_code, document["sound"]) == (1, False)
    assert any("rows of nobody" in problem for problem in document["problems"])
    assert cli.run("verify", str(folder)).exit_code == 1
    assert restored.exit_code == 1
    assert "nothing was restored" in restored.stderr
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("command", ["verify", "restore"])
def test_what_is_no_data_folder_is_wrong_use(cli: Cli, tmp_path: Path, command: str) -> None:
    target = [str(tmp_path / "new")] if command == "restore" else []
    for path in (tmp_path, tmp_path / "missing"):
        assert "is no data folder" in cli.wrong_use(command, str(path), *target)
    assert names_in(tmp_path) == []


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    with TestServer(tmp_path / "data") as server:
        away = Cli(server.address)
    for command in (("stats",), ("get", "x"), ("backup",), ("compact",)):
        told = away.refusal(*command, "--timeout", "5")
        assert told.startswith("UNAVAILABLE: cannot reach statekeeper at 127.0.0.1:")
