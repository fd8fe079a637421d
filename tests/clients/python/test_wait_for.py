"""Waiting for what becomes of an execution, over a real server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from statekeeper import (
    Client,
    InvalidRequestError,
    StateError,
    StateManager,
    UnavailableError,
    WaitTimeoutError,
)
from statekeeper.testing import TestServer
from statekeeper.v1 import execution_pb2

from .answers import refuse
from .conftest import MakeClient
from .fake_watch import begun, event, told
from .fakes import FakeServer, until

DEADLINE_S = 30


@pytest.fixture
def sm(statekeeper_server: TestServer, make_client: MakeClient) -> StateManager:
    """The handle of an execution that does not exist yet."""
    return make_client(statekeeper_server.address).state_manager("e")


@pytest.fixture
def other(statekeeper_server: TestServer) -> StateManager:
    """The handle of somebody else."""
    return statekeeper_server.client().state_manager("e")


def test_what_holds_already_is_not_waited_for(sm: StateManager) -> None:
    result = sm.save({"status": "completed", "context": {"a": 1}})

    state = sm.wait_for("completed", timeout=DEADLINE_S)

    assert (state.status, state.context, state.revision) == (
        "completed",
        {"a": 1},
        result.revision,
    )


def test_the_state_comes_as_it_was_when_it_held(sm: StateManager, other: StateManager) -> None:
    """Though it is another by the time that anybody looks."""
    other.save({"status": "running"})
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, ["completed", "failed"], timeout=DEADLINE_S)
        other.update(context={"n": 1})
        other.update(status="failed", context={"n": 2})
        other.update(status="running", context={"n": 3})
        state = waiting.result(timeout=DEADLINE_S)

    assert state.status == "failed"
    assert state.context == {"n": 2}


def test_an_execution_that_does_not_exist_yet_can_be_waited_for(
    sm: StateManager, other: StateManager
) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, "running", timeout=DEADLINE_S)
        other.save({"status": "running"})
        assert waiting.result(timeout=DEADLINE_S).version == 1


def test_anything_can_be_waited_for(sm: StateManager, other: StateManager) -> None:
    """Each state is looked at once, in order."""
    other.save({"status": "running", "context": {"n": 0}})
    seen: list[Any] = []
    looked = threading.Event()

    def enough(state: Any) -> bool:
        seen.append(state.context["n"])
        looked.set()
        return bool(state.context["n"] == 3)

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, until=enough, timeout=DEADLINE_S)
        assert looked.wait(DEADLINE_S)
        for n in range(1, 6):
            other.update(context={"n": n})
        assert waiting.result(timeout=DEADLINE_S).context == {"n": 3}

    assert seen == [0, 1, 2, 3]


def test_the_answer_to_a_pause_can_be_waited_for(
    statekeeper_server: TestServer, sm: StateManager
) -> None:
    """B29."""
    token = sm.pause(member="approval", reason="a person is needed")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, "running", timeout=DEADLINE_S)
        statekeeper_server.client().resume(token, {"approved": True}, actor="grace")
        (pause,) = waiting.result(timeout=DEADLINE_S).pauses

    assert pause.resumption is not None
    assert (pause.resumption.input, pause.resumption.actor) == ({"approved": True}, "grace")


def test_a_wait_that_is_too_long_says_what_there_is(sm: StateManager) -> None:
    with pytest.raises(WaitTimeoutError, match=r"not completed or failed within 0.05 s") as raised:
        sm.wait_for(["completed", "failed"], timeout=0.05)
    assert (raised.value.status, raised.value.execution_id) == ("", "e")

    sm.save({"status": "waiting"})
    with pytest.raises(TimeoutError) as timed_out:
        sm.wait_for(until=lambda _state: False, timeout=0.3)
    assert isinstance(timed_out.value, StateError)
    assert timed_out.value.code == "WAIT_TIMEOUT"
    assert str(timed_out.value) == (
        "WAIT_TIMEOUT: not what was waited for within 0.3 s: it is waiting [execution-state/e]"
    )


def test_what_was_deleted_is_waited_for_again(sm: StateManager, other: StateManager) -> None:
    other.save({"status": "completed"})
    other.delete()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, "completed", timeout=DEADLINE_S)
        result = other.save({"status": "completed"})
        assert waiting.result(timeout=DEADLINE_S).revision == result.revision


def test_a_wait_outlives_a_restart_of_the_server(
    statekeeper_server: TestServer, sm: StateManager
) -> None:
    """B86."""
    sm.save({"status": "running"})
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, "completed", timeout=DEADLINE_S)
        statekeeper_server.restart()
        statekeeper_server.client().state_manager("e").update(status="completed")
        assert waiting.result(timeout=DEADLINE_S).status == "completed"


def test_a_server_that_is_away_is_told_as_the_cause(
    fake: FakeServer, make_client: MakeClient
) -> None:
    sm = make_client(fake.address).state_manager("e")
    sm.save({"status": "running"})
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, "completed", timeout=1)
        until(lambda: bool(fake.service.watches.requests))
        fake.stop()
        with pytest.raises(WaitTimeoutError) as raised:
            waiting.result(timeout=DEADLINE_S)
    assert isinstance(raised.value.__cause__, UnavailableError)


COMPLETED = event("e", 1, status=execution_pb2.STATUS_COMPLETED)


def loads(fake: FakeServer) -> list[int]:
    """Gives the revisions that were asked for; 0: the latest."""
    return [request.revision for name, request in fake.service.requests if name == "Load"]


def test_the_state_is_loaded_as_of_its_event(fake: FakeServer, client: Client) -> None:
    """Whatever it is by then."""
    sm = client.state_manager("e", namespace="orders")
    sm.save({"status": "completed"})
    fake.service.watches.line_up(begun("t1"), told("t2", COMPLETED))

    assert sm.wait_for("completed", timeout=DEADLINE_S).status == "completed"
    assert loads(fake) == [1]


def test_a_state_that_is_history_is_looked_at_as_it_is(fake: FakeServer, client: Client) -> None:
    """B52: and if it is not as wanted any more, the next event may be."""
    sm = client.state_manager("e", namespace="orders")
    sm.save({"status": "running"})
    fake.service.answers.append(refuse(grpc.StatusCode.OUT_OF_RANGE, "REVISION_COMPACTED"))
    gate = threading.Event()
    fake.service.watches.line_up(begun("t1"), told("t2", COMPLETED), gate, told("t3", COMPLETED))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sm.wait_for, "completed", timeout=DEADLINE_S)
        until(lambda: loads(fake) == [1, 0])
        sm.save({"status": "completed"})
        gate.set()
        assert waiting.result(timeout=DEADLINE_S).status == "completed"
    assert loads(fake) == [1, 0, 1]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "status"),
        ({"status": "running", "until": bool}, "until"),
        ({"status": "done"}, "status"),
        ({"status": []}, "status"),
        ({"status": 1}, "status"),
        ({"until": 1}, "until"),
        ({"status": "running", "timeout": -1}, "timeout"),
    ],
)
def test_what_cannot_be_waited_for_is_told_at_once(
    client: Client, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        client.state_manager("e").wait_for(**arguments)
    assert [name for name, _ in raised.value.fields] == [field]


def test_an_async_predicate_is_refused(client: Client) -> None:
    async def until(_state: object) -> bool:
        return True

    with pytest.raises(InvalidRequestError, match="must not be async"):
        client.state_manager("e").wait_for(until=until)
