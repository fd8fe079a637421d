"""Migrations: from one layout of a state to the next."""

import copy
import inspect
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from statekeeper import (
    AsyncClient,
    AsyncStateManager,
    Client,
    ExecutionState,
    InvalidRequestError,
    SerializationError,
    StateManager,
    StateNotFoundError,
    Status,
    migrate_state,
)

from .fakes import FakeServer

STATE = ExecutionState(
    id="e",
    status=Status.RUNNING,
    context={"name": "Ann Lee", "tags": ["a"]},
    metadata={},
    labels={"team": "red"},
    schema_version="1",
    start_time=datetime(2026, 1, 1, tzinfo=UTC),
    revision=7,
    version=2,
)
FIELDS: dict[str, Any] = {
    "status": "running",
    "context": {"name": "Ann Lee", "tags": ["a"]},
    "schema_version": "1",
}


def split_name(state: ExecutionState) -> ExecutionState:
    """Changes what it is given."""
    assert state.context is not None
    first, last = state.context.pop("name").split(" ")
    state.context |= {"first": first, "last": last}
    return state


def tag(state: ExecutionState) -> ExecutionState:
    """Changes something deep inside."""
    assert state.context is not None
    state.context["tags"].append("b")
    state.labels["new"] = "1"
    return state


def split_name_in(fields: dict[str, Any]) -> dict[str, Any]:
    """Does the same to a mapping, in another one."""
    first, last = fields["context"]["name"].split(" ")
    return {**fields, "context": {"first": first, "last": last}}


def test_transformers_are_called_in_order() -> None:
    """B77."""
    seen: list[Any] = []

    def look(state: ExecutionState) -> ExecutionState:
        seen.append(state.context and state.context.get("first"))
        return state

    migrated = migrate_state(STATE, "1", "2", [look, split_name, look, tag])

    assert seen == [None, "Ann"]
    assert migrated.context == {"first": "Ann", "last": "Lee", "tags": ["a", "b"]}
    assert migrated.labels == {"team": "red", "new": "1"}
    assert migrated.schema_version == "2"


def test_what_is_given_is_not_changed() -> None:
    """B77."""
    before = copy.deepcopy(STATE)
    migrated = migrate_state(STATE, "1", "2", [split_name, tag])
    assert vars(STATE) == vars(before)
    assert migrated is not STATE
    assert migrated.metadata is not STATE.metadata

    fields = copy.deepcopy(FIELDS)
    migrate_state(FIELDS, "1", "2", [split_name_in])
    assert fields == FIELDS


def test_what_is_given_is_not_changed_by_a_failure_either() -> None:
    """B77."""
    before = copy.deepcopy(STATE)

    def fail(state: ExecutionState) -> ExecutionState:
        assert state.context is not None
        state.context.clear()
        state.labels.clear()
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone") as caught:
        migrate_state(STATE, "1", "2", [split_name, fail])
    assert caught.value.__notes__ == ["in transformers[1], from '1' to '2'"]
    assert vars(STATE) == vars(before)


def test_a_state_stays_a_state_and_a_mapping_a_mapping() -> None:
    """B77."""
    migrated = migrate_state(STATE, "1", "2", [lambda _: {"status": "failed", "input": {"a": 1}}])
    # It is the whole state as it shall be, so what is not there is removed.
    assert (migrated.status, migrated.input, migrated.context) == (Status.FAILED, {"a": 1}, None)
    assert migrated.labels == {}
    # What no state is without stays.
    assert (migrated.id, migrated.start_time) == ("e", STATE.start_time)
    assert (migrated.revision, migrated.version) == (7, 2)

    fields = migrate_state(FIELDS, "1", "2", [lambda _: ExecutionState(status=Status.FAILED)])
    assert type(fields) is dict
    assert fields["status"] == "failed"
    assert fields["schema_version"] == "2"
    assert "context" not in fields
    assert migrate_state(MappingProxyType(FIELDS), "1", "2", [split_name_in])["context"] == {
        "first": "Ann",
        "last": "Lee",
    }


def test_an_empty_document_is_not_an_absent_one() -> None:
    """B11, B77."""
    assert migrate_state(STATE, "1", "2", []).metadata == {}
    assert migrate_state(STATE, "1", "2", []).input is None


def test_a_state_without_a_version_can_be_migrated() -> None:
    """B77."""
    assert migrate_state({"status": "running"}, None, "1", []) == {
        "status": "running",
        "schema_version": "1",
    }
    state = ExecutionState(status=Status.RUNNING)
    assert migrate_state(state, None, "1", []).schema_version == "1"


@pytest.mark.parametrize("version", ["2", None, ""])
def test_another_version_is_refused(version: str | None) -> None:
    """B77."""
    with pytest.raises(InvalidRequestError, match="is '1', and this migration is from") as caught:
        migrate_state(STATE, version, "3", [lambda _: pytest.fail("was called")])
    assert caught.value.fields[0][0] == "schema_version"


async def an_async_one(state: ExecutionState) -> ExecutionState:
    return state


@pytest.mark.parametrize(
    ("transformers", "field", "sentence"),
    [
        ([split_name, lambda _: None], "transformers[1]", "returned NoneType"),
        ([lambda _: [1]], "transformers[0]", "returned list"),
        ([lambda _: {"newField": 1}], "transformers[0]", "newField: is no field of a state"),
        ([lambda _: {"context": {}}], "transformers[0]", "without a status"),
        ([lambda _: {"status": "done"}], "transformers[0]", "'done' is none of"),
        ([3], "transformers[0]", "must be a function"),
        ([split_name, an_async_one], "transformers[1]", "must not be async"),
        (split_name, "transformers", "must be a list"),
    ],
)
def test_what_a_transformer_does_wrong_is_told_by_its_position(
    transformers: Any, field: str, sentence: str
) -> None:
    """B77."""
    with pytest.raises(InvalidRequestError) as caught:
        migrate_state(STATE, "1", "2", transformers)
    assert caught.value.fields[0][0] == field
    assert sentence in caught.value.message


def test_a_value_that_cannot_be_saved_is_told_by_its_path_and_position() -> None:
    """B74, B77."""
    with pytest.raises(SerializationError) as caught:
        migrate_state(STATE, "1", "2", [lambda _: {"status": "running", "context": {"a": {1}}}])
    assert caught.value.path == "context.a"
    assert caught.value.__notes__ == ["in what transformers[0] returned"]


@pytest.mark.parametrize("version", ["", None, 2])
def test_a_new_version_that_says_nothing_is_refused(version: Any) -> None:
    """B77."""
    with pytest.raises(InvalidRequestError) as caught:
        migrate_state(STATE, "1", version, [])
    assert caught.value.fields[0][0] == "to_version"


def test_a_state_loaded_in_part_is_refused() -> None:
    """B11."""
    partial = ExecutionState(status=Status.RUNNING, schema_version="1", partial=True)
    with pytest.raises(InvalidRequestError) as caught:
        migrate_state(partial, "1", "2", [])
    assert caught.value.fields[0][0] == "state"


def test_values_of_any_depth_are_copied() -> None:
    """B78."""
    deep: Any = 1
    for _ in range(800):
        deep = [deep]
    state = ExecutionState(status=Status.RUNNING, context={"deep": deep})

    migrated = migrate_state(state, None, "1", [lambda state: state])
    assert migrated.context is not None
    assert str(migrated.context["deep"]).count("[") == 800


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of a state of version 1."""
    sm = client.state_manager("e", namespace="orders")
    sm.save(FIELDS)
    return sm


def loaded(sm: StateManager) -> ExecutionState:
    state = sm.load()
    assert state is not None
    return state


def test_the_stored_state_is_migrated(fake: FakeServer, sm: StateManager) -> None:
    """B77."""
    migrated = sm.migrate("1", "2", (each for each in (split_name, tag)), actor="ann")

    assert migrated == loaded(sm)
    assert migrated.revision == loaded(sm).revision
    assert migrated.context == {"first": "Ann", "last": "Lee", "tags": ["a", "b"]}
    (request,) = [request for name, request in fake.service.requests if name == "Update"]
    assert request.options.actor == "ann"
    # What replaced the name is sent, and nothing that stays as it is.
    assert set(request.changes.context.entries) == {"first", "last", "tags"}
    assert list(request.remove) == ["context.name"]


def test_a_dry_run_writes_nothing(fake: FakeServer, sm: StateManager) -> None:
    """B77."""
    migrated = sm.migrate("1", "2", [split_name], dry_run=True)

    assert migrated.context == {"first": "Ann", "last": "Lee", "tags": ["a"]}
    assert fake.service.count("Update") == 0
    assert loaded(sm).schema_version == "1"


def test_a_transformer_that_fails_leaves_the_stored_state_as_it_was(
    fake: FakeServer, sm: StateManager
) -> None:
    """B77."""

    def fail(_: ExecutionState) -> ExecutionState:
        raise KeyError("gone")

    with pytest.raises(KeyError) as caught:
        sm.migrate("1", "2", [split_name, fail])
    assert "transformers[1]" in caught.value.__notes__[0]
    with pytest.raises(InvalidRequestError) as refused:
        sm.migrate("3", "4", [])
    assert refused.value.execution_id == "e"
    assert fake.service.count("Update") == 0


def test_a_migration_is_tried_again_after_a_conflict(fake: FakeServer, sm: StateManager) -> None:
    """B68, B77."""
    overtaken = [True, False]

    def overtake(state: ExecutionState) -> ExecutionState:
        if overtaken.pop(0):
            execution = fake.service.executions["orders", "e"]
            execution.state.context.entries["name"].json = '"Bob Ray"'
            execution.revision += 1
        return state

    migrated = sm.migrate("1", "2", iter([overtake, split_name]))

    assert migrated.context is not None
    assert migrated.context["first"] == "Bob"
    assert not overtaken


def test_an_explicitly_empty_document_is_stored(sm: StateManager) -> None:
    """B11, B77."""
    sm.migrate("1", "2", [lambda state: {**vars_of(state), "input": {}}])
    assert loaded(sm).input == {}
    assert loaded(sm).metadata is None


def vars_of(state: ExecutionState) -> dict[str, Any]:
    return {"status": state.status, "context": state.context}


def test_migrating_nothing_is_told(client: Client) -> None:
    """B14."""
    with pytest.raises(StateNotFoundError):
        client.state_manager("nothing").migrate(None, "1", [])


@pytest.fixture
async def asm(fake: FakeServer) -> AsyncIterator[AsyncStateManager]:
    """A handle of the async client."""
    async with AsyncClient(fake.address) as client:
        yield client.state_manager("e")


async def test_an_async_handle_migrates_as_well(asm: AsyncStateManager) -> None:
    """B77."""
    await asm.save(FIELDS)
    assert inspect.iscoroutinefunction(asm.migrate)
    dry = await asm.migrate("1", "2", [split_name], dry_run=True)
    wet = await asm.migrate("1", "2", [split_name])
    assert dry == wet == await asm.load()
