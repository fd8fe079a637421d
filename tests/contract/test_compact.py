"""Admin.Compact: what is due to be forgotten goes at once, and nothing else does."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from statekeeper import Client, RevisionCompactedError, StateManager
from statekeeper.testing import TestServer
from statekeeper.v1.admin_pb2 import CompactRequest, CompactResponse
from statekeeper.v1.admin_pb2_grpc import AdminStub
from statekeeper_server.engine import Table
from statekeeper_server.operations import compact as operation
from statekeeper_server.store.housekeeping import Chores
from statekeeper_server.verification import problems_of
from tests.support.admin import compact
from tests.support.chance import chance
from tests.support.frozen import freeze
from tests.support.raw import DEADLINE_S, RawClient, Refusal, document, key_of, save_request
from tests.support.server_process import ServerProcess
from tests.support.states import loaded
from tests.support.tables import check_sound, rows, wait_until

HOUR = timedelta(hours=1)
KEPT = 4
# In several pieces, compressed or not.
LARGE = chance("large").randbytes(100_000).hex()


def _nothing(*args: Any, alone: bool) -> Chores:
    """Housekeeping that rests, so that what is gone is gone by Compact."""
    del args, alone
    return Chores(has_garbage=False, look_us=2**62, look_revision=2**62)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestServer]:
    """One whose time passes only when it is told to, and which forgets only when it is told to."""
    monkeypatch.setattr("statekeeper_server.committer.keep_house", _nothing)
    with TestServer(
        shards=1,
        log_window_s=3600,
        request_window_s=3600,
        history_window_s=3600,
        versions_kept=KEPT,
    ) as server:
        freeze(monkeypatch, server)
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client of it that sends what it is given."""
    with RawClient(server.address) as raw:
        yield raw


@pytest.fixture
def client(server: TestServer) -> Client:
    """A client of it."""
    return server.client()


@pytest.fixture
def sm(client: Client) -> StateManager:
    """An execution that does not exist yet, and does not expire."""
    return client.state_manager("exec_1", ttl=0)


def count(server: TestServer, table: Table) -> int:
    """How many rows a table has."""
    return len(rows(server, table))


def test_what_is_due_is_gone_and_what_a_checkpoint_names_is_not(
    server: TestServer, raw: RawClient, client: Client, sm: StateManager
) -> None:
    """B52: log, request ids, what was deleted, what has expired, and superseded values."""
    for n in range(10):
        sm.save({"status": "running", "context": {"n": n, "large": LARGE}}, request_id=f"r{n}")
        if n == 3:
            sm.checkpoint("three")
    client.state_manager("gone", ttl=0).save({"status": "running", "context": {"a": LARGE}})
    client.state_manager("gone").delete()
    client.state_manager("expired", ttl=60).save({"status": "running"})
    pieces = count(server, Table.CHUNKS)
    assert count(server, Table.LOG) >= 14
    told = CompactResponse()
    # Requests are remembered for up to twice as long as they are to be.
    for _ in range(3):
        server.clock.advance(HOUR)
        each = compact(raw)
        for field in ("garbage_rows", "log_rows", "request_rows", "history_rows"):
            setattr(told, field, getattr(told, field) + getattr(each, field))

    assert count(server, Table.GARBAGE) == count(server, Table.REQUESTS) == 0
    assert count(server, Table.HEADS) == 1
    assert count(server, Table.LOG) == 1
    assert count(server, Table.ENTRIES) == 3  # `n` is there twice, `large` has never changed
    assert count(server, Table.CHUNKS) < pieces
    assert (told.request_rows, told.history_rows) == (14, 8)
    assert told.log_rows > 10
    assert told.garbage_rows > 2
    assert 0 < each.result.used_bytes_after <= each.result.file_bytes
    check_sound(server)

    kept = sm.load(checkpoint="three")
    assert kept is not None
    assert kept.context == {"n": 3, "large": LARGE}
    assert loaded(sm).context == {"n": 9, "large": LARGE}
    with pytest.raises(RevisionCompactedError) as caught:
        sm.load(revision=2)
    assert sm.load(revision=caught.value.oldest_revision) == sm.load()
    sm.delete_checkpoint("three")
    assert compact(raw).garbage_rows > 0
    assert count(server, Table.ENTRIES) == 2
    check_sound(server)


def test_what_was_removed_is_used_no_more(raw: RawClient, client: Client) -> None:
    """Also what the last step has removed just before that is told."""
    for n in range(20):
        client.state_manager(f"exec_{n}").save({"status": "running", "context": {"a": LARGE}})
        client.state_manager(f"exec_{n}").delete()

    assert compact(raw).result.used_bytes_after < len(LARGE)


def test_what_is_not_due_is_not_touched(
    server: TestServer, raw: RawClient, sm: StateManager
) -> None:
    for n in range(KEPT):
        sm.save({"status": "running", "context": {"n": n}}, request_id=f"r{n}")
    server.clock.advance(HOUR - timedelta(seconds=1))
    told = compact(raw)
    told.ClearField("result")

    assert told == CompactResponse()
    for n in range(KEPT):
        state = sm.load(revision=n + 1)
        assert state is not None
        assert state.context == {"n": n}
    assert sm.save({"status": "running", "context": {"n": 0}}, request_id="r0").replayed


def test_versions_beyond_those_kept_go_though_nobody_writes(
    server: TestServer, raw: RawClient, sm: StateManager
) -> None:
    """Writing prunes now and then only; this, when it is asked for."""
    for n in range(10):
        sm.save({"status": "running", "context": {"n": n}})
    assert count(server, Table.ENTRIES) == 10
    assert compact(raw).history_rows == 10 - KEPT
    assert count(server, Table.ENTRIES) == KEPT
    with pytest.raises(RevisionCompactedError) as caught:
        sm.load(revision=10 - KEPT)
    assert caught.value.oldest_revision == 10 - KEPT + 1
    for n in range(10 - KEPT, 10):
        state = sm.load(revision=n + 1)
        assert state is not None
        assert state.context == {"n": n}
    assert compact(raw).history_rows == 0


class Past:
    """Executions that change by chance, all that they were, and what checkpoints name."""

    def __init__(self, server: TestServer, client: Client, seed: object) -> None:
        self._server, self._client, self._dice = server, client, chance(seed)
        self._states: dict[str, dict[int, dict[str, Any]]] = {}
        self._named: dict[str, dict[str, dict[str, Any]]] = {}

    def change(self) -> None:
        """Something happens to one of them, and some time passes."""
        name = f"exec_{self._dice.randrange(4)}"
        sm = self._client.state_manager(name, ttl=0)
        acts = (self._write,) * 12 + (self._name, self._name, self._unname, self._delete)
        self._dice.choice(acts)(name, sm)
        self._server.clock.advance(self._dice.choice((0, 60, 900)))

    def unname_all(self) -> None:
        """Remove all checkpoints."""
        for name, marks in self._named.items():
            for mark in marks:
                self._client.state_manager(name).delete_checkpoint(mark)
        self._named.clear()

    def check(self) -> None:
        """Look at all that they ever were."""
        for name, states in self._states.items():
            sm = self._client.state_manager(name)
            for revision, context in states.items():
                self._check_state(sm, revision, context, newest=revision == max(states))
            for mark, context in self._named.get(name, {}).items():
                state = sm.load(checkpoint=mark)
                assert state is not None
                assert state.context == context

    def _write(self, name: str, sm: StateManager) -> None:
        states = self._states.setdefault(name, {})
        number = self._dice.randrange(10**6)
        change = {self._dice.choice("abc"): self._dice.choice((number, f"{LARGE}{number}"))}
        if states and self._dice.random() < 0.7:
            result, context = sm.update(context=change), {**states[max(states)], **change}
        else:
            result, context = sm.save({"status": "running", "context": change}), change
        states[result.revision] = context

    def _name(self, name: str, sm: StateManager) -> None:
        if states := self._states.get(name):
            mark = f"c{self._dice.randrange(3)}"
            sm.checkpoint(mark)
            self._named.setdefault(name, {})[mark] = states[max(states)]

    def _unname(self, name: str, sm: StateManager) -> None:
        if marks := self._named.get(name):
            mark = min(marks)
            sm.delete_checkpoint(mark)
            del marks[mark]

    def _delete(self, name: str, sm: StateManager) -> None:
        sm.delete()
        self._states.pop(name, None)
        self._named.pop(name, None)

    def _check_state(
        self, sm: StateManager, revision: int, context: dict[str, Any], *, newest: bool
    ) -> None:
        try:
            state = sm.load(revision=revision)
        except RevisionCompactedError as error:
            oldest = error.oldest_revision
        else:
            assert state is not None
            assert state.context == context
            return
        assert not newest
        assert sm.load(revision=oldest) is not None


@pytest.mark.parametrize("rows_max", [2, 3, 7, 256])
def test_b52_a_past_state_is_right_or_no_longer_kept(
    server: TestServer, client: Client, monkeypatch: pytest.MonkeyPatch, rows_max: int
) -> None:
    """However small the steps are, whatever was written before and between."""
    monkeypatch.setattr(operation, "_ROWS_MAX", rows_max)
    past = Past(server, client, ("compact", rows_max))
    with RawClient(server.address) as raw:
        for _ in range(6):
            for _ in range(15):
                past.change()
            compact(raw)
            past.check()
            check_sound(server)
        past.unname_all()
        server.clock.advance(3 * HOUR)
        compact(raw)
        past.check()
        check_sound(server)
    versions = [key[:-8] for key, _ in rows(server, Table.ENTRIES)]
    assert len(versions) == len(set(versions))


class SlowSteps:
    """Steps of two rows, each of which waits until it is let go.

    Attributes:
        taken: released when a step is taken up.
        let: release it to let one step go.
        all_let: set it to let all go from now on.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.all_let = threading.Event()
        apply = operation.compact

        def compact_slowly(*args: Any) -> Any:
            self.taken.release()
            while not self.all_let.is_set() and not self.let.acquire(timeout=0.01):
                pass
            return apply(*args)

        monkeypatch.setattr(operation, "_ROWS_MAX", 2)
        monkeypatch.setattr("statekeeper_server.compaction.compact", compact_slowly)


@pytest.fixture
def slow(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowSteps]:
    """Slow steps, which the server's end does not wait for, however the test has ended."""
    del server  # Its end comes after that of what needs it.
    steps = SlowSteps(monkeypatch)
    yield steps
    steps.all_let.set()


def begin(raw: RawClient) -> Any:
    """A compaction that is under way."""
    return AdminStub(raw.channel).Compact(CompactRequest(), timeout=DEADLINE_S)


def written(sm: StateManager, times: int) -> None:
    """Write so often, and leave so much to compact."""
    for n in range(times):
        sm.save({"status": "running", "context": {"n": n}})


def wait_until_beside_a_step(server: TestServer, saved: "grpc.Future[Any]") -> None:
    """Wait until a save has come to the shard, which has a step to do; or was done before it."""
    assert server._server is not None
    (shard,) = server._server._shards
    wait_until(lambda: saved.done() or shard.backlog().operations == 2)


def test_b81_writers_are_answered_between_its_steps(
    server: TestServer, raw: RawClient, sm: StateManager, slow: SlowSteps
) -> None:
    """A write waits for one step at most, however many there are."""
    written(sm, 30)
    server.clock.advance(2 * HOUR)
    call = begin(raw)
    for n in range(20):
        assert slow.taken.acquire(timeout=DEADLINE_S)
        saved = raw.stub.Save.future(save_request(f"other_{n}"), timeout=DEADLINE_S)
        # A late one would meet yet another step, which nobody lets go.
        wait_until_beside_a_step(server, saved)
        slow.let.release()
        # The next step may be there, and waits: the save is answered before it or with it.
        slow.let.release()
        saved.result()
    assert call.is_active()
    slow.all_let.set()
    *_, last = call
    assert last.log_rows >= 29
    check_sound(server)


def test_one_runs_at_a_time_and_ends_when_nobody_waits_for_it(
    server: TestServer, raw: RawClient, sm: StateManager, slow: SlowSteps
) -> None:
    written(sm, 30)
    server.clock.advance(2 * HOUR)
    call = begin(raw)
    assert slow.taken.acquire(timeout=DEADLINE_S)
    with pytest.raises(grpc.RpcError) as caught:
        compact(raw)
    assert Refusal.of(caught.value).reason == "OVERLOADED"
    for _ in range(4):
        slow.let.release()
        assert slow.taken.acquire(timeout=DEADLINE_S)
    call.cancel()
    slow.all_let.set()
    assert server._server is not None
    compactions = server._server._admin._compactions
    wait_until(lambda: not compactions._under_way)
    assert count(server, Table.LOG) > 10
    check_sound(server)
    assert compact(raw).log_rows > 10
    assert count(server, Table.LOG) == 1


def test_a_drain_ends_it_after_a_step(
    server: TestServer, raw: RawClient, sm: StateManager, slow: SlowSteps
) -> None:
    written(sm, 30)
    server.clock.advance(2 * HOUR)
    call = begin(raw)
    assert slow.taken.acquire(timeout=DEADLINE_S)
    assert server._server is not None
    server._server._admin.drain()
    slow.let.release()
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert Refusal.of(caught.value).reason == "STORAGE_ERROR"
    slow.all_let.set()
    check_sound(server)


def test_b03_a_kill_in_the_middle_leaves_a_sound_folder(tmp_path: Path) -> None:
    """And the next run finds what is left."""
    slow = """
import time
from statekeeper_server import compaction
from statekeeper_server.operations import compact

step = compaction.compact

def slow_step(*arguments):
    time.sleep(0.02)
    return step(*arguments)

compact._ROWS_MAX = 3
compaction.compact = slow_step
"""
    last = 11
    with ServerProcess(
        tmp_path / "data", "--shards=2", "--versions-kept=1", wrapper=slow
    ) as server:
        with RawClient(server.address) as raw:
            for n in range(last + 1):
                for name in range(20):
                    request = save_request(f"exec_{name}")
                    request.state.context.CopyFrom(document(n=str(n), large=bytes([n]) * 100_000))
                    raw.stub.Save(request, timeout=DEADLINE_S)
            for each in begin(raw):
                assert not each.HasField("result"), "it was done before it could be killed"
                if each.history_rows:
                    break
            server.kill()
        assert list(problems_of(tmp_path / "data", lambda *_: None)) == []
        server.start()
        with RawClient(server.address) as raw:
            assert compact(raw).history_rows > 0
            assert compact(raw).history_rows == 0
            for name in range(20):
                execution = raw.load(key_of(f"exec_{name}"))
                assert execution is not None
                assert execution.state.context == document(
                    n=str(last), large=bytes([last]) * 100_000
                )
        server.terminate()
        assert list(problems_of(tmp_path / "data", lambda *_: None)) == []
        server.start()
