"""Pauses and checkpoints: the client and the real server together."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statekeeper import (
    CheckpointNotFoundError,
    Client,
    ConflictError,
    EventKind,
    ExecutionState,
    InvalidTokenError,
    PauseStatus,
    StateManager,
    StateNotFoundError,
)
from statekeeper.testing import TestServer

from .conftest import MakeClient

PAUSE: dict[str, Any] = {"member": "approval", "reason": "waiting_for_approval"}
DAY = timedelta(days=1)


@pytest.fixture
def client(statekeeper_server: TestServer, make_client: MakeClient) -> Client:
    """A client of the real server."""
    return make_client(statekeeper_server.address, actor="worker")


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution that does not exist yet."""
    return client.state_manager("exec_1", namespace="orders")


def loaded(sm: StateManager, **options: Any) -> ExecutionState:
    state = sm.load(**options)
    assert state is not None
    return state


def test_an_approval_from_beginning_to_end(client: Client, sm: StateManager) -> None:
    """B22, B23, B27, B28, B29, B42."""
    expires_at = datetime.now(UTC) + 2 * DAY
    token = sm.pause(**PAUSE, data={"url": "https://a"}, expires_at=expires_at)
    assert re.match("^hitl_", token)
    state = loaded(sm)
    assert (state.status, state.current_member) == ("paused", "approval")
    assert state.revision == token.result.revision
    (pause,) = state.pauses
    assert (pause.pause_id, pause.status, pause.expire_time) == (token.pause_id, "open", expires_at)
    assert state.expire_time is not None
    assert state.expire_time >= expires_at

    result = client.resume(token, {"approved": True, "comments": "Looks good"}, actor="ann")
    assert (result.execution_id, result.namespace) == ("exec_1", "orders")
    assert (result.member, result.pause_id) == ("approval", token.pause_id)
    state = loaded(sm)
    assert state.status == "running"
    (pause,) = state.pauses
    assert pause.status is PauseStatus.RESUMED
    assert pause.resumption is not None
    assert pause.resumption.input == {"approved": True, "comments": "Looks good"}
    assert pause.resumption.actor == "ann"

    resumed, paused = sm.list_revisions()
    assert (resumed.kind, resumed.actor, resumed.pause_id) == (
        EventKind.RESUMED,
        "ann",
        token.pause_id,
    )
    assert (paused.kind, paused.actor) == (EventKind.PAUSED, "worker")


def test_a_token_works_once_and_where_it_belongs(client: Client, sm: StateManager) -> None:
    """B30, B31, B33."""
    token = sm.pause(**PAUSE)
    other = client.state_manager("exec_2", namespace="orders")
    other.save({"status": "running"})
    with pytest.raises(InvalidTokenError):
        other.resume(token)
    with pytest.raises(InvalidTokenError):
        client.resume("hitl_nothing")

    first = sm.resume(token, {"n": 1}, request_id="r")
    again = sm.resume(token, {"n": 1}, request_id="r")
    assert (again.revision, again.replayed) == (first.revision, True)
    with pytest.raises(InvalidTokenError):
        sm.resume(token, {"n": 1})


def test_the_inbox_shows_what_waits(client: Client, sm: StateManager) -> None:
    """B40, B41."""
    sm.save({"status": "running", "context": {"a": 1}, "labels": {"team": "red"}})
    tokens = [sm.pause(member=f"m{n}", reason="why", data={"n": n}) for n in range(3)]
    sm.resume(tokens[1])

    waiting = list(client.list_pauses(namespace="orders", page_size=1))
    assert [pause.pause_id for pause in waiting] == [tokens[0].pause_id, tokens[2].pause_id]
    assert [pause.data for pause in waiting] == [{"n": 0}, {"n": 2}]
    execution = waiting[0].execution
    assert execution is not None
    assert (execution.id, execution.labels, execution.status) == (
        "exec_1",
        {"team": "red"},
        "paused",
    )
    assert execution.context is None
    assert list(client.list_pauses()) == []

    for pause in (client.get_pause(tokens[0]), sm.get_pause(tokens[0])):
        assert pause == waiting[0]
    assert sm.get_pause(pause_id=tokens[1].pause_id).status == "resumed"


@pytest.mark.parametrize(
    ("on_expiry", "status", "becomes"),
    [
        ("fail", "failed", "expired"),
        ("resume", "running", "expired"),
        ("keep", "paused", "overdue"),
    ],
)
def test_what_happens_on_expiry_was_chosen(
    statekeeper_server: TestServer, sm: StateManager, on_expiry: Any, status: str, becomes: str
) -> None:
    """B26, B36, B37, B38."""
    default = {"approved": False} if on_expiry == "resume" else None
    token = sm.pause(**PAUSE, on_expiry=on_expiry, default_input=default, ttl=0)
    statekeeper_server.clock.advance(DAY + timedelta(seconds=1))

    with pytest.raises(InvalidTokenError):
        sm.resume(token, {"approved": True})
    state = loaded(sm)
    (pause,) = state.pauses
    assert (state.status, pause.status) == (status, becomes)
    assert (pause.resumption and pause.resumption.input) == default
    if on_expiry == "keep":
        sm.resume(pause_id=pause.pause_id, input={"approved": True})
        assert loaded(sm).status == "running"


def test_another_status_closes_the_pauses(sm: StateManager) -> None:
    """B44."""
    token = sm.pause(**PAUSE)
    state = loaded(sm)
    sm.save(state)
    assert [pause.status for pause in loaded(sm).pauses] == ["open"]

    state.status = "failed"  # type: ignore[assignment]  # a text is accepted
    sm.save(state)
    assert loaded(sm).pauses == state.pauses
    assert [pause.status for pause in state.pauses] == ["voided"]
    with pytest.raises(InvalidTokenError):
        sm.resume(token)


def test_pausing_compares_and_sets(sm: StateManager) -> None:
    """B65."""
    saved = sm.save({"status": "running"})
    with pytest.raises(ConflictError):
        sm.pause(**PAUSE, expected_revision=saved.revision + 1)
    token = sm.pause(**PAUSE, expected_revision=saved.revision)
    with pytest.raises(ConflictError):
        sm.resume(token, expected_revision=saved.revision)


def test_a_checkpoint_brings_the_state_back(sm: StateManager) -> None:
    """B45, B47, B48, B50."""
    before = sm.save({"status": "running", "context": {"paid": False}})
    assert sm.list_checkpoints() == []
    assert sm.checkpoint("before-payment").revision == before.revision
    assert loaded(sm).revision == before.revision
    sm.update(context={"paid": True})
    token = sm.pause(**PAUSE)

    (checkpoint,) = sm.list_checkpoints(include_state=True)
    assert (checkpoint.name, checkpoint.revision) == ("before-payment", before.revision)
    assert checkpoint.actor == "worker"
    assert checkpoint.state == loaded(sm, checkpoint="before-payment")
    assert checkpoint.state is not None
    assert checkpoint.state.context == {"paid": False}
    assert sm.list_checkpoints()[0].state is None

    restored = sm.restore("before-payment", expected_revision=loaded(sm).revision)
    assert restored.revision > before.revision
    assert loaded(sm) == checkpoint.state
    with pytest.raises(InvalidTokenError):
        sm.resume(token)
    newest = next(iter(sm.list_revisions()))
    assert (newest.kind, newest.checkpoint) == (EventKind.RESTORED, "before-payment")


def test_an_earlier_revision_can_be_restored(sm: StateManager) -> None:
    """B52."""
    first = sm.save({"status": "running", "context": {"n": 1}})
    sm.update(context={"n": 2})
    sm.restore(revision=first.revision)
    assert loaded(sm).context == {"n": 1}


def test_a_checkpoint_that_is_gone_is_told(sm: StateManager) -> None:
    """B14, B46."""
    with pytest.raises(StateNotFoundError):
        sm.checkpoint("a")
    sm.save({"status": "running"})
    sm.checkpoint("a")
    assert sm.delete_checkpoint("a").existed
    assert not sm.delete_checkpoint("a").existed
    for call in (lambda: sm.restore("a"), lambda: sm.load(checkpoint="a")):
        with pytest.raises(CheckpointNotFoundError) as caught:
            call()
        assert caught.value.checkpoint == "a"


def test_many_checkpoints_are_one_list(sm: StateManager) -> None:
    """B47."""
    sm.save({"status": "running"})
    for n in range(120):
        sm.checkpoint(f"c{n}")
    assert [each.name for each in sm.list_checkpoints()] == [f"c{n}" for n in range(120)]
