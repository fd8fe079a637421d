"""What is too old is forgotten: events of the log, and requests that were done."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from statekeeper import Client, RevisionCompactedError, StateManager
from statekeeper.testing import TestServer
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper_server.engine import Table
from statekeeper_server.operations import list as list_operation
from statekeeper_server.storage.v1.records_pb2 import Event
from tests.support.chance import chance
from tests.support.frozen import freeze
from tests.support.listing import listed, moment, pages, put
from tests.support.raw import RawClient, key_of
from tests.support.states import loaded
from tests.support.tables import check_sound, rows, wait_until
from tests.support.watching import watch_request

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestServer]:
    """One whose time passes only when it is told to, and which keeps its log for an hour."""
    with TestServer(shards=1, log_window_s=3600, request_window_s=3600) as server:
        freeze(monkeypatch, server)
        yield server


@pytest.fixture
def client(server: TestServer) -> Client:
    """A client of it."""
    return server.client()


@pytest.fixture
def sm(client: Client) -> StateManager:
    """An execution that does not exist yet, and does not expire."""
    return client.state_manager("exec_1", ttl=0)


def compacted(server: TestServer) -> int:
    """Up to where the log is not kept."""
    assert server._server is not None
    (shard,) = server._server._shards
    with shard.read() as store:
        return store.compacted_revision()


def pass_time(server: TestServer, span: timedelta, revision: int) -> None:
    """Let time pass, and wait until the log is not kept any more up to a revision."""
    server.clock.advance(span)
    wait_until(lambda: compacted(server) >= revision)


def is_due(server: TestServer) -> bool:
    """Whether there is an event that is too old."""
    assert server._server is not None
    (shard,) = server._server._shards
    with shard.read() as store:
        _, row = next(store.log(store.compacted_revision()), (0, b""))
        oldest = Event.FromString(row)
    return 0 < oldest.time_us <= server.clock.now_us() - 3_600_000_000


def log_revisions(server: TestServer) -> list[int]:
    """The positions of the log that are there."""
    return [int.from_bytes(key) for key, _ in rows(server, Table.LOG)]


def test_events_are_forgotten_when_they_are_too_old(server: TestServer, sm: StateManager) -> None:
    """But for the one that tells what an execution is."""
    for n in range(20):
        sm.save({"status": "running", "context": {"n": n}})
    server.clock.advance(HOUR - MINUTE)
    sm.update(context={"late": True})
    assert log_revisions(server) == list(range(1, 22))

    pass_time(server, MINUTE, 20)
    assert log_revisions(server) == [20, 21]
    pass_time(server, HOUR, 21)
    assert log_revisions(server) == [21]
    assert loaded(sm).context == {"n": 19, "late": True}
    check_sound(server)


def test_events_are_forgotten_when_they_are_too_many() -> None:
    with TestServer(shards=1, log_events_kept=100) as server:
        sm = server.client().state_manager("exec_1")
        for n in range(250):
            sm.save({"status": "running", "context": {"n": n}})
        wait_until(lambda: compacted(server) >= 250 - 100 - 2)
        assert compacted(server) <= 150
        assert log_revisions(server) == list(range(compacted(server), 251))


def test_nothing_is_left_in_the_log_of_what_is_gone(
    server: TestServer, client: Client, sm: StateManager
) -> None:
    """Deleted, expired, or a lock: and no revision is used again (B69)."""
    sm.save({"status": "running"})
    sm.checkpoint("first")
    with sm.lock():
        sm.save({"status": "running"})
    sm.delete()
    client.state_manager("exec_2", ttl=MINUTE).save({"status": "running"})
    server.clock.advance(MINUTE)
    wait_until(lambda: len(log_revisions(server)) == 8)
    pass_time(server, HOUR, 8)
    assert log_revisions(server) == []
    check_sound(server)

    server.restart()
    assert sm.save({"status": "running"}).revision == 9
    check_sound(server)


def test_b52_what_was_there_when_the_log_begins_can_be_loaded(
    server: TestServer, sm: StateManager
) -> None:
    """However long ago it was written; what was superseded before cannot."""
    contexts = [{"n": n} for n in range(5)]
    revisions = [sm.save({"status": "running", "context": each}).revision for each in contexts]
    pass_time(server, 5 * HOUR, revisions[-1])
    revisions.append(sm.save({"status": "waiting", "context": {"n": 5}}).revision)

    assert sm.load(revision=revisions[5]) == sm.load()
    old = sm.load(revision=revisions[4])
    assert old is not None
    assert (old.status, old.context) == ("running", {"n": 4})
    for revision in revisions[:4]:
        with pytest.raises(RevisionCompactedError) as caught:
            sm.load(revision=revision)
        assert caught.value.oldest_revision == revisions[4]
        with pytest.raises(RevisionCompactedError):
            sm.restore(revision=revision)
    assert [each.revision for each in sm.list_revisions(page_size=1)] == [6, 5]
    sm.restore(revision=revisions[4])
    assert loaded(sm).context == {"n": 4}


def test_b52_what_a_checkpoint_names_can_be_loaded(server: TestServer, sm: StateManager) -> None:
    """By its name and by its revision, for as long as it has the name."""
    first = sm.save({"status": "running", "context": {"n": 1}}).revision
    sm.checkpoint("first")
    for n in range(3):
        sm.save({"status": "failed", "context": {"n": n + 2}})
    pass_time(server, 5 * HOUR, 5)

    queries: list[dict[str, Any]] = [{"checkpoint": "first"}, {"revision": first}]
    for query in queries:
        state = sm.load(**query)
        assert state is not None
        assert (state.status, state.context) == ("running", {"n": 1})
    sm.restore("first")
    assert loaded(sm).context == {"n": 1}
    sm.delete_checkpoint("first")
    with pytest.raises(RevisionCompactedError):
        sm.load(revision=first)


class Past:
    """Executions that change by chance, and all that they ever were."""

    def __init__(self, server: TestServer, client: Client, seed: object) -> None:
        self._server, self._client, self._dice = server, client, chance(seed)
        self._numbers = count()
        self._states: dict[str, dict[int, Any]] = {}
        self._superseded_us: dict[int, int] = {}

    def change(self) -> None:
        """Something happens to one of them."""
        name = f"exec_{self._dice.randrange(4)}"
        sm = self._client.state_manager(name, ttl=0)
        states = self._states.setdefault(name, {})
        act = self._dice.choice(("save", "save", "update", "delete", "lock", "checkpoint"))
        if act == "delete":
            sm.delete()
            states.clear()
        elif act == "lock":
            sm.lock().unlock()
        elif act == "checkpoint" and states:
            sm.checkpoint("c")
        elif act in ("save", "update") and (states or act == "save"):
            self._write(sm, states, act)

    def _write(self, sm: StateManager, states: dict[int, Any], act: str) -> None:
        context = {"n": next(self._numbers)}
        if states:
            self._superseded_us[max(states)] = self._server.clock.now_us()
        if act == "save":
            revision = sm.save({"status": "running", "context": context}).revision
        else:
            revision = sm.update(context=context).revision
        states[revision] = context

    def pass_time(self) -> None:
        """Some time passes, or more than the log is kept."""
        self._server.clock.advance(self._dice.choice((0, 600, 900, 1_500, 3_000, 20_000)))
        if self._dice.random() < 0.2:
            self._server.restart()
        wait_until(lambda: not is_due(self._server))

    def check(self) -> None:
        """Look at all that they ever were."""
        for name, states in self._states.items():
            sm = self._client.state_manager(name)
            for revision, context in states.items():
                self._check_state(sm, revision, context)

    def _check_state(self, sm: StateManager, revision: int, context: object) -> None:
        try:
            state = sm.load(revision=revision)
        except RevisionCompactedError as error:
            oldest = error.oldest_revision
        else:
            assert state is not None
            assert state.context == context
            return
        assert self._superseded_us[revision] <= self._server.clock.now_us() - 3_600_000_000
        assert sm.load(revision=oldest) is not None


@pytest.mark.parametrize("seed", range(3))
def test_b52_a_past_state_is_right_or_no_longer_kept(
    server: TestServer, client: Client, seed: int
) -> None:
    """B48: what was there within the last hour always is, whatever happens to the others."""
    past = Past(server, client, ("compaction", seed))
    for _ in range(12):
        for _ in range(8):
            past.change()
        past.pass_time()
        past.check()
        check_sound(server)
    assert compacted(server)


def test_b84_watching_from_before_what_is_kept_is_refused(
    server: TestServer, sm: StateManager
) -> None:
    """And from there on it is not."""
    first = sm.save({"status": "running"}).revision
    for _ in range(3):
        sm.save({"status": "running"})
    pass_time(server, HOUR, 4)
    with RawClient(server.address) as raw:
        request = watch_request("exec_1", after_revision=first)
        refused = raw.refusal(
            lambda each, timeout: next(raw.stub.Watch(each, timeout=timeout)), request
        )
        assert (refused.reason, refused.metadata["oldest_revision"]) == ("REVISION_COMPACTED", "5")
        request = watch_request("exec_1", after_revision=4)
        assert next(raw.stub.Watch(request, timeout=30)).heartbeat


def test_lists_do_not_need_what_is_forgotten(server: TestServer) -> None:
    """Where the log does not reach back to the moment, the executions are looked at."""
    with RawClient(server.address) as raw:
        before = server.clock.now_us()
        server.clock.advance(1)
        for n in range(5):
            put(raw, f"exec_{n}")
        middle = server.clock.now_us()
        pass_time(server, HOUR, 5)
        put(raw, "exec_3")
        for at_us, expected in ((before, 5), (middle, 1), (server.clock.now_us(), 0)):
            assert len(listed(raw, updated_after=moment(at_us))) == expected


def test_a_list_that_was_left_for_too_long_is_to_be_begun_again(server: TestServer) -> None:
    """Where its pages are read from the log, and that is gone."""
    with RawClient(server.address) as raw:
        since = moment(server.clock.now_us())
        server.clock.advance(1)
        for n in range(5):
            put(raw, f"exec_{n}")
        request = ListRequest(updated_after=since, page_size=2)
        request.page_token = raw.stub.List(request).next_page_token
        pass_time(server, HOUR, 5)

        assert raw.refusal(raw.stub.List, request).reason == "REVISION_COMPACTED"
        assert len(listed(raw, updated_after=since)) == 5


def test_lists_by_id_are_never_left_for_too_long(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_operation, "_FEW", 0)
    with RawClient(server.address) as raw:
        since = moment(server.clock.now_us() - 1)
        for n in range(5):
            put(raw, f"exec_{n}")
            put(raw, f"exec_{n}")
        found = pages(raw, updated_after=since, page_size=2)
        assert len(next(found)) == 2
        pass_time(server, HOUR, 10)
        assert [len(page) for page in found] == [2, 1]


def request_rows(server: TestServer) -> int:
    """How many requests are remembered."""
    return len(rows(server, Table.REQUESTS))


def test_b70_a_request_id_is_remembered_for_its_time(server: TestServer, sm: StateManager) -> None:
    """At least, wherever in it the service is stopped; and not for more than twice as long."""
    for minutes in (0, 1, 30, 59):
        server.clock.advance(minutes * MINUTE)
        first = sm.save({"status": "running"}, request_id=f"r{minutes}").revision
        for _ in range(12):
            again = sm.save({"status": "running"}, request_id=f"r{minutes}")
            assert (again.revision, again.replayed) == (first, True)
            server.clock.advance(5 * MINUTE - timedelta(seconds=1))
            server.restart()
        assert sm.save({"status": "running"}, request_id=f"r{minutes}").replayed
        assert request_rows(server)
        server.clock.advance(HOUR)
        wait_until(lambda: not is_due(server))
        server.clock.advance(HOUR)
        wait_until(lambda: not request_rows(server))
        new = sm.save({"status": "running"}, request_id=f"r{minutes}")
        assert not new.replayed


def test_b70_requests_are_found_in_whichever_generation_they_are(
    server: TestServer, sm: StateManager
) -> None:
    """A request is looked for where it was when it was done."""
    sm.save({"status": "running"}, request_id="r1")
    server.clock.advance(59 * MINUTE)
    sm.save({"status": "running"}, request_id="r2")
    server.clock.advance(2 * MINUTE)
    sm.save({"status": "running"}, request_id="r3")

    for request_id in ("r2", "r3", "r1"):
        assert sm.save({"status": "running"}, request_id=request_id).replayed
    generations = {key[:4] for key, _ in rows(server, Table.REQUESTS)}
    assert len(generations) == 2


def test_what_is_kept_is_bounded_under_constant_writes(server: TestServer) -> None:
    """Rows of the log and of requests do not grow with time."""
    with RawClient(server.address) as raw:
        sizes = []
        for _ in range(8):
            for n in range(40):
                put(raw, f"exec_{n % 5}", n=str(n))
                raw.delete(key_of(f"gone_{n}"))
            server.clock.advance(HOUR / 4)
            sizes.append(len(log_revisions(server)))
        wait_until(lambda: len(log_revisions(server)) <= 4 * 40 + 5)
        assert max(sizes) <= 5 * 40 + 5
        check_sound(server)


def test_b30_what_is_remembered_of_a_token_goes_with_its_request(
    server: TestServer, client: Client, sm: StateManager
) -> None:
    """B31: as long as it is remembered, the token alone leads to the first answer again."""
    token = sm.pause(member="m", reason="r")
    first = client.resume(token, request_id="r1")
    sm.delete()
    assert client.resume(token, request_id="r1").revision == first.revision
    server.clock.advance(HOUR)
    wait_until(lambda: not is_due(server))
    server.clock.advance(HOUR)
    wait_until(lambda: not request_rows(server) and not rows(server, Table.GARBAGE))
    assert rows(server, Table.TOKENS) == []
    check_sound(server)
