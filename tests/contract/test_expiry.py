"""What becomes of executions whose time to live is over: they are cleared away."""

import os
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration

from statekeeper import Client, InvalidTokenError
from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.history_pb2 import EVENT_KIND_EXPIRED, EventKind
from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper.v1.watch_pb2 import WATCH_INCLUDE_STATE
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.engine import Table
from statekeeper_server.engine.changes import Changes
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.storage.v1.records_pb2 import Event
from tests.support.placement import ids_in_shard
from tests.support.raw import RawClient, document, key_of
from tests.support.tables import counts, rows, wait_until
from tests.support.watching import Watch, watch_request

HOUR = timedelta(hours=1)
KB = 1024


@pytest.fixture
def server() -> Iterator[TestServer]:
    """A server of one shard, so that its log has one order; it is kept for as long as a test."""
    with TestServer(shards=1, log_window_s=10**7) as server:
        yield server


@pytest.fixture
def client(server: TestServer) -> Client:
    """A client of it."""
    return server.client()


def is_empty(server: TestServer) -> bool:
    """Whether nothing is kept of any execution."""
    return not any(counts(server).values())


def log(server: TestServer) -> list[tuple[str, int]]:
    """What happened: the kinds, and the revision of the change before."""
    events = [Event.FromString(row) for _, row in rows(server, Table.LOG)]
    return [
        (EventKind.Name(act.kind).removeprefix("EVENT_KIND_"), event.previous_revision)
        for event in events
        for act in event.acts
    ]


def advance_quietly(server: TestServer, span: timedelta) -> None:
    """Let time pass, and nobody be woken."""
    clock = server.clock
    subscribers, clock._subscribers = clock._subscribers, []
    clock.advance(span)
    clock._subscribers = subscribers


def test_b19_what_has_expired_is_cleared_away_as_a_unit(server: TestServer, client: Client) -> None:
    """With all that belongs to it, and without anybody asking for it."""
    sm = client.state_manager("exec_1", ttl=HOUR)
    large = {"a": os.urandom(500 * KB), "b": 1}
    sm.save({"status": "running", "context": large, "labels": {"team": "a", "tier": "1"}})
    sm.checkpoint("first")
    sm.update(context={"a": os.urandom(500 * KB)})
    sm.resume(sm.pause(member="m", reason="r", data={"amount": 1}), {"approved": True})
    assert counts(server)["CHUNKS"]

    server.clock.advance(HOUR)
    wait_until(lambda: is_empty(server))
    assert log(server)[-1] == ("EXPIRED", 5)
    assert [kind for kind, _ in log(server)].count("EXPIRED") == 1


def test_b19_what_has_not_expired_is_left_alone(server: TestServer, client: Client) -> None:
    lasting = client.state_manager("exec_1", ttl=3 * HOUR)
    lasting.save({"status": "running", "context": {"a": 1}})
    client.state_manager("exec_2", ttl=HOUR).save({"status": "running"})
    client.state_manager("exec_3", ttl=0).save({"status": "running"})
    server.clock.advance(2 * HOUR)
    wait_until(lambda: counts(server)["HEADS"] == 2)

    state = lasting.load()
    assert state is not None
    assert (state.context, state.version) == ({"a": 1}, 1)
    server.clock.advance(HOUR)
    wait_until(lambda: counts(server)["HEADS"] == 1)
    assert counts(server)["EXPIRIES"] == 0


def test_b18_what_is_written_is_cleared_away_later(server: TestServer, client: Client) -> None:
    """It is looked at when it would have expired, which nobody sees."""
    sm = client.state_manager("exec_1", ttl=2 * HOUR)
    sm.save({"status": "running"})
    for n in range(3):
        server.clock.advance(HOUR)
        sm.update(context={"n": n})
    server.clock.advance(2 * HOUR - timedelta(minutes=1))
    state = sm.load()
    assert state is not None
    assert state.version == 4
    assert [kind for kind, _ in log(server)] == ["SAVED", *["UPDATED"] * 3]

    server.clock.advance(timedelta(minutes=1))
    wait_until(lambda: is_empty(server))


def test_b18_a_write_that_renews_the_ttl_leaves_its_row_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It pays nothing for when it will be looked at."""
    sm = client.state_manager("exec_1")
    sm.save({"status": "running"})
    written: list[Table] = []
    prepare = JournaledEngine.prepare

    def noted(engine: JournaledEngine, changes: Changes) -> bytes:
        written.extend(table for table, _, _ in changes.rows)
        return prepare(engine, changes)

    monkeypatch.setattr(JournaledEngine, "prepare", noted)
    sm.save({"status": "running", "context": {"a": 1}})
    sm.update(context={"a": 2}, ttl=72 * HOUR)
    assert Table.HEADS in written
    assert Table.EXPIRIES not in written


@pytest.mark.parametrize("first", [0, 1, 5])
@pytest.mark.parametrize("second", [0, 1, 5])
@pytest.mark.parametrize("third", [0, 2])
def test_b19_the_last_ttl_counts(first: int, second: int, third: int) -> None:
    """B3: longer, shorter, never, and back."""
    with TestServer(shards=1) as server:
        sm = server.client().state_manager("exec_1")
        for hours in (first, second, third):
            sm.save({"status": "running"}, ttl=hours * HOUR)
        assert counts(server)["EXPIRIES"] == (third > 0)
        if not third:
            server.clock.advance(100 * HOUR)
            assert sm.load() is not None
            return
        server.clock.advance(third * HOUR - timedelta(minutes=1))
        assert sm.load() is not None
        server.clock.advance(timedelta(minutes=1))
        wait_until(lambda: is_empty(server))


def test_b19_what_has_expired_meanwhile_is_cleared_away_after_a_restart(
    server: TestServer, client: Client
) -> None:
    """B20."""
    for n in range(3):
        client.state_manager(f"exec_{n}", ttl=HOUR).save({"status": "running", "labels": {"a": ""}})
    advance_quietly(server, HOUR)
    server.restart()
    wait_until(lambda: is_empty(server))
    assert [kind for kind, _ in log(server)] == ["SAVED"] * 3 + ["EXPIRED"] * 3


@pytest.mark.parametrize("deleted", [False, True])
def test_b19_what_is_written_before_it_is_cleared_away_has_expired_first(
    server: TestServer, client: Client, *, deleted: bool
) -> None:
    """So whoever watches learns of it, and nothing is left of it."""
    sm = client.state_manager("exec_1", ttl=HOUR)
    sm.save({"status": "failed", "context": {"old": 1}, "labels": {"team": "old"}})
    sm.pause(member="m", reason="r", expires_at=None)
    server.clock.advance(24 * HOUR - timedelta(minutes=1))
    sm.save({"status": "failed", "labels": {"team": "old"}}, ttl=HOUR)
    advance_quietly(server, HOUR)
    if deleted:
        assert not sm.delete().existed
    else:
        assert sm.save({"status": "running"}, expected_revision=0).version == 1

    assert [kind for kind, _ in log(server)][3:] == ["EXPIRED", *([] if deleted else ["SAVED"])]
    wait_until(lambda: not counts(server)["GARBAGE"])
    if deleted:
        assert is_empty(server)
    else:
        kept = {name: number for name, number in counts(server).items() if number}
        assert kept == {"HEADS": 1, "BY_STATUS": 1, "EXPIRIES": 1}


def test_b19_a_lock_outlives_its_execution(server: TestServer, client: Client) -> None:
    """Its holder goes on, and its lease is over by itself."""
    sm = client.state_manager("exec_1", ttl=HOUR)
    sm.save({"status": "running"})
    with sm.lock(timeout=5 * HOUR, exclusive=True) as lock:
        server.clock.advance(HOUR)
        wait_until(lambda: not counts(server)["HEADS"])
        assert sm.is_locked()
        assert lock.fencing_token
        sm.save({"status": "running"})
    assert not sm.is_locked()


def test_b38_it_outlives_its_open_pauses(server: TestServer, client: Client) -> None:
    """And is cleared away with them when its time has come."""
    sm = client.state_manager("exec_1", ttl=HOUR)
    token = sm.pause(member="m", reason="r", on_expiry="keep")
    server.clock.advance(20 * HOUR)
    assert client.get_pause(token).waits
    server.clock.advance(4 * HOUR)
    assert [pause.pause_id for pause in client.list_pauses()] == [token.pause_id]

    server.clock.advance(HOUR)
    assert list(client.list_pauses()) == []
    with pytest.raises(InvalidTokenError):
        client.get_pause(token)
    wait_until(lambda: is_empty(server))


def test_b19_many_expire_at_once_while_others_are_written(server: TestServer) -> None:
    """Nobody's write is refused or lost for it."""
    with RawClient(server.address) as raw:
        hour = WriteOptions(ttl=Duration(seconds=3600))
        state = ExecutionState(status=STATUS_RUNNING, context=document(a="1", b="2"))
        names = ids_in_shard(0, 1, 1_000)
        for name in names:
            raw.stub.Save(SaveRequest(key=key_of(name), state=state, options=hour))
        over = threading.Event()
        written: list[int] = []

        def write() -> None:
            while not over.is_set():
                response = raw.stub.Save(SaveRequest(key=key_of("exec_busy"), state=state))
                written.append(response.result.version)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            server.clock.advance(HOUR)
            wait_until(lambda: counts(server)["HEADS"] == 1 and not counts(server)["GARBAGE"])
        finally:
            over.set()
            writer.join()
    assert written == list(range(1, len(written) + 1))
    assert [kind for kind, _ in log(server)].count("EXPIRED") == len(names)


def test_b19_whoever_watches_is_told(server: TestServer, client: Client) -> None:
    """B81: when it is cleared away, and nothing of what it was."""
    sm = client.state_manager("exec_1", ttl=HOUR)
    revision = sm.save({"status": "running", "context": {"a": 1}}).revision
    request = watch_request("exec_1", include=WATCH_INCLUDE_STATE)
    with RawClient(server.address) as raw, Watch(raw, request).begun() as watch:
        server.clock.advance(HOUR)
        event = watch.event()

    assert event.kind == EVENT_KIND_EXPIRED
    assert (event.version, event.key.execution_id) == (2, "exec_1")
    assert event.revision > revision
    assert not event.HasField("execution")
    assert not event.values_missing
