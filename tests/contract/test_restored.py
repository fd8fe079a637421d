"""What a restored backup gives out is new, and what was given out after it is known to be lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from statekeeper import Client
from statekeeper.testing import TestServer
from statekeeper.v1.checkpoint_pb2 import RestoreRequest
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper.v1.state_requests_pb2 import DeleteRequest, ListRevisionsRequest, LoadRequest
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.restoration import restore
from statekeeper_server.verification import problems_of
from tests.support.admin import backup, compact
from tests.support.operations import do, save
from tests.support.raw import RawClient, key_of, save_request
from tests.support.watching import Watch, revisions, watch_request

BEFORE, LOST = 4, 5
ONE: dict[str, Any] = {"shards": 1}


class Restored:
    """A server on a backup, and what was written after that was made.

    Attributes:
        folder: where it is served from.
        backup: the backup.
        raw: a client of the server.
        token: the resume token of before the backup.
        lost_token: one of after it.
    """

    def __init__(self, tmp_path: Path) -> None:
        self.folder, self.backup = tmp_path / "restored", tmp_path / "one"
        with (
            TestServer(tmp_path / "data", backup_dir=tmp_path, **ONE) as server,
            RawClient(server.address) as raw,
            Watch(raw, watch_request()).begun() as watch,
        ):
            do(raw, *(save("exec_1", n=str(n)) for n in range(BEFORE)))
            self.events = watch.events(BEFORE)
            self.token = watch.token
            backup(raw, "one")
            do(raw, *(save("exec_1", n=str(n)) for n in range(LOST)))
            watch.events(LOST)
            self.lost_token = watch.token
        self.original = tmp_path / "data"
        restore(self.backup, self.folder, lambda *_: None)

    def save(self, raw: RawClient, **options: Any) -> int:
        """Write once more; the revision."""
        return int(raw.stub.Save(save_request("exec_1", **options)).result.revision)


@pytest.fixture
def restored(tmp_path: Path) -> Restored:
    """What was restored."""
    return Restored(tmp_path)


@pytest.fixture
def server(restored: Restored) -> Iterator[TestServer]:
    """A server on it."""
    with TestServer(restored.folder, log_window_s=60.0) as server:
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client of it."""
    with RawClient(server.address) as raw:
        yield raw


def test_b69_no_revision_is_given_out_that_was_given_out_before(
    server: TestServer, raw: RawClient, restored: Restored
) -> None:
    """B69, B65: so what was loaded after the backup conflicts, and new revisions follow."""
    loaded = raw.load(key_of("exec_1"))
    assert loaded is not None
    assert loaded.revision == BEFORE
    for lost in range(BEFORE + 1, BEFORE + LOST + 3):
        refusal = raw.refusal(raw.stub.Save, save_request("exec_1", expected_revision=lost))
        assert refusal.reason == "CONFLICT"
    first = restored.save(raw, expected_revision=BEFORE)
    assert first > 1_000_000 * 1_700_000_000
    assert restored.save(raw) == first + 1
    server.restart()
    with RawClient(server.address) as again:
        assert restored.save(again) == first + 2


def test_b69_neither_by_another_copy_of_the_same_backup(tmp_path: Path, restored: Restored) -> None:
    """B69: a backup may be restored twice; and one that is served as it is counts as well."""
    given = []
    restore(restored.backup, tmp_path / "again", lambda *_: None)
    restore(restored.original, tmp_path / "copied", lambda *_: None)
    for folder in (restored.folder, tmp_path / "again", tmp_path / "copied", restored.backup):
        with TestServer(folder) as server, RawClient(server.address) as raw:
            given += [restored.save(raw) for _ in range(3)]
        assert list(problems_of(folder, lambda *_: None)) == []
    assert given == sorted(set(given))


def test_b52_a_lost_revision_is_no_earlier_state(raw: RawClient, restored: Restored) -> None:
    """B52: it is refused by name, while what the backup has can be loaded as ever."""
    last = restored.save(raw)
    for lost in (BEFORE + 1, BEFORE + LOST):
        requests = (
            (raw.stub.Load, LoadRequest(key=key_of("exec_1"), revision=lost)),
            (raw.stub.Restore, RestoreRequest(key=key_of("exec_1"), revision=lost)),
        )
        for method, request in requests:
            refusal = raw.refusal(method, request)
            assert refusal.reason == "REVISION_COMPACTED"
            assert "lost when the data folder was restored" in refusal.message
            assert int(refusal.metadata["oldest_revision"]) == last
    for revision in range(1, BEFORE + 1):
        request = LoadRequest(key=key_of("exec_1"), revision=revision)
        assert raw.stub.Load(request).execution.revision == revision
    listed = raw.stub.ListRevisions(ListRevisionsRequest(key=key_of("exec_1"))).revisions
    assert {each.revision for each in listed} == {*range(1, BEFORE + 1), last}


@pytest.mark.parametrize("written", [0, 3])
def test_b84_a_place_in_what_was_lost_is_refused(
    raw: RawClient, restored: Restored, written: int
) -> None:
    """B84: whether or not anything was written since; an earlier one misses nothing."""
    new = [restored.save(raw) for _ in range(written)]
    for request in (
        watch_request(resume_token=restored.lost_token),
        watch_request("exec_1", after_revision=BEFORE + 1),
    ):
        refusal = Watch(raw, request).end()
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.OUT_OF_RANGE,
            "REVISION_COMPACTED",
        )
    with Watch(raw, watch_request(resume_token=restored.token)).begun() as watch:
        new.append(restored.save(raw))
        assert revisions(watch.events(len(new))) == new
    with Watch(raw, watch_request("exec_1", after_revision=0)).begun() as watch:
        assert revisions(watch.events(BEFORE + len(new))) == [*range(1, BEFORE + 1), *new]


def test_b84_a_watch_that_was_told_what_is_lost_begins_with_a_snapshot(
    server: TestServer, restored: Restored
) -> None:
    """B84: where it may; it is told of a gap."""
    with (
        Client(server.address) as client,
        client.watch(resume_token=restored.lost_token, on_compacted="snapshot") as events,
    ):
        assert [next(events).kind for _ in range(2)] == ["gap", "snapshot"]


def test_what_the_log_has_is_counted_and_not_how_far_it_has_come(
    server: TestServer, raw: RawClient, restored: Restored
) -> None:
    """What is forgotten, and what has changed since a moment, go by events."""
    do(raw, *(save(f"exec_{n}") for n in range(30)))
    loaded = raw.load(key_of("exec_1"))
    assert loaded is not None
    assert compact(raw).log_rows == 0
    request = ListRequest(updated_after=restored.events[-1].time, page_size=100)
    assert len(raw.stub.List(request).executions) == 30
    request.updated_after.CopyFrom(restored.events[-2].time)
    raw.stub.Delete(DeleteRequest(key=key_of("exec_1"), options=WriteOptions()))
    assert len(raw.stub.List(request).executions) == 29
    server.clock.advance(61)
    compact(raw)
    refusal = Watch(raw, watch_request(resume_token=restored.token)).end()
    assert refusal.reason == "REVISION_COMPACTED"
    assert restored.save(raw) == loaded.revision + 30


def test_a_server_that_dies_while_it_begins_anew_begins_anew_once_more(
    restored: Restored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B20: the mark of a copy goes last."""
    with monkeypatch.context() as patch:
        patch.setattr("statekeeper_server.folder.DataFolder.be_no_copy", lambda _: None)
        with TestServer(restored.folder) as server, RawClient(server.address) as raw:
            first = restored.save(raw)
    with TestServer(restored.folder) as server, RawClient(server.address) as raw:
        assert restored.save(raw) > first + 1
        assert raw.refusal(
            raw.stub.Load, LoadRequest(key=key_of("exec_1"), revision=first + 1)
        ).reason == ("REVISION_COMPACTED")
        assert raw.stub.Load(
            LoadRequest(key=key_of("exec_1"), revision=first)
        ).execution.revision == (first)
    assert list(problems_of(restored.folder, lambda *_: None)) == []
