"""The client's cache over a server: when it asks and when it does not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from statekeeper import Client, ExecutionState, InternalError, StateManager
from statekeeper.v1 import execution_pb2, state_requests_pb2, write_pb2

from .answers import fail
from .fakes import FakeServer

STATE: dict[str, Any] = {
    "status": "running",
    "context": {"a": [1]},
    "start_time": datetime(2026, 11, 22, tzinfo=UTC),
}


@pytest.fixture
def sm(client: Client) -> StateManager:
    """A handle that caches."""
    return client.state_manager("e", cache_ttl=60)


def loaded(sm: StateManager) -> ExecutionState:
    state = sm.load()
    assert state is not None
    return state


def as_stored(client: Client) -> ExecutionState:
    """Gives the state as the server has it, with all that stands beside it."""
    return loaded(client.state_manager("e"))


def everything(state: ExecutionState) -> dict[str, Any]:
    return vars(state)


def test_the_second_load_asks_nobody(fake: FakeServer, client: Client, sm: StateManager) -> None:
    """B76."""
    client.state_manager("e").save(STATE)

    first, second = loaded(sm), loaded(sm)

    assert fake.service.count("Load") == 1
    assert everything(first) == everything(second)


def test_without_a_cache_ttl_every_load_asks(fake: FakeServer, client: Client) -> None:
    """B76: it is opt-in."""
    sm = client.state_manager("e")
    sm.save(STATE)
    sm.load()
    sm.load()

    assert fake.service.count("Load") == 2


def test_changing_what_was_loaded_does_not_change_the_copy(
    client: Client, sm: StateManager
) -> None:
    """B76."""
    client.state_manager("e").save(STATE)
    for state in (loaded(sm), loaded(sm)):
        assert state.context == {"a": [1]}
        state.context["a"].append(2)
        state.labels["team"] = "red"
    assert loaded(sm).labels == {}


def test_a_save_replaces_the_copy(fake: FakeServer, client: Client, sm: StateManager) -> None:
    """B76: the load after it is a hit, and equal to what the server has."""
    sm.save(STATE)
    assert everything(loaded(sm)) == everything(as_stored(client))
    sm.save({**STATE, "status": "waiting"})
    assert everything(loaded(sm)) == everything(as_stored(client))
    sm.save({**STATE, "context": {"b": 1}}, ttl=timedelta(hours=1))
    assert everything(loaded(sm)) == everything(as_stored(client))
    sm.save(STATE, ttl=0)
    assert loaded(sm).expire_time is None
    # Without a start time the stored one stays, and that one is known.
    sm.save({"status": "completed"})
    assert everything(loaded(sm)) == everything(as_stored(client))

    assert fake.service.count("Load") == 4


def test_a_save_whose_result_is_not_known_drops_the_copy(
    fake: FakeServer, client: Client, sm: StateManager
) -> None:
    """B76: the time of the first save is the server's to say."""
    sm.save({"status": "running"})

    assert everything(loaded(sm)) == everything(as_stored(client))
    assert fake.service.count("Load") == 2


def test_an_update_brings_the_copy_up_to_date(
    fake: FakeServer, client: Client, sm: StateManager
) -> None:
    """B76."""
    sm.save(STATE)
    sm.update(status="waiting", context={"b": 2})

    assert loaded(sm).context == {"a": [1], "b": 2}
    assert everything(loaded(sm)) == everything(as_stored(client))
    assert fake.service.count("Load") == 1


def test_an_update_of_a_large_state_drops_the_copy(fake: FakeServer, sm: StateManager) -> None:
    """B76: sending it all back would cost more than a later load."""
    sm.save({**STATE, "input": {"a": "x" * 70_000}})
    sm.update(status="waiting")

    assert not fake.service.requests[-1][1].return_execution
    assert loaded(sm).status == "waiting"
    assert fake.service.count("Load") == 1


def test_an_update_without_a_copy_does_not_ask_for_the_state(
    fake: FakeServer, client: Client, sm: StateManager
) -> None:
    """B76."""
    client.state_manager("e").save(STATE)
    sm.update(status="waiting")

    assert not fake.service.requests[-1][1].return_execution


@pytest.mark.parametrize("write", ["save", "update", "delete"])
def test_writes_of_other_handles_of_the_client_are_seen(
    client: Client, sm: StateManager, write: str
) -> None:
    """B76."""
    sm.save(STATE)
    other = client.state_manager("e")
    if write == "save":
        other.save({**STATE, "status": "failed"})
    elif write == "update":
        other.update(status="failed")
    else:
        other.delete()

    state = sm.load()
    status = None if state is None else state.status
    assert status == (None if write == "delete" else "failed")


def test_a_delete_is_seen(sm: StateManager) -> None:
    """B15, B76."""
    sm.save(STATE)
    assert sm.load() is not None
    sm.delete()
    assert sm.load() is None


def test_a_write_that_failed_may_have_been_done(fake: FakeServer, sm: StateManager) -> None:
    """B76."""
    sm.save(STATE)
    loaded(sm)

    def done_but_not_said(request: Any, context: grpc.ServicerContext) -> None:
        fake.service.write(request, request.state)
        fail(grpc.StatusCode.INTERNAL)(request, context)

    fake.service.answers.append(done_but_not_said)
    with pytest.raises(InternalError):
        sm.save({**STATE, "status": "failed"})

    assert loaded(sm).status == "failed"


def test_loads_in_part_or_at_a_revision_pass_the_cache_by(
    fake: FakeServer, sm: StateManager
) -> None:
    """B52, B76."""
    sm.save(STATE)
    sm.load(fields=["context"])
    sm.load(revision=1)
    assert fake.service.count("Load") == 2

    assert not loaded(sm).partial
    assert fake.service.count("Load") == 2


def test_a_load_overtaken_by_a_save_is_not_kept(fake: FakeServer, sm: StateManager) -> None:
    """B76."""
    sm.save(STATE)
    old = fake.service.executions["execution-state", "e"]
    sm.delete()
    fake.hold(lambda _request, _context: _load_response(old))

    with ThreadPoolExecutor() as pool:
        load = pool.submit(sm.load)
        assert fake.arrived.wait(10)
        sm.save({**STATE, "status": "completed"})
        fake.release.set()
        late = load.result(timeout=10)

    assert late is not None
    assert late.status == "running"
    assert loaded(sm).status == "completed"


def _load_response(execution: Any) -> Any:
    return state_requests_pb2.LoadResponse(execution=execution)


def test_an_answer_given_again_says_nothing_about_what_is_there_now(
    fake: FakeServer, sm: StateManager
) -> None:
    """B70, B76."""
    sm.save(STATE, request_id="r")
    first = fake.service.executions["execution-state", "e"]

    def again(request: Any, _: grpc.ServicerContext) -> Any:
        result = write_pb2.WriteResult(
            key=request.key,
            revision=first.revision,
            version=1,
            update_time=first.update_time,
            replayed=True,
        )
        return state_requests_pb2.SaveResponse(result=result)

    fake.service.answers.append(again)
    assert sm.save(STATE, request_id="r").replayed
    fake.service.executions["execution-state", "e"].state.status = execution_pb2.STATUS_FAILED
    assert loaded(sm).status == "failed"


def test_two_clients_have_two_caches(fake: FakeServer, sm: StateManager) -> None:
    """B76: what others write is seen after the ttl."""
    sm.save(STATE)
    with Client(fake.address) as other:
        other.state_manager("e", cache_ttl=60).save({**STATE, "status": "failed"})

    assert loaded(sm).status == "running"
