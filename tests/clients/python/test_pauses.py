"""Pauses over a fake server: what is sent, and what comes of it."""

import copy
import pickle
import re
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from statekeeper import (
    Client,
    ExpiryAction,
    InvalidRequestError,
    InvalidTokenError,
    ResumeToken,
    SerializationError,
    StateManager,
)
from statekeeper.v1 import (
    pause_pb2,
    pause_requests_pb2,
)

from .answers import answer_with, refuse
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


def test_a_pause_gives_a_token(fake: FakeServer, sm: StateManager) -> None:
    """B22, B24, B25, B26."""
    fake.service.answers.append(paused())
    token = sm.pause(**PAUSE, data={"url": "https://a"}, expires_at=LATER)

    assert re.match("^hitl_", token)
    assert token == "hitl_secret"
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
    assert request.token == "hitl_secret"
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
