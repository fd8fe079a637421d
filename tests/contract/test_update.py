"""Changing parts of a state."""

from datetime import UTC, datetime
from typing import Any

import pytest

from statekeeper import StateManager, StateNotFoundError, Status
from statekeeper.v1.execution_pb2 import STATUS_WAITING, ExecutionState
from statekeeper.v1.state_requests_pb2 import UpdateRequest
from tests.support.raw import RawClient, document, key_of, save_request, update_request
from tests.support.states import loaded

DOCUMENTS = ["input", "context", "member_outputs", "metadata"]
WHOLE: dict[str, Any] = {
    "status": "running",
    "input": {"i": 1},
    "context": {"a": 1, "b": {"deep": [1, 2]}},
    "member_outputs": {"m": True},
    "metadata": {"k": "v"},
    "current_member": "pay",
    "start_time": datetime(2026, 11, 22, tzinfo=UTC),
    "labels": {"team": "red", "tier": "1"},
    "schema_version": "2",
}


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"status": "waiting"}, {"status": Status.WAITING}),
        ({"current_member": "ship"}, {"current_member": "ship"}),
        ({"schema_version": "3"}, {"schema_version": "3"}),
        ({"context": {"a": 2}}, {"context": {"a": 2, "b": {"deep": [1, 2]}}}),
        ({"metadata": {}}, {}),
        ({"labels": {"tier": "2"}}, {"labels": {"team": "red", "tier": "2"}}),
        (
            {"start_time": datetime(2027, 1, 1, tzinfo=UTC)},
            {"start_time": datetime(2027, 1, 1, tzinfo=UTC)},
        ),
        ({}, {}),
    ],
)
def test_update_changes_only_what_it_names(
    sm: StateManager, changes: dict[str, Any], after: dict[str, Any]
) -> None:
    """B12."""
    sm.save(WHOLE)
    before = loaded(sm)
    sm.update(changes)

    state = loaded(sm)
    for name in WHOLE:
        assert getattr(state, name) == after.get(name, getattr(before, name)), name
    assert state.version == 2


@pytest.mark.parametrize("name", DOCUMENTS)
def test_update_adds_entries_by_key_and_keeps_the_others(sm: StateManager, name: str) -> None:
    """B13."""
    sm.save({"status": "running", name: {"validate": {"valid": True}, "old": 1}})
    sm.update({name: {"pay": {"id": "ch_1"}, "old": 2}})

    assert getattr(loaded(sm), name) == {
        "validate": {"valid": True},
        "pay": {"id": "ch_1"},
        "old": 2,
    }


def test_values_are_replaced_and_not_merged_below_the_top_level(sm: StateManager) -> None:
    """B13: a document merges by its keys, a value is one value."""
    sm.save({"status": "running", "context": {"user": {"id": 1, "name": "Ann"}}})
    sm.update(context={"user": {"id": 2}})

    assert loaded(sm).context == {"user": {"id": 2}}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_update_makes_a_document_that_was_not_there(sm: StateManager, name: str) -> None:
    """B13, B67."""
    sm.save({"status": "running"})
    sm.update({name: {"new": 1}})

    assert getattr(loaded(sm), name) == {"new": 1}


def test_update_makes_an_empty_document(sm: StateManager) -> None:
    """B11, B13."""
    sm.save({"status": "running"})
    sm.update(context={})

    assert loaded(sm).context == {}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_named_document_is_replaced_whole(sm: StateManager, name: str) -> None:
    """B13."""
    sm.save({"status": "running", name: {"a": 1, "b": 2}, "labels": {"l": "1"}})
    sm.update({name: {"c": 3}}, replace=[name])

    assert getattr(loaded(sm), name) == {"c": 3}
    assert loaded(sm).labels == {"l": "1"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_can_be_replaced_by_an_empty_one(sm: StateManager, name: str) -> None:
    """B13, B11."""
    sm.save({"status": "running", name: {"a": 1, "b": 2}})
    sm.update({name: {}}, replace=[name])

    assert getattr(loaded(sm), name) == {}


def test_removing_what_a_replacement_drops_anyway_is_no_error(sm: StateManager) -> None:
    """B13."""
    sm.save({"status": "running", "context": {"a": 1, "b": 2}, "labels": {"l": "1"}})
    sm.update(
        context={"c": 3},
        labels={"m": "2"},
        replace=["context", "labels"],
        remove=["context.a", "labels.l"],
    )

    assert loaded(sm).context == {"c": 3}
    assert loaded(sm).labels == {"m": "2"}


def test_labels_are_replaced_whole_when_named(sm: StateManager) -> None:
    """B13."""
    sm.save({"status": "running", "labels": {"a": "1", "b": "2"}})
    sm.update(labels={"c": "3"}, replace=["labels"])

    assert loaded(sm).labels == {"c": "3"}


@pytest.mark.parametrize(
    ("remove", "after"),
    [
        (["context.a"], {"context": {"b": {"deep": [1, 2]}}}),
        (["context"], {"context": None}),
        (["context", "context.a"], {"context": None}),
        (["context.a", "context.a"], {"context": {"b": {"deep": [1, 2]}}}),
        (["labels.team"], {"labels": {"tier": "1"}}),
        (["labels"], {"labels": {}}),
        (["current_member"], {"current_member": None}),
        (["schema_version", "metadata.k"], {"schema_version": None, "metadata": {}}),
        (["context.missing", "labels.missing"], {}),
    ],
)
def test_a_named_part_is_removed(
    sm: StateManager, remove: list[str], after: dict[str, Any]
) -> None:
    """B13: removing what is not there is no error."""
    sm.save(WHOLE)
    before = loaded(sm)
    sm.update(remove=remove)

    state = loaded(sm)
    for name in WHOLE:
        assert getattr(state, name) == after.get(name, getattr(before, name)), name


def test_a_removed_part_can_be_set_again(sm: StateManager) -> None:
    """B13."""
    sm.save({"status": "running", "context": {"a": 1}})
    sm.update(remove=["context.a"])
    sm.update(context={"a": 2})
    sm.update(remove=["context"])
    sm.update(context={"a": 3})

    assert loaded(sm).context == {"a": 3}


def test_a_removed_document_comes_back_without_its_old_entries(sm: StateManager) -> None:
    """B13."""
    sm.save({"status": "running", "context": {"old": 1}})
    sm.update(remove=["context"])
    sm.update(context={"new": 2})

    assert loaded(sm).context == {"new": 2}


def test_keys_with_dots_are_removed_by_their_whole_name(sm: StateManager) -> None:
    """B13: what follows the first dot is the key, dots included."""
    sm.save({"status": "running", "context": {"a.b": 1, "a": {"b": 2}, "b": 3}})
    sm.update(remove=["context.a.b"])

    assert loaded(sm).context == {"a": {"b": 2}, "b": 3}


def test_update_of_what_does_not_exist_is_state_not_found(sm: StateManager) -> None:
    """B14."""
    with pytest.raises(StateNotFoundError):
        sm.update(status="waiting")
    assert sm.load() is None


def test_update_of_what_was_deleted_is_state_not_found(sm: StateManager) -> None:
    """B14."""
    sm.save({"status": "running"})
    sm.delete()

    with pytest.raises(StateNotFoundError):
        sm.update(status="waiting")


def test_update_gives_the_whole_execution_when_asked(raw: RawClient, execution_id: str) -> None:
    """B12: right after the update, with its revision."""
    raw.stub.Save(
        save_request(
            execution_id, ExecutionState(status=STATUS_WAITING, context=document(a="1", b="2"))
        )
    )
    changes = ExecutionState(context=document(b="3"))
    response = raw.stub.Update(
        UpdateRequest(key=key_of(execution_id), changes=changes, return_execution=True)
    )

    assert response.execution == raw.load(key_of(execution_id))
    assert response.execution.revision == response.result.revision
    assert response.execution.state.context == document(a="1", b="3")


def test_update_gives_no_execution_unless_asked(raw: RawClient, execution_id: str) -> None:
    """B12."""
    raw.stub.Save(save_request(execution_id))

    assert not raw.stub.Update(update_request(execution_id)).HasField("execution")
