"""Pauses over a fake server: as they are looked up, listed, and found beside a state."""

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf import timestamp_pb2

from statekeeper import (
    Client,
    EventKind,
    ExecutionState,
    ExpiryAction,
    InternalError,
    InvalidRequestError,
    PauseStatus,
    StateManager,
    Status,
)
from statekeeper.v1 import (
    history_pb2,
    pause_pb2,
    pause_requests_pb2,
    state_requests_pb2,
    write_pb2,
)

from .answers import answer_with, refuse
from .conftest import MakeClient
from .fakes import FakeServer
from .pause_messages import PAUSE, a_pause, an_execution, document, paused, resumed

LATER = datetime(2099, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution."""
    return client.state_manager("e", namespace="orders", actor="worker")


def sent(fake: FakeServer) -> Any:
    """Gives the last request."""
    return fake.service.requests[-1][1]


def test_a_pause_that_is_looked_up_is_read_whole(fake: FakeServer, sm: StateManager) -> None:
    """B25, B29, B40, B42."""
    answer = pause_pb2.Resumption(
        input=document(approved="true"), actor="bob", time=timestamp_pb2.Timestamp(seconds=3)
    )
    execution = an_execution()
    execution.state.context.SetInParent()
    fake.service.answers.append(
        answer_with(
            pause_requests_pb2.GetPauseResponse(
                pause=a_pause(pause_pb2.PAUSE_STATUS_RESUMED, resumption=answer),
                execution=execution,
            )
        )
    )
    pause = sm.get_pause(pause_id="p1")

    assert (pause.pause_id, pause.status, pause.member) == ("p1", "resumed", "approval")
    assert (pause.reason, pause.data, pause.actor) == ("why", {"url": "https://a"}, "ann")
    assert pause.on_expiry is ExpiryAction.RESUME
    assert pause.default_input == {"approved": False}
    assert pause.create_time == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert pause.expire_time - pause.create_time == timedelta(seconds=3_999_999_999)
    assert pause.resumption is not None
    assert (pause.resumption.input, pause.resumption.actor) == ({"approved": True}, "bob")
    assert pause.resumption.time == datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC)
    assert not pause.waits
    assert pause.execution is not None
    assert (pause.execution.revision, pause.execution.labels) == (7, {"team": "red"})
    assert pause.execution.partial
    # It came without its entries, so nothing is known of it.
    assert pause.execution.context is None


@pytest.mark.parametrize("status", PauseStatus)
def test_where_a_pause_stands(fake: FakeServer, sm: StateManager, status: PauseStatus) -> None:
    """B37, B39."""
    number = pause_pb2.PauseStatus.Value(f"PAUSE_STATUS_{status.upper()}")
    fake.service.answers.append(
        answer_with(
            pause_requests_pb2.GetPauseResponse(pause=a_pause(number), execution=an_execution())
        )
    )
    pause = sm.get_pause("hitl_secret")

    assert pause.status is status
    assert pause.waits == (status in ("open", "overdue"))
    assert pause.resumption is None


def test_a_pause_of_the_future_is_an_error_of_ours(fake: FakeServer, sm: StateManager) -> None:
    """B7."""
    fake.service.answers.append(
        answer_with(
            pause_requests_pb2.GetPauseResponse(pause=a_pause(99), execution=an_execution())
        )
    )
    with pytest.raises(InternalError, match="pause status 99") as caught:
        sm.get_pause("hitl_secret")
    assert caught.value.execution_id == "e"


def test_waiting_pauses_are_listed_page_by_page(fake: FakeServer, client: Client) -> None:
    """B41."""
    first = pause_requests_pb2.ListPausesResponse(next_page_token="more")
    first.pauses.add(pause=a_pause(), execution=an_execution())
    last = pause_requests_pb2.ListPausesResponse()
    last.pauses.add(pause=a_pause(pause_id="p2"), execution=an_execution())
    fake.service.answers += [answer_with(first), answer_with(last)]

    pauses = list(client.list_pauses(namespace="orders", page_size=1))

    assert [pause.pause_id for pause in pauses] == ["p1", "p2"]
    assert [pause.execution and pause.execution.id for pause in pauses] == ["e", "e"]
    requests = [request for _, request in fake.service.requests]
    assert [(each.namespace, each.page_size, each.page_token) for each in requests] == [
        ("orders", 1, ""),
        ("orders", 1, "more"),
    ]


def test_a_list_that_cannot_be_is_refused_at_once(fake: FakeServer, client: Client) -> None:
    """B2, B41."""
    for arguments, field in (({"page_size": 0}, "page_size"), ({"namespace": 3}, "namespace")):
        with pytest.raises(InvalidRequestError) as caught:
            client.list_pauses(**arguments)  # type: ignore[arg-type]  # wrong on purpose
        assert caught.value.fields[0][0] == field
    fake.service.answers.append(answer_with(pause_requests_pb2.ListPausesResponse()))
    assert list(client.list_pauses()) == []
    assert sent(fake).namespace == "execution-state"


def test_a_state_has_its_pauses_beside_it(fake: FakeServer, sm: StateManager) -> None:
    """B25, B39."""
    fake.service.answers.append(
        answer_with(state_requests_pb2.LoadResponse(execution=an_execution(a_pause())))
    )
    state = sm.load()

    assert state is not None
    (pause,) = state.pauses
    assert (pause.namespace, pause.execution_id, pause.pause_id) == ("orders", "e", "p1")
    assert pause.data == {"url": "https://a"}
    assert pause.execution is None
    assert state == ExecutionState(id="e", status=Status.PAUSED, labels={"team": "red"})


def test_saving_another_status_closes_the_pauses_of_the_state(
    fake: FakeServer, sm: StateManager
) -> None:
    """B44."""
    execution = an_execution(a_pause(), a_pause(pause_pb2.PAUSE_STATUS_EXPIRED, pause_id="p0"))
    fake.service.answers += [answer_with(state_requests_pb2.LoadResponse(execution=execution))]
    state = sm.load()
    assert state is not None
    result = write_pb2.WriteResult(key=execution.key, revision=8, version=3)
    result.expire_time.seconds = 5

    fake.service.answers.append(answer_with(state_requests_pb2.SaveResponse(result=result)))
    sm.save(state)
    assert [pause.status for pause in state.pauses] == ["open", "expired"]
    assert state.expire_time == datetime.fromtimestamp(5, UTC)

    result.revision, result.version = 9, 4
    fake.service.answers.append(answer_with(state_requests_pb2.SaveResponse(result=result)))
    state.status = Status.RUNNING
    sm.save(state)
    assert [pause.status for pause in state.pauses] == ["voided", "expired"]


def test_the_history_tells_of_pauses(fake: FakeServer, sm: StateManager) -> None:
    """B42."""
    kinds = {
        history_pb2.EVENT_KIND_PAUSED: EventKind.PAUSED,
        history_pb2.EVENT_KIND_RESUMED: EventKind.RESUMED,
        history_pb2.EVENT_KIND_PAUSE_EXPIRED: EventKind.PAUSE_EXPIRED,
        history_pb2.EVENT_KIND_CHECKPOINTED: EventKind.CHECKPOINTED,
        history_pb2.EVENT_KIND_RESTORED: EventKind.RESTORED,
        history_pb2.EVENT_KIND_LOCKED: EventKind.LOCKED,
        history_pb2.EVENT_KIND_UNLOCKED: EventKind.UNLOCKED,
    }
    answer = state_requests_pb2.ListRevisionsResponse()
    for kind in kinds:
        answer.revisions.add(revision=1, kind=kind, pause_id="p1", checkpoint="c")
    fake.service.answers.append(answer_with(answer))

    revisions = list(sm.list_revisions())
    assert [each.kind for each in revisions] == list(kinds.values())
    assert (revisions[0].pause_id, revisions[0].checkpoint) == ("p1", "c")


@pytest.mark.parametrize("by", ["handle", "client"])
def test_the_cache_notices_pauses_and_resumes(
    fake: FakeServer, make_client: MakeClient, by: str
) -> None:
    """B76."""
    client = make_client(fake.address)
    sm = client.state_manager("e", namespace="orders", cache_ttl=60)
    sm.save({"status": "running", "start_time": LATER})
    sm.load()
    assert fake.service.count("Load") == 0

    fake.service.answers.append(paused())
    sm.pause(**PAUSE)
    sm.load()
    sm.load()
    assert fake.service.count("Load") == 1

    fake.service.answers.append(resumed())
    (sm if by == "handle" else client).resume("hitl_secret")
    sm.load()
    assert fake.service.count("Load") == 2

    # An answer that did not come may have been any execution's.
    fake.service.answers.append(refuse(grpc.StatusCode.INTERNAL, "ODD"))
    with pytest.raises(Exception, match="ODD"):
        (sm if by == "handle" else client).resume("hitl_secret")
    sm.load()
    assert fake.service.count("Load") == 3
