"""Which executions there are: by status, by labels, by ids, by when they were written."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    STATUS_WAITING,
    ExecutionState,
)
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.engine.changes import Changes
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.operations import list as list_operation
from statekeeper_server.store.reader import Reader
from tests.support.listing import ids, listed, moment, pages, put
from tests.support.pauses import open_pause
from tests.support.raw import DEADLINE_S, RawClient, document, key_of

MB = 1024 * 1024
MESSAGE_BYTES_MAX = 16 * MB


@pytest.fixture
def namespace(execution_id: str) -> str:
    """A namespace of the test's own."""
    return execution_id[:63]


@pytest.fixture(scope="module", params=[1, 3])
def sharded(request: pytest.FixtureRequest) -> Iterator[RawClient]:
    """A client of a server of one shard, and of one of several."""
    with TestServer(shards=request.param) as server, RawClient(server.address) as raw:
        yield raw


def refused_field(raw: RawClient, **fields: Any) -> str:
    """The field that is named where a list is refused."""
    refused = raw.refusal(raw.stub.List, ListRequest(**fields))
    assert refused.reason == "INVALID_REQUEST"
    (field,) = refused.fields
    return field


def test_an_empty_namespace_is_a_list_of_none(raw: RawClient, namespace: str) -> None:
    assert list(pages(raw, namespace)) == [[]]


@pytest.mark.parametrize("page_size", [1, 2, 3, 19, 20, 21, 1_000])
def test_all_are_listed_once_by_id_on_pages_of_any_size(
    sharded: RawClient, namespace: str, page_size: int
) -> None:
    """B1: whatever order they were made in; and no page is longer, nor one more than needed."""
    names = ["a", "aa", "a b", "a.b", "b", "Z", "é", "日本", "😀", *(f"e{n}" for n in range(11))]
    for name in reversed(names):
        put(sharded, name, namespace)
    found = list(pages(sharded, namespace, page_size=page_size))

    assert ids(each for page in found for each in page) == sorted(names, key=str.encode)
    assert [len(page) for page in found[:-1]] == [page_size] * (len(found) - 1)
    assert 1 <= len(found[-1]) <= page_size


def test_page_size_zero_means_a_hundred(sharded: RawClient, namespace: str) -> None:
    for n in range(101):
        put(sharded, f"exec_{n}", namespace)

    assert [len(page) for page in pages(sharded, namespace)] == [100, 1]


def test_other_namespaces_are_never_shown(sharded: RawClient, namespace: str) -> None:
    """B4: not even one whose name begins alike."""
    name = namespace[:40]
    for other in (f"{name}2", f"{name}-", name[:-1], f"{name}.a", "A", ""):
        put(sharded, "exec_1", other, team="a")
    put(sharded, "exec_own", name, team="a")

    for query in ({}, {"statuses": [STATUS_RUNNING]}, {"labels": {"team": "a"}}):
        assert listed(sharded, name, **query) == ["exec_own"]
    assert "exec_1" in listed(sharded)
    assert listed(sharded) == listed(sharded, "execution-state")


def test_they_are_found_by_status(sharded: RawClient, namespace: str) -> None:
    """B7: by one, or any of several, as it is now."""
    statuses = [STATUS_RUNNING, STATUS_WAITING, STATUS_COMPLETED, STATUS_FAILED]
    for n in range(12):
        put(sharded, f"exec_{n:02}", namespace, statuses[n % 4])
    open_pause(sharded, "exec_00", namespace)
    changes = ExecutionState(status=STATUS_FAILED)
    sharded.stub.Update(UpdateRequest(key=key_of("exec_01", namespace), changes=changes))

    def found(*wanted: Any) -> list[str]:
        return [each[-2:] for each in listed(sharded, namespace, statuses=wanted, page_size=2)]

    assert found(STATUS_RUNNING) == ["04", "08"]
    assert found(STATUS_PAUSED) == ["00"]
    assert found(STATUS_WAITING) == ["05", "09"]
    assert found(STATUS_FAILED) == ["01", "03", "07", "11"]
    assert found(STATUS_FAILED, STATUS_PAUSED, STATUS_FAILED) == ["00", "01", "03", "07", "11"]
    assert len(found()) == 12


def test_they_are_found_by_labels(sharded: RawClient, namespace: str) -> None:
    """Which must all be there, with these values; a label that has gone finds nobody."""
    put(sharded, "exec_1", namespace, team="a", tier="1")
    put(sharded, "exec_2", namespace, team="a", tier="2")
    put(sharded, "exec_3", namespace, team="b", tier="1")
    put(sharded, "exec_4", namespace)
    put(sharded, "exec_5", namespace, team="")

    def found(**labels: str) -> list[str]:
        return listed(sharded, namespace, labels=labels)

    assert found(team="a") == ["exec_1", "exec_2"]
    assert found(team="a", tier="1") == ["exec_1"]
    assert found(team="") == ["exec_5"]
    assert found(team="a", other="1") == []
    request = UpdateRequest(key=key_of("exec_1", namespace), remove=["labels.team"])
    sharded.stub.Update(request)
    sharded.delete(key_of("exec_3", namespace))
    put(sharded, "exec_2", namespace, team="c")
    assert (found(team="a"), found(team="b"), found(team="c")) == ([], [], ["exec_2"])
    assert found(tier="1") == ["exec_1"]


def test_labels_are_not_mixed_up(sharded: RawClient, namespace: str) -> None:
    """Neither name and value, nor those of the largest size."""
    put(sharded, "exec_1", namespace, ab="c")
    put(sharded, "exec_2", namespace, a="bc")
    long: Any = {"n" * 256: "v" * 256}
    put(sharded, "i" * 256, namespace, **long)

    assert listed(sharded, namespace, labels={"a": "bc"}) == ["exec_2"]
    assert listed(sharded, namespace, labels=long) == ["i" * 256]
    assert listed(sharded, namespace, labels={"n" * 256: "v" * 255}) == []


def test_they_are_found_by_how_their_ids_begin(sharded: RawClient, namespace: str) -> None:
    for name in ("a", "ab", "abc", "b", "é", "日本"):
        put(sharded, name, namespace, team="a")

    for query in ({}, {"labels": {"team": "a"}}, {"statuses": [STATUS_RUNNING]}):
        assert listed(sharded, namespace, id_prefix="ab", **query) == ["ab", "abc"]
        assert listed(sharded, namespace, id_prefix="日", page_size=1, **query) == ["日本"]
        assert listed(sharded, namespace, id_prefix="c", **query) == []


def test_all_that_is_asked_for_must_be_true(sharded: RawClient, namespace: str) -> None:
    for n in range(32):
        status = STATUS_RUNNING if n & 1 else STATUS_FAILED
        name = f"{'a' if n & 2 else 'b'}{n:02}"
        put(sharded, name, namespace, status, team="x" if n & 4 else "y", all="1")

    found = listed(
        sharded,
        namespace,
        statuses=[STATUS_RUNNING],
        labels={"team": "x", "all": "1"},
        id_prefix="a",
        page_size=1,
    )
    assert found == [f"a{n:02}" for n in range(32) if n & 7 == 7]


@pytest.mark.parametrize("long_ago", [False, True])
def test_they_are_found_by_when_they_were_written(
    monkeypatch: pytest.MonkeyPatch, namespace: str, *, long_ago: bool
) -> None:
    """Both where the log says it, and where the executions themselves do."""
    if long_ago:
        monkeypatch.setattr(list_operation, "_FEW", 0)
    for shards in (1, 3):
        with TestServer(shards=shards) as server, RawClient(server.address) as raw:
            for n in range(10):
                put(raw, f"exec_{n}", namespace)
            for _ in range(20):
                put(raw, "exec_busy", namespace)
            server.clock.advance(60)
            since = server.clock.now_us()
            server.clock.advance(60)
            assert listed(raw, namespace, updated_after=moment(since)) == []

            put(raw, "exec_3", namespace, STATUS_FAILED)
            for _ in range(3):
                put(raw, "exec_5", namespace, team="a")
            put(raw, "exec_6", "elsewhere")
            put(raw, "exec_new", namespace)
            put(raw, "exec_gone", namespace)
            raw.delete(key_of("exec_gone", namespace))
            # Neither is a change of an execution.
            raw.stub.Lock(LockRequest(key=key_of("exec_8", namespace), owner="a"))

            def found(since: int = since, raw: RawClient = raw, **query: Any) -> list[str]:
                after = moment(since)
                return sorted(listed(raw, namespace, updated_after=after, page_size=2, **query))

            assert found() == ["exec_3", "exec_5", "exec_new"]
            assert found(statuses=[STATUS_FAILED]) == ["exec_3"]
            assert found(labels={"team": "a"}) == ["exec_5"]
            assert found(id_prefix="exec_n") == ["exec_new"]
            assert len(found(since=0)) == 12
            assert found(since=server.clock.now_us() + 10**9) == []
            exact = raw.load(key_of("exec_new", namespace))
            assert exact is not None
            written_us = exact.update_time.ToMicroseconds()
            assert "exec_new" in found(since=written_us - 1)
            assert "exec_new" not in found(since=written_us)


def test_what_was_written_lately_is_read_from_the_end_of_the_log(
    monkeypatch: pytest.MonkeyPatch, namespace: str
) -> None:
    """As many executions are looked at as were written, however many there are."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        for n in range(100):
            put(raw, f"exec_{n}", namespace)
        server.clock.advance(1)
        since = moment(server.clock.now_us())
        server.clock.advance(1)
        for _ in range(3):
            put(raw, "exec_7", namespace)
        read = count_heads(monkeypatch)

        assert listed(raw, namespace, updated_after=since) == ["exec_7"]
        assert len(read) == 1


def test_it_is_served_from_indexes(monkeypatch: pytest.MonkeyPatch, namespace: str) -> None:
    """As many executions are read as are shown, however many there are."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        for n in range(100):
            put(raw, f"exec_{n}", namespace, team="common")
        for n in range(40, 60, 2):
            put(raw, f"exec_{n}", namespace, STATUS_FAILED, team="rare")
        read = count_heads(monkeypatch)
        for query in ({"statuses": [STATUS_FAILED]}, {"labels": {"team": "rare"}}):
            assert len(raw.stub.List(ListRequest(namespace=namespace, **query)).executions) == 10
            assert len(read) == 10
            read.clear()
        request = ListRequest(namespace=namespace, page_size=3)
        assert len(raw.stub.List(request).executions) == 3
        assert len(read) <= 4


def test_a_write_that_changes_neither_status_nor_labels_leaves_the_indexes_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It pays nothing for lists."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        put(raw, "exec_1", team="a")
        written: list[str] = []
        prepare = JournaledEngine.prepare

        def noted(engine: JournaledEngine, changes: Changes) -> bytes:
            written.extend(table.name for table, _, _ in changes.rows)
            return prepare(engine, changes)

        monkeypatch.setattr(JournaledEngine, "prepare", noted)
        put(raw, "exec_1", team="a")
        raw.stub.Update(UpdateRequest(key=key_of("exec_1"), changes=ExecutionState()))
        assert "HEADS" in written
        assert not [name for name in written if name.startswith("BY_")]

        put(raw, "exec_1", status=STATUS_FAILED, team="a")
        assert written.count("BY_STATUS") == 2
        assert "BY_LABEL" not in written


def test_what_has_expired_is_never_shown(namespace: str) -> None:
    """B17: from that instant on, in every way of asking."""
    with TestServer(shards=2) as server, RawClient(server.address) as raw:
        hour = WriteOptions(ttl=Duration(seconds=3600))
        put(raw, "exec_1", namespace, options=hour, team="a")
        put(raw, "exec_2", namespace, team="a")
        queries: list[dict[str, Any]] = [
            {},
            {"statuses": [STATUS_RUNNING]},
            {"labels": {"team": "a"}},
            {"updated_after": moment(0)},
        ]
        for query in queries:
            assert sorted(listed(raw, namespace, **query)) == ["exec_1", "exec_2"]
        server.clock.advance(3600)
        for query in queries:
            assert listed(raw, namespace, **query) == ["exec_2"]


def test_what_is_created_anew_is_found_by_what_it_is_now(namespace: str) -> None:
    """B17: nothing of what has expired or was deleted shows through."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        hour = WriteOptions(ttl=Duration(seconds=3600))
        for name in ("exec_1", "exec_2"):
            put(raw, name, namespace, STATUS_FAILED, hour, team="old")
        raw.delete(key_of("exec_1", namespace))
        server.clock.advance(3600)
        for name in ("exec_1", "exec_2"):
            put(raw, name, namespace, team="new")

        assert listed(raw, namespace, statuses=[STATUS_FAILED]) == []
        assert listed(raw, namespace, labels={"team": "old"}) == []
        assert listed(raw, namespace, labels={"team": "new"}) == ["exec_1", "exec_2"]
        assert listed(raw, namespace, statuses=[STATUS_RUNNING]) == ["exec_1", "exec_2"]


def test_it_shows_what_load_shows(raw: RawClient, namespace: str) -> None:
    """B5: all of it, or the fields that are named."""
    key = key_of("exec_1", namespace)
    state = ExecutionState(
        status=STATUS_RUNNING,
        context=document(a="1", b="2"),
        input=document(c="3"),
        labels={"team": "a"},
    )
    raw.stub.Save(SaveRequest(key=key, state=state))
    open_pause(raw, "exec_1", namespace, data=document(amount="9"))
    selections: tuple[list[str], ...] = ([], ["context.b", "labels"], ["status"], ["pauses"])
    for fields in selections:
        ((shown,),) = pages(raw, namespace, fields=fields)
        assert shown == raw.stub.Load(LoadRequest(key=key, fields=fields)).execution


def test_a_pause_whose_time_is_over_is_not_shown_as_open(namespace: str) -> None:
    """B36: though its timer has not come yet."""
    with TestServer(shards=3) as server, RawClient(server.address) as raw:
        for n in range(5):
            expire_time = moment(server.clock.now_us() + 60_000_000)
            open_pause(raw, f"exec_{n}", namespace, expire_time=expire_time)
        subscribers, server.clock._subscribers = server.clock._subscribers, []
        server.clock.advance(60)
        assert len(listed(raw, namespace, statuses=[STATUS_FAILED])) == 5
        assert listed(raw, namespace, statuses=[STATUS_PAUSED]) == []
        server.clock._subscribers = subscribers


def test_a_page_of_large_states_has_fewer(raw: RawClient, namespace: str) -> None:
    """B79: every page fits into a message, and every execution is on one."""
    sizes = [7, 9, 1, 9, 3, 3, 3]
    for n, size in enumerate(sizes):
        state = ExecutionState(status=STATUS_RUNNING, context=document(a=bytes(size * MB)))
        raw.stub.Save(SaveRequest(key=key_of(f"exec_{n}", namespace), state=state))
    found = list(pages(raw, namespace))

    shown = [each for page in found for each in page]
    assert [len(each.state.context.entries["a"].binary) for each in shown] == [
        size * MB for size in sizes
    ]
    assert max(sum(each.ByteSize() for each in page) for page in found) < MESSAGE_BYTES_MAX
    assert len(found) > 1
    assert [len(page) for page in pages(raw, namespace, fields=["status"])] == [len(sizes)]
    for n in range(len(sizes)):
        raw.delete(key_of(f"exec_{n}", namespace))


def test_a_page_ends_early_where_little_is_found(
    monkeypatch: pytest.MonkeyPatch, namespace: str
) -> None:
    """It may be empty then; the next one goes on."""
    monkeypatch.setattr(list_operation, "LOOKED_AT_MAX", 10)
    with TestServer(shards=2) as server, RawClient(server.address) as raw:
        for n in range(100):
            labels: Any = {"a": str(n % 2), "b": str(n % 5), "not_a": str(1 - n % 2)}
            put(raw, f"exec_{n:02}", namespace, **labels)
        query = {"a": "1", "b": "1"}
        expected = [f"exec_{n:02}" for n in range(100) if n % 10 == 1]

        found = list(pages(raw, namespace, labels=query))
        assert ids(each for page in found for each in page) == expected
        assert len(found) > 2
        nobody = list(pages(raw, namespace, labels={"a": "1", "not_a": "1"}))
        assert len(nobody) > 2
        assert nobody == [[]] * len(nobody)
        after = moment(0)
        assert sorted(listed(raw, namespace, labels=query, updated_after=after)) == expected


def test_a_page_token_is_of_one_list(raw: RawClient, namespace: str) -> None:
    """B80: whatever else is asked for than the size of a page."""
    for n in range(3):
        put(raw, f"exec_{n}", namespace, team="a")
    query: dict[str, Any] = {
        "namespace": namespace,
        "statuses": [STATUS_RUNNING, STATUS_FAILED],
        "labels": {"team": "a"},
        "id_prefix": "exec",
        "fields": ["status", "labels"],
    }
    for more in ({}, {"updated_after": moment(1)}):
        own = query | more
        request = ListRequest(**own, page_size=1)
        token = raw.stub.List(request).next_page_token
        again = own | {"page_size": 2, "fields": ["labels", "status"], "page_token": token}
        again["statuses"] = [STATUS_FAILED, STATUS_RUNNING]
        assert len(raw.stub.List(ListRequest(**again)).executions) == 2
        others: list[dict[str, Any]] = [
            {"namespace": ""},
            {"statuses": []},
            {"statuses": [STATUS_RUNNING]},
            {"labels": {"team": "b"}},
            {"labels": {}},
            {"id_prefix": "exec_"},
            {"fields": []},
            {"updated_after": moment(2)},
        ]
        for other in others:
            assert refused_field(raw, **(own | other), page_token=token) == "page_token"


def test_a_made_up_page_token_leads_nowhere(raw: RawClient, namespace: str) -> None:
    """B80: one can be bent so that it looks sound, which harms nobody."""
    for n in range(2):
        put(raw, f"exec_{n}", namespace)
    nonsense = {"page_token": "nonsense"}
    assert refused_field(raw, **nonsense) == "page_token"
    for updated_after in (None, moment(1)):
        request = ListRequest(namespace=namespace, page_size=1, updated_after=updated_after)
        sound = urlsafe_b64decode(raw.stub.List(request).next_page_token)
        for at in range(len(sound) - 4):
            bent = urlsafe_b64encode(sound[:at] + b"\xff" + sound[at + 1 :]).decode()
            request.page_token = bent
            call = raw.stub.List.future(request, timeout=DEADLINE_S)
            if call.exception() is None:
                assert len(call.result().executions) <= 2
            else:
                refused = raw.refusal(raw.stub.List, request)
                assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["page_token"])


UNKNOWN_STATUS: Any = 99


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"namespace": "no spaces"}, "namespace"),
        ({"statuses": [STATUS_RUNNING, 0]}, "statuses[1]"),
        ({"statuses": [UNKNOWN_STATUS]}, "statuses[0]"),
        ({"id_prefix": "a\nb"}, "id_prefix"),
        ({"id_prefix": "a" * 257}, "id_prefix"),
        ({"labels": {"": "a"}}, 'labels[""]'),
        ({"labels": {"a": "b" * 257}}, 'labels["a"]'),
        ({"labels": {str(n): "" for n in range(33)}}, "labels"),
        ({"page_size": -1}, "page_size"),
        ({"page_size": 1_001}, "page_size"),
        ({"fields": ["nonsense"]}, "fields[0]"),
    ],
)
def test_what_is_malformed_is_named(raw: RawClient, fields: dict[str, Any], field: str) -> None:
    """B80."""
    assert refused_field(raw, **fields) == field


def test_lists_are_there_after_a_restart(namespace: str) -> None:
    """B20."""
    with TestServer(shards=2) as server:
        with RawClient(server.address) as raw:
            for n in range(5):
                put(raw, f"exec_{n}", namespace, STATUS_FAILED if n % 2 else STATUS_RUNNING)
        server.restart()
        with RawClient(server.address) as raw:
            assert listed(raw, namespace, statuses=[STATUS_FAILED]) == ["exec_1", "exec_3"]
            put(raw, "exec_1", namespace)
            assert listed(raw, namespace, statuses=[STATUS_FAILED]) == ["exec_3"]


def count_heads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Notes each execution that is read from now on."""
    read: list[object] = []
    real = Reader.head

    def counted(store: Reader, key: object) -> object:
        read.append(key)
        return real(store, key)  # type: ignore[arg-type]  # it is passed on as it came

    monkeypatch.setattr(Reader, "head", counted)
    return read
