"""What a transaction sends: what was changed, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statekeeper import (
    Binary,
    ExecutionState,
    InvalidRequestError,
    SerializationError,
    Status,
    TransactionState,
)
from statekeeper.model import writable
from statekeeper.requests.commit import commit_request, encoded
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.write import Write
from statekeeper.state_fields import read_state
from statekeeper.v1 import execution_pb2, state_requests_pb2, value_pb2

from .fake_service import updated

EXECUTION = ExecutionRef("orders", "e")
DOCUMENTS = ["input", "context", "member_outputs", "metadata"]
WHOLE: dict[str, Any] = {
    "id": "e",
    "status": Status.RUNNING,
    "input": {"order": "ORD-1"},
    "context": {"user": {"tags": ["a", {"deep": 1}]}, "n": 1, "a.b": None},
    "member_outputs": {"raw": b"\x00", "packed": Binary(b"x", content_type="a/b")},
    "metadata": {},
    "current_member": "pay",
    "schema_version": "1",
    "start_time": datetime(2026, 1, 2, tzinfo=UTC),
    "labels": {"team": "red", "city": "Ulm"},
}


def as_sent(state: ExecutionState) -> execution_pb2.ExecutionState:
    return encoded(state)


def committed(
    state: ExecutionState, change: Callable[[TransactionState], object]
) -> tuple[state_requests_pb2.UpdateRequest | None, ExecutionState]:
    """Gives what is sent for a change, and what the server makes of it."""
    stored = as_sent(state)
    loaded = read_state(stored)
    before = encoded(loaded)
    changed = writable(loaded)
    change(changed)
    request = commit_request(EXECUTION, before, changed, Write(expected_revision=7))
    after = stored if request is None else updated(stored, request)
    return request, read_state(after)


def sent_for(change: Callable[[TransactionState], object], **fields: Any) -> Any:
    """Gives the request for a change, which there must be."""
    request, _ = committed(ExecutionState(**{**WHOLE, **fields}), change)
    assert request is not None
    return request


def set_in(document: str, key: str, value: Any) -> Callable[[TransactionState], object]:
    return lambda state: getattr(state, document).__setitem__(key, value)


def test_nothing_changed_is_nothing_sent() -> None:
    """B12."""
    request, _ = committed(ExecutionState(**WHOLE), lambda _: None)
    assert request is None


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("before", [None, {}, {"a": 1}])
def test_an_absent_document_can_be_written_to_and_stays_absent_if_it_is_not(
    document: str, before: Any
) -> None:
    """B11, B67."""
    state = ExecutionState(**{**WHOLE, document: before})
    request, after = committed(state, lambda state: getattr(state, document).get("a"))
    assert request is None
    assert getattr(after, document) == before

    _, after = committed(state, set_in(document, "b", 2))
    assert getattr(after, document) == {**(before or {}), "b": 2}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_that_is_emptied_is_empty(document: str) -> None:
    """B11."""
    state = ExecutionState(**{**WHOLE, document: {"a": 1, "b": 2}})
    request, after = committed(state, lambda state: getattr(state, document).clear())
    assert getattr(after, document) == {}
    assert request is not None
    assert list(request.replace) == [document]


def remove_by_none(state: TransactionState) -> None:
    state.context = None  # type: ignore[assignment]  # works as well


def remove_by_del(state: TransactionState) -> None:
    del state.context


@pytest.mark.parametrize("remove", [remove_by_none, remove_by_del])
@pytest.mark.parametrize("before", [{}, {"a": 1}])
def test_a_document_can_be_removed(remove: Any, before: Any) -> None:
    """B11, B13."""
    request, after = committed(ExecutionState(**{**WHOLE, "context": before}), remove)
    assert after.context is None
    assert request is not None
    assert list(request.remove) == ["context"]
    assert not request.HasField("changes")


def test_removing_what_is_absent_sends_nothing() -> None:
    """B11."""
    request, _ = committed(ExecutionState(**{**WHOLE, "context": None}), remove_by_del)
    assert request is None


def test_only_the_entries_that_changed_are_sent() -> None:
    """B12, B66."""
    request = sent_for(set_in("context", "new", [1]))

    assert request.options.expected_revision == 7
    assert request.options.request_id
    assert request.key == EXECUTION.key()
    assert [field.name for field, _ in request.changes.ListFields()] == ["context"]
    assert dict(request.changes.context.entries) == {"new": value_pb2.Value(json="[1]")}
    assert not request.remove
    assert not request.replace


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.context["user"]["tags"].append("b"),
        lambda state: state.context["user"]["tags"][1].update(deep=2),
        lambda state: state.context["user"].pop("tags"),
    ],
)
def test_a_change_deep_inside_is_noticed(change: Any) -> None:
    """B66."""
    request = sent_for(change)
    assert list(request.changes.context.entries) == ["user"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, True), (1, 1.0), (True, 1.0), (0, False), (0.0, -0.0), (1, "1"), (None, False), ("", 0)],
)
def test_what_python_takes_for_equal_is_not_the_same_value(before: Any, after: Any) -> None:
    """B78."""
    for old, new in ((before, after), (after, before)):
        request, stored = committed(
            ExecutionState(**{**WHOLE, "context": {"a": [old]}}), set_in("context", "a", [new])
        )
        assert request is not None
        assert stored.context is not None
        assert repr(stored.context["a"]) == repr([new])


def test_bytes_and_their_media_type_are_compared() -> None:
    """B78."""
    for key, value in (("raw", b"\x01"), ("raw", "\x00"), ("packed", b"x")):
        request = sent_for(set_in("member_outputs", key, value))
        assert list(request.changes.member_outputs.entries) == [key]
    request, _ = committed(ExecutionState(**WHOLE), set_in("member_outputs", "raw", bytes(1)))
    assert request is None


@pytest.mark.parametrize(
    "text", ['{ "b" : 1, "a" : [ 1 ] }', '"\\u00fc"', "1e2", "1.10", ' "x"', '{"a":1,"a":2}']
)
def test_a_text_that_was_written_in_another_way_is_no_change(text: str) -> None:
    """B12, B78."""
    stored = as_sent(ExecutionState(**WHOLE))
    stored.context.entries["other"].json = text
    loaded = read_state(stored)
    state = writable(loaded)

    assert commit_request(EXECUTION, encoded(loaded), state, Write()) is None
    state.context["mine"] = 1
    request = commit_request(EXECUTION, encoded(read_state(stored)), state, Write())
    assert request is not None
    assert list(request.changes.context.entries) == ["mine"]


def test_entries_can_be_removed() -> None:
    """B13."""

    def change(state: TransactionState) -> None:
        del state.context["a.b"]
        state.member_outputs.pop("raw")

    request, after = committed(ExecutionState(**WHOLE), change)
    assert request is not None
    assert list(request.remove) == ["context.a.b", "member_outputs.raw"]
    assert after.context is not None
    assert after.context.keys() == {"user", "n"}


def test_a_document_that_loses_most_of_its_entries_is_replaced() -> None:
    """B13: an update can remove 10,000 fields and no more."""
    many = {str(n): n for n in range(9_000)}

    def keep(count: int) -> Callable[[TransactionState], object]:
        def change(state: TransactionState) -> None:
            state.context = {str(n): n for n in range(count)}
            state.input = {str(n): n for n in range(count)}

        return change

    for count in (1, 4_000, 6_999, 8_999):
        state = ExecutionState(**{**WHOLE, "context": many, "input": many})
        request, after = committed(state, keep(count))
        assert request is not None
        assert len(request.remove) <= 10_000
        assert after.context == after.input == {str(n): n for n in range(count)}


@pytest.mark.parametrize(
    ("field", "value", "changed"),
    [
        ("status", "waiting", ["status"]),
        ("current_member", "ship", ["current_member"]),
        ("schema_version", "2", ["schema_version"]),
        ("start_time", datetime(2027, 1, 1, tzinfo=UTC), ["start_time"]),
        ("labels", {"team": "blue", "city": "Ulm"}, ["labels"]),
    ],
)
def test_a_field_that_changed_is_sent_alone(field: str, value: Any, changed: list[str]) -> None:
    """B12."""
    request, after = committed(ExecutionState(**WHOLE), lambda state: setattr(state, field, value))
    assert request is not None
    assert [each.name for each, _ in request.changes.ListFields()] == changed
    assert getattr(after, field) == value
    assert not request.remove


@pytest.mark.parametrize("field", ["current_member", "schema_version"])
def test_a_field_can_be_removed(field: str) -> None:
    """B13."""
    request, after = committed(ExecutionState(**WHOLE), lambda state: setattr(state, field, None))
    assert request is not None
    assert list(request.remove) == [field]
    assert getattr(after, field) is None


def test_a_field_can_be_set_that_was_absent() -> None:
    """B11: an empty text, too, though the server will refuse it."""
    request = sent_for(lambda state: setattr(state, "current_member", ""), current_member=None)
    assert request.changes.HasField("current_member")


def test_labels_are_set_and_removed_one_by_one() -> None:
    """B13."""

    def change(state: TransactionState) -> None:
        del state.labels["team"]
        state.labels["new"] = "x"

    request, after = committed(ExecutionState(**WHOLE), change)
    assert request is not None
    assert (dict(request.changes.labels), list(request.remove)) == ({"new": "x"}, ["labels.team"])
    assert after.labels == {"city": "Ulm", "new": "x"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", None),
        ("status", "done"),
        ("start_time", None),
        ("id", "other"),
        ("context", [1]),
        ("current_member", 3),
    ],
)
def test_a_change_of_no_use_is_refused_by_name(field: str, value: Any) -> None:
    """B7, B8."""
    with pytest.raises(InvalidRequestError) as caught:
        sent_for(lambda state: setattr(state, field, value))
    assert caught.value.fields[0][0] == field


def test_a_value_that_cannot_be_sent_is_told_by_its_path() -> None:
    """B74."""
    with pytest.raises(SerializationError) as caught:
        sent_for(lambda state: state.context["user"]["tags"].append({1}))
    assert caught.value.path == "context.user.tags[2]"


def test_a_start_time_finer_than_python_holds_is_no_change() -> None:
    """B78."""
    stored = as_sent(ExecutionState(**WHOLE))
    stored.start_time.nanos = 123_456_789
    loaded = read_state(stored)
    before = encoded(loaded)
    state = writable(loaded)
    assert commit_request(EXECUTION, before, state, Write()) is None

    assert state.start_time is not None
    state.start_time += timedelta(seconds=1)
    request = commit_request(EXECUTION, before, state, Write())
    assert request is not None
    assert request.changes.start_time.nanos == 123_456_000
