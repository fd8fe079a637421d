"""Pauses over a fake server: what is sent, and what comes of the answers."""

import copy
import pickle
import re
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
    InvalidTokenError,
    PauseStatus,
    ResumeToken,
    SerializationError,
    StateManager,
    Status,
)
from statekeeper.v1 import (
    execution_pb2,
    history_pb2,
    pause_pb2,
    pause_requests_pb2,
    state_requests_pb2,
    value_pb2,
    write_pb2,
)

from .answers import Answer, answer_with, refuse
from .conftest import MakeClient
from .fakes import FakeServer

LATER = datetime(2099, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
PAUSE: dict[str, Any] = {"member": "approval", "reason": "waiting_for_approval"}


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution."""
    return client.state_manager("e", namespace="orders", actor="worker")


def written(revision: int = 7) -> write_pb2.WriteResult:
    key = execution_pb2.ExecutionKey(namespace="orders", execution_id="e")
    return write_pb2.WriteResult(key=key, revision=revision, version=2)


def paused() -> Answer:
    response = pause_requests_pb2.PauseResponse(result=written(), pause_id="p1")
    response.token = "hitl_secret"  # noqa: S105 - a made-up one
    return answer_with(response)


def resumed(revision: int = 9) -> Answer:
    return answer_with(
        pause_requests_pb2.ResumeResponse(
            result=written(revision), member="approval", pause_id="p1"
        )
    )


def document(**entries: str) -> value_pb2.Document:
    return value_pb2.Document(
        entries={key: value_pb2.Value(json=text) for key, text in entries.items()}
    )


def a_pause(status: int = pause_pb2.PAUSE_STATUS_OPEN, **fields: Any) -> pause_pb2.Pause:
    pause = pause_pb2.Pause(
        pause_id="p1",
        status=status,  # type: ignore[arg-type]  # proto3 enums are open
        member="approval",
        reason="why",
        data=document(url='"https://a"'),
        create_time=timestamp_pb2.Timestamp(seconds=1),
        expire_time=timestamp_pb2.Timestamp(seconds=4_000_000_000),
        on_expiry=pause_pb2.EXPIRY_ACTION_RESUME,
        default_input=document(approved="false"),
        actor="ann",
    )
    pause.MergeFrom(pause_pb2.Pause(**fields))
    return pause


def an_execution(*pauses: pause_pb2.Pause) -> execution_pb2.Execution:
    execution = execution_pb2.Execution(
        key=execution_pb2.ExecutionKey(namespace="orders", execution_id="e"),
        revision=7,
        version=2,
        create_time=timestamp_pb2.Timestamp(seconds=1),
        update_time=timestamp_pb2.Timestamp(seconds=2),
        pauses=pauses,
    )
    execution.state.id = "e"
    execution.state.status = execution_pb2.STATUS_PAUSED
    execution.state.labels["team"] = "red"
    return execution


def sent(fake: FakeServer) -> Any:
    """Gives the last request."""
    return fake.service.requests[-1][1]


def test_a_pause_gives_a_token(fake: FakeServer, sm: StateManager) -> None:
    """B22, B24, B25, B26."""
    fake.service.answers.append(paused())
    token = sm.pause(**PAUSE, data={"url": "https://a"}, expires_at=LATER)

    assert re.match("^hitl_", token)
    assert token == "hitl_secret"  # noqa: S105 - a made-up one
    assert (token.pause_id, token.result.revision) == ("p1", 7)
    request = sent(fake)
    assert (request.key.namespace, request.key.execution_id) == ("orders", "e")
    assert (request.member, request.reason) == ("approval", "waiting_for_approval")
    assert request.data == document(url='"https://a"')
    assert request.expire_time.ToDatetime(tzinfo=UTC) == LATER
    assert request.on_expiry == pause_pb2.EXPIRY_ACTION_FAIL
    assert request.options.actor == "worker"


def test_what_is_not_given_is_left_to_the_server(fake: FakeServer, sm: StateManager) -> None:
    """B26: it is 24 h."""
    fake.service.answers.append(paused())
    sm.pause(**PAUSE)

    for field in ("data", "expire_time", "default_input"):
        assert not sent(fake).HasField(field)


def test_a_pause_takes_the_options_of_writes(fake: FakeServer, sm: StateManager) -> None:
    """B42, B65, B70."""
    fake.service.answers += [paused(), resumed()]
    sm.pause(**PAUSE, expected_revision=3, ttl=60, request_id="r", actor="ann")
    options = sent(fake).options
    assert (options.expected_revision, options.ttl.seconds) == (3, 60)
    assert (options.request_id, options.actor) == ("r", "ann")

    sm.resume("hitl_secret", expected_revision=4, ttl=61, request_id="s", actor="bob")
    options = sent(fake).options
    assert (options.expected_revision, options.ttl.seconds) == (4, 61)
    assert (options.request_id, options.actor) == ("s", "bob")


@pytest.mark.parametrize("action", [*ExpiryAction, "fail", "resume", "keep"])
def test_what_happens_on_expiry_is_chosen(fake: FakeServer, sm: StateManager, action: Any) -> None:
    """B37."""
    fake.service.answers.append(paused())
    sm.pause(**PAUSE, on_expiry=action, default_input={"a": 1} if action == "resume" else None)

    name = pause_pb2.ExpiryAction.Name(sent(fake).on_expiry)
    assert name == f"EXPIRY_ACTION_{action.upper()}"
    assert sent(fake).HasField("default_input") == (action == "resume")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("member", ""),
        ("member", None),
        ("reason", ""),
        ("reason", 3),
        ("data", [1]),
        ("expires_at", datetime(2099, 1, 1)),  # noqa: DTZ001 - naive on purpose
        ("expires_at", 1_700_000_000),
        ("on_expiry", "explode"),
        ("on_expiry", None),
        ("default_input", {"approved": True}),
        ("expected_revision", -1),
        ("ttl", -1),
    ],
)
def test_an_argument_of_no_use_is_refused_by_name(
    fake: FakeServer, sm: StateManager, argument: str, value: Any
) -> None:
    """B24, B37."""
    with pytest.raises(InvalidRequestError) as caught:
        sm.pause(**{**PAUSE, argument: value})
    assert [field for field, _ in caught.value.fields] == [argument]
    assert (caught.value.namespace, caught.value.execution_id) == ("orders", "e")
    assert not fake.service.requests


@pytest.mark.parametrize("argument", ["data", "default_input"])
def test_a_value_that_cannot_be_sent_is_told_by_its_path(sm: StateManager, argument: str) -> None:
    """B74."""
    with pytest.raises(SerializationError) as caught:
        sm.pause(**PAUSE, on_expiry="resume", **{argument: {"a": [{1}]}})  # type: ignore[arg-type]  # by name
    assert caught.value.path == f"{argument}.a[0]"
    with pytest.raises(SerializationError) as caught:
        sm.resume("hitl_secret", {"a": {1}})
    assert caught.value.path == "input.a"


def test_a_token_does_not_show_itself() -> None:
    """B35."""
    result: Any = "a result"
    token = ResumeToken("hitl_secret", pause_id="p1", result=result)

    assert "secret" not in repr(token)
    assert f"{token}" == str(token) == "hitl_secret"
    for twin in (copy.copy(token), copy.deepcopy(token), pickle.loads(pickle.dumps(token))):  # noqa: S301 - made here
        assert (twin, twin.pause_id, twin.result) == (token, "p1", "a result")


def test_resuming_tells_who_had_paused(fake: FakeServer, sm: StateManager) -> None:
    """B28, B29, B33."""
    fake.service.answers.append(resumed())
    result = sm.resume("hitl_secret", {"approved": True})

    assert (result.member, result.pause_id, result.revision) == ("approval", "p1", 9)
    request = sent(fake)
    assert request.key.execution_id == "e"
    assert request.token == "hitl_secret"  # noqa: S105 - a made-up one
    assert request.input == document(approved="true")


def test_a_pause_can_be_resumed_by_its_id(fake: FakeServer, sm: StateManager) -> None:
    """B37: who may answer without a token can do so after it is void."""
    fake.service.answers.append(resumed())
    sm.resume(pause_id="p1", input={})

    assert sent(fake).WhichOneof("target") == "pause_id"
    assert sent(fake).HasField("input")
    assert not sent(fake).input.entries


def test_no_input_is_no_empty_input(fake: FakeServer, sm: StateManager) -> None:
    """B11, B29."""
    fake.service.answers.append(resumed())
    sm.resume("hitl_secret")

    assert not sent(fake).HasField("input")


@pytest.mark.parametrize("method", ["resume", "get_pause"])
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "token"),
        ({"token": "t", "pause_id": "p"}, "pause_id"),
        ({"token": ""}, "token"),
        ({"token": 3}, "token"),
        ({"pause_id": ""}, "pause_id"),
    ],
)
def test_exactly_one_of_token_and_id_names_a_pause(
    fake: FakeServer, sm: StateManager, method: str, arguments: Any, field: str
) -> None:
    """B30."""
    with pytest.raises(InvalidRequestError) as caught:
        getattr(sm, method)(**arguments)
    assert caught.value.fields[0][0] == field
    assert not fake.service.requests


def test_a_token_leads_to_its_execution(fake: FakeServer, client: Client) -> None:
    """B22, B40."""
    fake.service.answers += [
        answer_with(pause_requests_pb2.GetPauseResponse(pause=a_pause(), execution=an_execution())),
        resumed(),
    ]
    pause = client.get_pause("hitl_secret")
    assert not sent(fake).HasField("key")
    assert (pause.namespace, pause.execution_id) == ("orders", "e")

    result = client.resume("hitl_secret", {"approved": True}, actor="ann")
    assert not sent(fake).HasField("key")
    assert sent(fake).options.actor == "ann"
    assert (result.namespace, result.execution_id) == ("orders", "e")


def test_a_bad_token_is_told(fake: FakeServer, client: Client) -> None:
    """B30."""
    fake.service.answers += [
        refuse(grpc.StatusCode.FAILED_PRECONDITION, "INVALID_TOKEN"),
    ] * 2
    with pytest.raises(InvalidTokenError) as caught:
        client.resume("hitl_secret")
    assert (caught.value.namespace, caught.value.execution_id) == ("", "")
    with pytest.raises(InvalidTokenError) as caught:
        client.state_manager("e").resume("hitl_secret")
    assert caught.value.execution_id == "e"


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
    first = pause_requests_pb2.ListPausesResponse(next_page_token="more")  # noqa: S106 - no secret
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

    fake.service.answers.append(answer_with(state_requests_pb2.SaveResponse(result=result)))
    sm.save(state)
    assert [pause.status for pause in state.pauses] == ["open", "expired"]
    # It lives for as long as the pause is open, and that is the server's to say.
    assert state.expire_time is None

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
