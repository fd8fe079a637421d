"""The client and the real server together."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statekeeper import (
    Binary,
    Client,
    ConflictError,
    EventKind,
    ExecutionState,
    InvalidRequestError,
    RequestIdReusedError,
    StateManager,
    StateNotFoundError,
    StateTooLargeError,
    Status,
)
from statekeeper.testing import TestServer

from .conftest import MakeClient

WHOLE: dict[str, Any] = {
    "id": "exec_1",
    "status": Status.RUNNING,
    "input": {"orderId": "ORD-123", "empty": {}, "none": None},
    "context": {"big": 2**70, "text": "Füße 🦶", "nested": [[{"a": [1.5, -0.0, True]}]]},
    "member_outputs": {"a.b": {"valid": True}, "raw": b"\x00\xff"},
    "current_member": "pay",
    "start_time": datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC),
    "metadata": {},
    "labels": {"team": "red"},
    "schema_version": "2.0.0",
}


@pytest.fixture
def server_client(statekeeper_server: TestServer, make_client: MakeClient) -> Client:
    """A client of the real server."""
    return make_client(statekeeper_server.address)


@pytest.fixture
def sm(server_client: Client) -> StateManager:
    """The handle of an execution that does not exist yet."""
    return server_client.state_manager("exec_1", namespace="orders")


def loaded(sm: StateManager, **options: Any) -> ExecutionState:
    state = sm.load(**options)
    assert state is not None
    return state


def test_save_then_load_gives_an_equal_state(sm: StateManager) -> None:
    """B5, B78."""
    state = ExecutionState(**WHOLE)
    result = sm.save(state)

    assert (result.namespace, result.execution_id, result.version) == ("orders", "exec_1", 1)
    assert loaded(sm) == state
    assert vars(loaded(sm)) == vars(state)


def test_a_save_of_status_and_context_is_enough(sm: StateManager) -> None:
    """B6, B11."""
    sm.save({"status": "running", "context": {"userId": "user_123"}})

    state = loaded(sm)
    assert state.id == "exec_1"
    assert state.start_time == state.create_time
    assert state.context == {"userId": "user_123"}
    assert (state.input, state.member_outputs, state.metadata) == (None, None, None)


@pytest.mark.parametrize("levels", [500, 800])
def test_deep_values_come_back_as_they_went_in(sm: StateManager, levels: int) -> None:
    """B78."""
    deep: Any = 1
    for _ in range(levels):
        deep = [deep]
    sm.save({"status": "running", "context": {"deep": deep}})

    context = loaded(sm).context
    assert context is not None
    assert str(context["deep"]).count("[") == levels


def test_a_media_type_comes_back_as_it_went_in(sm: StateManager) -> None:
    """B78."""
    packed = Binary(b"\x93\x01\x02\x03", content_type="application/msgpack")
    sm.save({"status": "running", "context": {"packed": packed}})
    state = loaded(sm)
    sm.save(state)

    context = loaded(sm).context
    assert context is not None
    assert context["packed"] == packed
    assert context["packed"].content_type == "application/msgpack"


def test_what_someone_else_changed_is_a_conflict_and_reloading_helps(sm: StateManager) -> None:
    """B64."""
    sm.save({"status": "running"})
    mine = loaded(sm)
    other = sm.update(context={"theirs": 1})

    mine.status = Status.COMPLETED
    with pytest.raises(ConflictError) as caught:
        sm.save(mine)
    assert (caught.value.expected, caught.value.current) == (mine.revision, other.revision)
    assert caught.value.execution_id == "exec_1"

    fresh = loaded(sm)
    fresh.status = Status.COMPLETED
    sm.save(fresh)
    assert loaded(sm).context == {"theirs": 1}


def test_an_old_revision_cannot_be_saved_over_a_newer_one(sm: StateManager) -> None:
    """B52, B64."""
    first = sm.save({"status": "running", "context": {"a": 1}})
    sm.update(context={"a": 2})

    old = loaded(sm, revision=first.revision)
    assert old.context == {"a": 1}
    with pytest.raises(ConflictError):
        sm.save(old)


def test_expected_revision_holds_for_every_write(sm: StateManager) -> None:
    """B65."""
    sm.save({"status": "running"}, expected_revision=0)
    with pytest.raises(ConflictError) as caught:
        sm.save({"status": "running"}, expected_revision=0)
    assert caught.value.current == loaded(sm).revision
    with pytest.raises(ConflictError):
        sm.update(status="waiting", expected_revision=2**40)
    with pytest.raises(ConflictError):
        sm.delete(expected_revision=2**40)

    sm.update(status="waiting", expected_revision=loaded(sm).revision)
    sm.delete(expected_revision=loaded(sm).revision)
    assert sm.load() is None


def test_an_update_changes_what_it_names_and_nothing_else(sm: StateManager) -> None:
    """B12, B13."""
    sm.save(WHOLE)
    sm.update(member_outputs={"pay": 1}, status="waiting", labels={"city": "Ulm"})

    state = loaded(sm)
    assert state == ExecutionState(
        **{
            **WHOLE,
            "status": Status.WAITING,
            "member_outputs": {**WHOLE["member_outputs"], "pay": 1},
            "labels": {"team": "red", "city": "Ulm"},
        }
    )


def test_an_update_replaces_and_removes(sm: StateManager) -> None:
    """B13."""
    sm.save(WHOLE)
    sm.update(
        input={"only": 1},
        metadata=None,
        current_member=None,
        schema_version=None,
        labels=None,
        replace=["input"],
        remove=["context.big", "member_outputs.a.b"],
    )

    state = loaded(sm)
    assert state.input == {"only": 1}
    assert state.metadata is None
    assert state.current_member is None
    assert state.schema_version is None
    assert state.labels == {}
    assert state.context is not None
    assert state.context.keys() == {"text", "nested"}
    assert state.member_outputs == {"raw": b"\x00\xff"}


def test_updating_nothing_is_told(sm: StateManager) -> None:
    """B14, B71."""
    with pytest.raises(StateNotFoundError) as caught:
        sm.update(status="waiting")
    assert (caught.value.code, caught.value.namespace) == ("STATE_NOT_FOUND", "orders")


def test_only_the_fields_that_are_named_are_loaded(sm: StateManager) -> None:
    sm.save(WHOLE)
    state = loaded(sm, fields=["context.big", "labels"])

    assert state.partial
    assert state.context == {"big": 2**70}
    assert state.labels == {"team": "red"}
    assert state.input is None
    assert state.status == "running"
    with pytest.raises(InvalidRequestError):
        sm.save(state)


def test_the_same_request_id_changes_nothing_twice(sm: StateManager) -> None:
    """B70."""
    first = sm.save({"status": "running"}, request_id="r")
    sm.update(status="failed")

    again = sm.save({"status": "running"}, request_id="r")
    assert again.replayed
    assert (again.revision, again.version) == (first.revision, first.version)
    assert loaded(sm).status == "failed"
    with pytest.raises(RequestIdReusedError):
        sm.save({"status": "waiting"}, request_id="r")


def test_a_revision_is_never_reused(sm: StateManager) -> None:
    """B15, B16, B69."""
    first = sm.save({"status": "running"})
    deleted = sm.delete()
    second = sm.save({"status": "running"})

    assert deleted.existed
    assert first.revision < deleted.revision < second.revision
    assert second.version == 1
    assert len(list(sm.list_revisions())) == 1


def test_the_history_tells_who_did_what(sm: StateManager) -> None:
    """B52."""
    sm.save({"status": "running", "context": {"a": 1}}, actor="ann")
    sm.update(status="waiting", actor="bob")

    updated, saved = sm.list_revisions(page_size=1)
    assert (updated.kind, updated.actor, updated.status) == (EventKind.UPDATED, "bob", "waiting")
    assert updated.changed == ("status",)
    assert (saved.kind, saved.actor, saved.version) == (EventKind.SAVED, "ann", 1)
    assert saved.time.tzinfo is UTC


def test_a_large_state_is_warned_about_and_a_larger_one_refused(sm: StateManager) -> None:
    """B79."""
    assert not sm.save({"status": "running", "context": {"a": "x" * 100_000}}).warnings
    assert sm.save({"status": "running", "context": {"a": "x" * 200_000}}).warnings

    with pytest.raises(StateTooLargeError) as caught:
        sm.save({"status": "running", "context": {"a": "x" * 11_000_000}})
    assert caught.value.size > caught.value.limit == 10 * 2**20


def test_a_ttl_holds_and_zero_is_for_ever(
    statekeeper_server: TestServer, server_client: Client
) -> None:
    """B3, B17, B18."""
    clock = statekeeper_server.clock
    day = server_client.state_manager("day")
    hour = server_client.state_manager("hour", ttl=timedelta(hours=1))
    ever = server_client.state_manager("ever", ttl=0)
    for sm in (day, hour, ever):
        sm.save({"status": "running"})
    assert loaded(ever).expire_time is None

    clock.advance(timedelta(minutes=59))
    hour.update(status="waiting")
    clock.advance(timedelta(minutes=59))
    assert hour.load() is not None
    clock.advance(timedelta(minutes=2))
    assert hour.load() is None
    clock.advance(timedelta(hours=23))
    assert day.load() is None
    assert ever.load() is not None
