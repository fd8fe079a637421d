"""Writes that are sent more than once, as retries do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from statekeeper import Client, ConflictError, RequestIdReusedError, StateManager, WriteResult
from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.state_requests_pb2 import (
    SaveRequest,
    SaveResponse,
    UpdateRequest,
)
from tests.support.raw import RawClient, document, key_of, save_request, update_request
from tests.support.states import loaded

Write = Callable[[StateManager], WriteResult]


def save(sm: StateManager) -> WriteResult:
    return sm.save({"status": "running", "context": {"n": 1}}, request_id="r1")


def update(sm: StateManager) -> WriteResult:
    return sm.update(context={"n": 1}, request_id="r1")


def delete(sm: StateManager) -> WriteResult:
    return sm.delete(request_id="r1")


WRITES = {"save": save, "update": update, "delete": delete}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_repeated_write_gets_the_first_result_and_changes_nothing(
    sm: StateManager, write: Write
) -> None:
    """B70."""
    sm.save({"status": "waiting", "metadata": {"m": 1}})
    first = write(sm)
    before = sm.load()
    again = write(sm)

    assert not first.replayed
    assert again.replayed
    for name in ("namespace", "execution_id", "revision", "version", "update_time", "warnings"):
        assert getattr(again, name) == getattr(first, name), name
    after = sm.load()
    assert (before is None) == (after is None)
    if before is not None:
        assert vars(after) == vars(before)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_repeated_after_later_writes_undoes_none_of_them(
    sm: StateManager, write: Write
) -> None:
    """B70: a retry, or a first attempt that was delayed until after its own retry."""
    sm.save({"status": "waiting"})
    first = write(sm)
    sm.save({"status": "completed", "context": {"n": 2}})
    again = write(sm)

    assert again.replayed
    assert again.revision == first.revision
    assert loaded(sm).context == {"n": 2}
    assert loaded(sm).status == "completed"


@pytest.mark.parametrize("write", [save, update])
def test_a_write_repeated_after_a_delete_does_not_bring_the_state_back(
    sm: StateManager, write: Write
) -> None:
    """B70."""
    sm.save({"status": "waiting"})
    first = write(sm)
    sm.delete()
    again = write(sm)

    assert again.replayed
    assert again.revision == first.revision
    assert sm.load() is None


@pytest.mark.parametrize("write", [save, update])
def test_a_write_repeated_after_a_re_creation_does_not_touch_the_successor(
    sm: StateManager, write: Write
) -> None:
    """B70."""
    sm.save({"status": "waiting"})
    write(sm)
    sm.delete()
    sm.save({"status": "failed"})

    assert write(sm).replayed
    assert loaded(sm).status == "failed"
    assert loaded(sm).context is None


def test_a_delete_of_nothing_repeated_after_the_creation_deletes_nothing(
    sm: StateManager,
) -> None:
    """B70, B16."""
    assert not sm.delete(request_id="r1").existed
    sm.save({"status": "running"})
    again = sm.delete(request_id="r1")

    assert again.replayed
    assert not again.existed
    assert sm.load() is not None


def test_a_repeated_delete_says_again_that_something_was_there(sm: StateManager) -> None:
    """B70."""
    sm.save({"status": "running"})
    first = sm.delete(request_id="r1")
    again = sm.delete(request_id="r1")

    assert (first.existed, again.existed) == (True, True)
    assert again.revision == first.revision


def test_a_repeated_creation_is_no_conflict(sm: StateManager) -> None:
    """B70, B65: the first attempt was the one that created it."""
    state = {"status": "running"}
    first = sm.save(state, expected_revision=0, request_id="r1")
    again = sm.save(state, expected_revision=0, request_id="r1")

    assert again.revision == first.revision


def test_a_refused_write_is_not_remembered(sm: StateManager) -> None:
    """B70: only what was done is answered from memory."""
    state = {"status": "running"}
    with pytest.raises(ConflictError):
        sm.save(state, expected_revision=2**40, request_id="r1")
    with pytest.raises(ConflictError):
        sm.save(state, expected_revision=2**40, request_id="r1")
    result = sm.save(state, expected_revision=0, request_id="r1")

    assert not result.replayed


@pytest.mark.parametrize(("first", "second"), list(permutations(WRITES, 2)))
def test_a_request_id_is_refused_for_a_write_of_another_kind(
    sm: StateManager, first: str, second: str
) -> None:
    """B70."""
    sm.save({"status": "waiting"})
    WRITES[first](sm)
    before = sm.load()

    with pytest.raises(RequestIdReusedError):
        WRITES[second](sm)
    after = sm.load()
    assert (before is None) == (after is None)
    assert before is None or vars(before) == vars(after)


@pytest.mark.parametrize(
    "other",
    [
        {"context": {"n": 2}},
        {"context": {"n": 1, "m": 1}},
        {"context": None},
        {"status": "waiting"},
        {"ttl": 60},
        {"actor": "someone"},
        {"expected_revision": 0},
    ],
)
def test_a_request_id_is_refused_for_another_write(sm: StateManager, other: dict[str, Any]) -> None:
    """B70: any difference makes it another write."""
    state = {"status": "running", "context": {"n": 1}}
    sm.save(state, request_id="r1")
    options = {name: other[name] for name in other.keys() - {"status", "context"}}

    with pytest.raises(RequestIdReusedError) as caught:
        sm.save(state | {n: other[n] for n in other.keys() - options}, request_id="r1", **options)
    assert caught.value.execution_id == sm.execution_id
    assert loaded(sm).context == {"n": 1}


def test_a_request_id_is_of_one_execution(client: Client, execution_id: str) -> None:
    """B70, B4: the same id elsewhere is another request."""
    for namespace in ("a", "b"):
        for end in ("1", "2"):
            sm = client.state_manager(f"{execution_id}{end}", namespace=namespace)
            assert not sm.save({"status": "running"}, request_id="r1").replayed


def test_different_request_ids_are_different_writes(sm: StateManager) -> None:
    """B70."""
    results = [sm.save({"status": "running"}, request_id=f"r{n}") for n in range(3)]

    assert [result.version for result in results] == [1, 2, 3]


def test_the_same_write_without_a_request_id_is_done_again(
    raw: RawClient, execution_id: str
) -> None:
    """B70."""
    results = [raw.stub.Save(save_request(execution_id)).result for _ in range(2)]

    assert [result.version for result in results] == [1, 2]
    assert not any(result.replayed for result in results)


def test_the_order_of_map_entries_does_not_make_another_write(
    raw: RawClient, execution_id: str
) -> None:
    """B70: maps have no order on the wire, and a retry may come in another one."""
    whole = save_request(execution_id, request_id="r1").SerializeToString()
    parts = [
        SaveRequest(state=part).SerializeToString()
        for part in (
            ExecutionState(context=document(a="1")),
            ExecutionState(context=document(b="2")),
            ExecutionState(labels={"l": "1"}),
            ExecutionState(labels={"m": "2"}),
        )
    ]
    results = [
        SaveResponse.FromString(raw.send_bytes("Save", b"".join([whole, *order]))).result
        for order in permutations(parts)
    ]

    assert [result.replayed for result in results] == [False] + [True] * 23
    assert {result.revision for result in results} == {results[0].revision}


def test_of_concurrent_repetitions_one_is_applied(client: Client, execution_id: str) -> None:
    """B70: also when they are in one commit."""
    sm = client.state_manager(execution_id)
    sm.save({"status": "running"})

    def repeat(_: int) -> WriteResult:
        return client.state_manager(execution_id).update(context={"n": 1}, request_id="r1")

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(repeat, range(64)))

    assert sorted(result.replayed for result in results) == [False] + [True] * 63
    assert {result.revision for result in results} == {loaded(sm).revision}
    assert loaded(sm).version == 2


def test_a_repeated_write_gets_the_same_warnings(sm: StateManager) -> None:
    """B70, B79."""
    state = {"status": "running", "context": {"big": "x" * 200_000}}
    first = sm.save(state, request_id="r1")

    assert first.warnings
    assert sm.save(state, request_id="r1").warnings == first.warnings


def test_a_repeated_update_gives_the_execution_as_it_was_then(
    raw: RawClient, execution_id: str
) -> None:
    """B70: and not as later writes have made it."""
    raw.stub.Save(save_request(execution_id))
    request = UpdateRequest(
        key=key_of(execution_id),
        changes=ExecutionState(context=document(n="1")),
        return_execution=True,
    )
    request.options.request_id = "r1"
    first = raw.stub.Update(request)
    raw.stub.Update(update_request(execution_id, ExecutionState(context=document(n="2"))))
    again = raw.stub.Update(request)

    assert again.result.replayed
    assert again.execution.state == first.execution.state
    assert again.execution.revision == first.execution.revision
    assert again.execution.version == first.execution.version
    assert again.execution.state.context == document(n="1")


def test_a_repeated_update_of_what_was_deleted_gives_no_execution(
    raw: RawClient, execution_id: str
) -> None:
    """B70."""
    raw.stub.Save(save_request(execution_id))
    request = UpdateRequest(
        key=key_of(execution_id),
        changes=ExecutionState(status=STATUS_RUNNING),
        return_execution=True,
    )
    request.options.request_id = "r1"
    first = raw.stub.Update(request)
    raw.delete(key_of(execution_id))
    again = raw.stub.Update(request)

    assert again.result.revision == first.result.revision
    assert not again.HasField("execution")


def test_a_repeated_write_does_not_renew_the_ttl(statekeeper_server: TestServer) -> None:
    """B70, B18."""
    sm = statekeeper_server.client().state_manager("exec_1")
    for _ in range(3):
        sm.save({"status": "running"}, ttl=timedelta(hours=2), request_id="r1")
        statekeeper_server.clock.advance(3600)

    assert sm.load() is None


def test_a_write_is_remembered_over_a_restart(statekeeper_server: TestServer) -> None:
    """B70, B20."""
    sm = statekeeper_server.client(timeout=30).state_manager("exec_1")
    first = sm.save({"status": "running"}, request_id="r1")
    statekeeper_server.restart()
    again = sm.save({"status": "running"}, request_id="r1")

    assert again.replayed
    assert again.revision == first.revision


def test_a_request_id_may_have_256_bytes(sm: StateManager) -> None:
    """B70."""
    for request_id in ("r" * 256, "🦶" * 64, "\n"):
        assert not sm.save({"status": "running"}, request_id=request_id).replayed
        assert sm.save({"status": "running"}, request_id=request_id).replayed
