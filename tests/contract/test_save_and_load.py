"""Saving a state and loading it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statekeeper import ExecutionState, InvalidRequestError, StateManager, Status
from tests.support.raw import RawClient, key_of, save_request
from tests.support.states import loaded

WHOLE: dict[str, Any] = {
    "status": "running",
    "input": {"orderId": "ORD-123", "empty": {}, "none": None},
    "context": {"userId": "user_123", "list": [1, [2, [3]]]},
    "member_outputs": {"validate": {"valid": True}, "a.b": 1.5},
    "metadata": {"source": "test"},
    "current_member": "pay",
    "start_time": datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC),
    "labels": {"team": "red"} | {f"l{n}": "v" * 256 for n in range(20)},
    "schema_version": "2.0.0",
}


def test_save_then_load_gives_an_equal_state(sm: StateManager) -> None:
    """B5."""
    state = ExecutionState(id=sm.execution_id, **WHOLE)
    sm.save(state)

    assert loaded(sm) == state


def test_what_is_saved_twice_is_the_second(sm: StateManager) -> None:
    """B5: a save replaces the whole state; nothing of the one before shows through."""
    sm.save(WHOLE)
    sm.save({"status": "completed", "context": {"other": 1}})

    state = loaded(sm)
    assert state.status is Status.COMPLETED
    assert state.context == {"other": 1}
    assert (state.input, state.member_outputs, state.metadata) == (None, None, None)
    assert (state.current_member, state.schema_version, state.labels) == (None, None, {})


def test_a_save_of_status_and_context_is_enough(sm: StateManager) -> None:
    """B6: id and start_time are filled in."""
    sm.save({"status": "running", "context": {"userId": "user_123"}})

    state = loaded(sm)
    assert state.id == sm.execution_id
    assert state.start_time == state.create_time
    assert state.context == {"userId": "user_123"}


def test_a_save_without_start_time_keeps_the_stored_one(sm: StateManager) -> None:
    """B6."""
    begun = datetime(2020, 1, 2, tzinfo=UTC)
    sm.save({"status": "running", "start_time": begun})
    sm.save({"status": "waiting"})

    assert loaded(sm).start_time == begun


def test_a_start_time_that_is_given_replaces_the_stored_one(sm: StateManager) -> None:
    """B6."""
    begun = datetime(2020, 1, 2, tzinfo=UTC)
    sm.save({"status": "running", "start_time": begun})
    sm.save({"status": "running", "start_time": begun + timedelta(days=1)})

    assert loaded(sm).start_time == begun + timedelta(days=1)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_kept(sm: StateManager, status: Status) -> None:
    """B7."""
    sm.save({"status": status})

    assert loaded(sm).status is status


def test_any_other_status_is_refused_by_name(sm: StateManager) -> None:
    """B7: the client's part; the server's is with the refused requests."""
    with pytest.raises(InvalidRequestError, match="runing"):
        sm.save({"status": "runing"})
    assert sm.load() is None


def test_an_id_that_differs_from_the_execution_is_refused(
    raw: RawClient, execution_id: str
) -> None:
    """B8."""
    request = save_request(execution_id)
    request.state.id = "other"
    refusal = raw.refusal(raw.stub.Save, request)

    assert (refusal.reason, refusal.fields) == ("INVALID_REQUEST", ["state.id"])
    assert raw.load(key_of(execution_id)) is None


def test_load_of_what_does_not_exist_is_none(sm: StateManager) -> None:
    """B9."""
    assert sm.load() is None
    assert sm.load(fields=["context"]) is None


def test_load_at_a_revision_of_what_does_not_exist_is_none(sm: StateManager) -> None:
    """B9: a revision of the shard's log says nothing about an execution that is not there."""
    revision = sm.save({"status": "running"}).revision
    sm.delete()

    assert sm.load(revision=revision) is None


def test_member_outputs_come_back_as_a_dict(sm: StateManager) -> None:
    """B10."""
    sm.save({"status": "running", "member_outputs": {"a": {"x": 1}, "b": [1], "c": None}})

    assert loaded(sm).member_outputs == {"a": {"x": 1}, "b": [1], "c": None}


@pytest.mark.parametrize("name", ["input", "context", "member_outputs", "metadata"])
def test_an_empty_document_and_no_document_are_different(sm: StateManager, name: str) -> None:
    """B11."""
    sm.save({"status": "running"})
    assert getattr(loaded(sm), name) is None

    sm.save({"status": "running", name: {}})
    assert getattr(loaded(sm), name) == {}

    sm.save({"status": "running"})
    assert getattr(loaded(sm), name) is None


def test_a_document_stays_when_its_last_entry_goes(sm: StateManager) -> None:
    """B11."""
    sm.save({"status": "running", "context": {"a": 1}})
    sm.update(remove=["context.a"])

    assert loaded(sm).context == {}


def test_times_and_version_stand_beside_the_state(sm: StateManager) -> None:
    """B5."""
    first = sm.save({"status": "running"})
    second = sm.save({"status": "running"})

    state = loaded(sm)
    assert (first.version, second.version, state.version) == (1, 2, 2)
    assert first.revision < second.revision == state.revision
    assert state.create_time == first.update_time
    assert state.update_time == second.update_time
    assert first.update_time <= second.update_time


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        (["context"], {"context": WHOLE["context"]}),
        (["context.userId"], {"context": {"userId": "user_123"}}),
        (["context.userId", "context"], {"context": WHOLE["context"]}),
        (["context.missing"], {"context": {}}),
        (["member_outputs.a.b"], {"member_outputs": {"a.b": 1.5}}),
        (["status"], {}),
        (["id"], {}),
        (["labels"], {"labels": WHOLE["labels"]}),
        (["current_member", "input.none"], {"current_member": "pay", "input": {"none": None}}),
        (["start_time"], {"start_time": WHOLE["start_time"]}),
        (["schema_version"], {"schema_version": "2.0.0"}),
        (["metadata", "metadata"], {"metadata": {"source": "test"}}),
    ],
)
def test_load_reads_only_the_fields_that_are_named(
    sm: StateManager, fields: list[str], seen: dict[str, Any]
) -> None:
    """B52's reading of parts: id and status are always there, the rest when asked for."""
    sm.save(WHOLE)

    state = loaded(sm, fields=fields)
    assert state == ExecutionState(status=Status.RUNNING, id=sm.execution_id, **seen)
    assert state.partial


def test_a_document_that_is_not_there_is_none_also_when_asked_for(sm: StateManager) -> None:
    """B11."""
    sm.save({"status": "running"})

    assert loaded(sm, fields=["context"]).context is None
    assert loaded(sm, fields=["context.a"]).context is None


def test_an_acknowledged_save_is_seen_by_every_client(sm: StateManager, raw: RawClient) -> None:
    """B5: a read sees every write that was answered, through any connection."""
    for number in range(20):
        sm.save({"status": "running", "context": {"n": number}})
        execution = raw.load(key_of(sm.execution_id))
        assert execution is not None
        assert execution.state.context.entries["n"].json == str(number)
