"""Admin.Backup: a copy of all that was answered, while the server serves."""

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper_server.verification import problems_of
from tests.support.admin import backup, backup_refusal, names_in
from tests.support.placement import ids_in_shard
from tests.support.raw import DEADLINE_S, RawClient, document, key_of, save_request
from tests.support.server_process import ServerProcess, run

SHARDS = 2
_WRITERS = 4
_BACKUPS = 3
_WRITES_BETWEEN = 40


@pytest.fixture
def backup_dir(tmp_path: Path) -> Path:
    """Where backups are made."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


@pytest.fixture
def server(tmp_path: Path, backup_dir: Path) -> Iterator[TestServer]:
    """A server that may make backups."""
    with TestServer(tmp_path / "data", shards=SHARDS, backup_dir=backup_dir) as server:
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client of it."""
    with RawClient(server.address) as raw:
        yield raw


def state(number: int) -> ExecutionState:
    """A state whose parts all say the same number, one of them in several pieces."""
    large = number.to_bytes(4) * 40_000
    return ExecutionState(
        status=STATUS_RUNNING,
        context=document(number=str(number), large=large),
        member_outputs=document(number=str(number)),
    )


def number_of(kept: ExecutionState) -> int:
    """The number that all parts of a state say."""
    number = int(kept.context.entries["number"].json)
    assert kept.context == state(number).context
    assert kept.member_outputs == state(number).member_outputs
    return number


class Writer:
    """Saves states of rising numbers to two executions in turn, and notes what was answered."""

    def __init__(self, address: str, first: str, second: str) -> None:
        self.names = (first, second)
        self.answered = {first: 0, second: 0}
        self.enough = threading.Event()
        self._address = address
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        with RawClient(self._address) as raw:
            for number in itertools.count(1):
                for name in self.names:
                    if self._stopping.is_set():
                        return
                    raw.stub.Save(save_request(name, state(number)), timeout=DEADLINE_S)
                    self.answered[name] = number
                if number % 5 == 0:
                    self.enough.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()


def test_a_backup_under_load_has_all_that_was_answered_before_and_whole_states(
    tmp_path: Path, backup_dir: Path
) -> None:
    """B20: and what was written because of another write is there with it, or not at all."""
    pairs = list(
        zip(ids_in_shard(0, SHARDS, _WRITERS), ids_in_shard(1, SHARDS, _WRITERS), strict=True)
    )
    promised = []
    with ServerProcess(
        tmp_path / "data", f"--shards={SHARDS}", f"--backup-dir={backup_dir}"
    ) as server:
        writers = [Writer(server.address, *pair) for pair in pairs]
        with writers[0], writers[1], writers[2], writers[3], RawClient(server.address) as raw:
            for n in range(_BACKUPS):
                for writer in writers:
                    writer.enough.clear()
                    assert writer.enough.wait(DEADLINE_S)
                promised.append([dict(writer.answered) for writer in writers])
                assert backup(raw, f"backup-{n}")[-1].result.folder == str(
                    backup_dir / f"backup-{n}"
                )
        ends = [dict(writer.answered) for writer in writers]

    for n, answered in enumerate(promised):
        assert list(problems_of(backup_dir / f"backup-{n}", lambda *_: None)) == []
        with ServerProcess(backup_dir / f"backup-{n}") as server, RawClient(server.address) as raw:
            for (first, second), before, end in zip(pairs, answered, ends, strict=True):
                numbers = []
                for name in (first, second):
                    execution = raw.load(key_of(name))
                    assert execution is not None
                    numbers.append(number_of(execution.state))
                    assert before[name] <= numbers[-1] <= end[name] + 1
                # The second of a pair is sent when the first is answered, and the next
                # first when the second is.
                assert numbers[1] <= numbers[0] <= numbers[1] + 1
            raw.stub.Save(save_request("exec_new"), timeout=DEADLINE_S)


def test_where_the_log_of_each_shard_ends_is_told(raw: RawClient) -> None:
    names = [*ids_in_shard(0, SHARDS, 2), *ids_in_shard(1, SHARDS, 3)]
    for name in names:
        raw.stub.Save(save_request(name))
    result = backup(raw, "one")[-1].result

    assert list(result.last_revisions) == [2, 3]


def test_progress_is_told_up_to_the_size_of_the_backup(raw: RawClient, backup_dir: Path) -> None:
    for n in range(20):
        raw.stub.Save(save_request(f"exec_{n}", state(n)))
    *_, last = told = backup(raw, "one")

    written = [each.written_bytes for each in told]
    assert written == sorted(written)
    assert all(each.written_bytes <= each.total_bytes for each in told)
    assert [each.HasField("result") for each in told] == [False] * (len(told) - 1) + [True]
    files = (backup_dir / "one").glob("shard-*/*")
    assert last.written_bytes == last.result.size_bytes == sum(f.stat().st_size for f in files)


def test_a_backup_is_a_data_folder_for_its_owner_alone(
    raw: RawClient, server: TestServer, backup_dir: Path
) -> None:
    backup(raw, "one")
    folder = backup_dir / "one"

    assert names_in(folder) == ["FORMAT", "shard-000", "shard-001"]
    assert names_in(folder / "shard-000") == ["data.mdb", "journal.0", "journal.1"]
    original = json.loads((server.data_dir / "FORMAT").read_text())
    assert json.loads((folder / "FORMAT").read_text()) == original | {"copy": True}
    for path in (folder, *folder.glob("shard-*"), *folder.glob("shard-*/*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_without_a_name_the_time_is_the_name(raw: RawClient, backup_dir: Path) -> None:
    result = backup(raw)[-1].result

    (name,) = names_in(backup_dir)
    assert result.folder == str(backup_dir / name)
    assert name == result.snapshot_time.ToDatetime().strftime("%Y%m%dT%H%M%SZ")


def test_without_a_folder_for_them_no_backups_are_made() -> None:
    """Whoever can reach the port could fill the disk otherwise."""
    with TestServer() as server, RawClient(server.address) as raw:
        refusal = backup_refusal(raw, "one")

    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "BACKUP_FAILED",
    )
    assert "--backup-dir" in refusal.message


@pytest.mark.parametrize(
    "name",
    [
        *("..", ".", "../data", "a/b", "/var/a", ".hidden", "a\\b", "a b", "a\0", "ä"),
        *("a\n", "-rf", "x" * 129),
    ],
)
def test_a_name_is_a_folder_and_no_path(raw: RawClient, backup_dir: Path, name: str) -> None:
    """B80: nothing is written outside of the folder of backups."""
    refusal = backup_refusal(raw, name)

    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
    )
    assert refusal.fields == ["name"]
    assert names_in(backup_dir) == []
    assert names_in(backup_dir.parent) == ["backups", "data"]


def test_what_is_there_is_not_overwritten(raw: RawClient, backup_dir: Path, tmp_path: Path) -> None:
    (backup_dir / "full").mkdir()
    (backup_dir / "full" / "holiday.jpg").write_bytes(b"x")
    (backup_dir / "file").write_bytes(b"x")
    (tmp_path / "elsewhere").mkdir()
    (backup_dir / "link").symlink_to(tmp_path / "elsewhere")
    (backup_dir / "dangling").symlink_to(tmp_path / "nowhere")
    before = names_in(backup_dir)
    for name in before:
        refusal = backup_refusal(raw, name)
        assert refusal.reason == "BACKUP_FAILED", name
        assert f"{backup_dir / name} is there already" in refusal.message

    assert names_in(backup_dir) == before
    assert (backup_dir / "full" / "holiday.jpg").read_bytes() == b"x"
    assert names_in(tmp_path / "elsewhere") == []


def test_an_empty_folder_is_taken(raw: RawClient, backup_dir: Path) -> None:
    (backup_dir / "empty").mkdir()
    backup(raw, "empty")

    assert "FORMAT" in names_in(backup_dir / "empty")
    assert backup_refusal(raw, "empty").reason == "BACKUP_FAILED"


def test_a_folder_for_backups_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It may be on a disk that is not mounted: it is not made."""
    missing = tmp_path / "missing"
    with TestServer(backup_dir=missing) as server, RawClient(server.address) as raw:
        refusal = backup_refusal(raw, "one")

    assert refusal.reason == "BACKUP_FAILED"
    assert str(missing) in refusal.message
    assert not missing.exists()


def test_a_backup_of_a_backup_is_a_backup(raw: RawClient, backup_dir: Path) -> None:
    raw.stub.Save(save_request("exec_1", state(7)))
    backup(raw, "one")
    with (
        TestServer(backup_dir / "one", backup_dir=backup_dir) as restored,
        RawClient(restored.address) as other,
    ):
        backup(other, "two")
    with TestServer(backup_dir / "two") as again, RawClient(again.address) as third:
        execution = third.load(key_of("exec_1"))

    assert execution is not None
    assert number_of(execution.state) == 7


def test_the_folder_is_named_in_the_help() -> None:
    assert "--backup-dir DIR" in run("serve", "--help").stdout
