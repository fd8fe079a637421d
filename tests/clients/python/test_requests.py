"""From the arguments of a call to its request."""

import dataclasses
import types
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.protobuf import timestamp_pb2

from statekeeper import ExecutionState, InvalidRequestError, SerializationError, Status
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.paging import list_revisions_request
from statekeeper.requests.state import (
    delete_request,
    load_request,
    merged_changes,
    save_request,
    update_request,
)
from statekeeper.requests.write import Write
from statekeeper.state_fields import read_execution
from statekeeper.v1 import execution_pb2, state_requests_pb2

EXECUTION = ExecutionRef("orders", "exec_1")
START = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
WHOLE: dict[str, Any] = {
    "id": "exec_1",
    "status": "waiting",
    "input": {"orderId": "ORD-123"},
    "context": {},
    "member_outputs": {"validate": {"valid": True}, "raw": b"\x00"},
    "current_member": "pay",
    "start_time": START,
    "metadata": {"a": None},
    "labels": {"team": "red"},
    "schema_version": "2",
}


def saved(state: Any, **options: Any) -> state_requests_pb2.SaveRequest:
    return save_request(EXECUTION, state, Write(**options))


def updated(changes: dict[str, Any], *, replace: Any = (), remove: Any = ()) -> Any:
    return update_request(EXECUTION, changes, replace, remove, Write())


def as_loaded(request: state_requests_pb2.SaveRequest, **options: Any) -> ExecutionState:
    """Gives a saved state as a load would."""
    execution = execution_pb2.Execution(key=request.key, revision=7, version=2, state=request.state)
    return read_execution(execution, **options)


def refused_fields(call: Any) -> list[str]:
    """Gives the fields that an InvalidRequestError names."""
    with pytest.raises(InvalidRequestError) as caught:
        call()
    assert caught.value.code == "INVALID_REQUEST"
    fields = [field for field, _ in caught.value.fields]
    assert all(field in caught.value.message for field in fields)
    return fields


def test_save_then_load_gives_an_equal_state() -> None:
    """B5."""
    state = ExecutionState(**WHOLE)

    assert as_loaded(saved(state)) == state


@pytest.mark.parametrize("name", ["input", "context", "member_outputs", "metadata"])
@pytest.mark.parametrize("document", [None, {}, {"a": 1}])
def test_an_absent_document_and_an_empty_one_differ(name: str, document: Any) -> None:
    """B11."""
    loaded = as_loaded(saved({"status": "running", name: document}))

    assert getattr(loaded, name) == document


def test_absent_fields_stay_absent() -> None:
    """B11."""
    loaded = as_loaded(saved({"status": "running"}))

    assert loaded.current_member is None
    assert loaded.schema_version is None
    assert loaded.start_time is None
    assert loaded.labels == {}


@dataclasses.dataclass
class Mine:
    """A dataclass of the caller's own."""

    status: str
    context: dict[str, Any]


@pytest.mark.parametrize(
    "state",
    [
        {"status": "running", "context": {"a": 1}},
        types.MappingProxyType({"status": Status.RUNNING, "context": {"a": 1}}),
        ExecutionState(status=Status.RUNNING, context={"a": 1}),
        Mine("running", {"a": 1}),
    ],
)
def test_mappings_and_dataclasses_are_the_same_state(state: Any) -> None:
    """B6."""
    request = saved(state, request_id="r")

    assert request == saved({"status": "running", "context": {"a": 1}}, request_id="r")


@pytest.mark.parametrize("state", [None, 1, "running", [("status", "running")], Mine])
def test_what_has_no_fields_is_refused(state: Any) -> None:
    assert refused_fields(lambda: saved(state)) == ["state"]


def test_an_unknown_field_is_refused_by_name() -> None:
    assert refused_fields(lambda: saved({"status": "running", "memberOutputs": {}})) == [
        "memberOutputs"
    ]
    assert refused_fields(lambda: updated({"contxt": {}})) == ["contxt"]


@pytest.mark.parametrize("status", ["done", "RUNNING", "", 1, ["running"], True])
def test_an_unknown_status_is_refused_and_the_known_ones_are_named(status: Any) -> None:
    """B7."""
    with pytest.raises(
        InvalidRequestError, match="none of running, waiting, paused, completed, failed"
    ) as caught:
        saved({"status": status})
    assert caught.value.fields[0][0] == "status"


@pytest.mark.parametrize("state", [{}, {"status": None}, {"context": {}}])
def test_a_save_without_a_status_is_refused(state: Any) -> None:
    """B7."""
    assert refused_fields(lambda: saved(state)) == ["status"]


def test_a_state_of_another_id_is_refused() -> None:
    """B8."""
    assert refused_fields(lambda: saved({"status": "running", "id": "exec_2"})) == ["id"]
    assert refused_fields(lambda: updated({"id": "exec_2"})) == ["id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context", [1]),
        ("context", "text"),
        ("labels", "text"),
        ("labels", {"a": 1}),
        ("labels", {1: "a"}),
        ("labels", {"a": "\ud800"}),
        ("current_member", 3),
        ("current_member", "\ud800"),
        ("id", 3),
        ("start_time", 1_700_000_000),
        ("start_time", "2026-01-01"),
        ("start_time", datetime(2026, 1, 1)),  # noqa: DTZ001 - naive on purpose
        ("start_time", datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))),
        ("start_time", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    ],
)
def test_a_field_of_a_wrong_kind_is_refused_by_name(field: str, value: Any) -> None:
    (named,) = refused_fields(lambda: saved({"status": "running", field: value}))
    assert named.split(" ")[0].split(".")[0] == field


@pytest.mark.parametrize(
    "instant",
    [
        START,
        START.astimezone(timezone(timedelta(hours=5, minutes=30))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
    ],
)
def test_a_start_time_is_exact_to_the_microsecond(instant: datetime) -> None:
    """B5."""
    loaded = as_loaded(saved({"status": "running", "start_time": instant}))

    assert loaded.start_time == instant
    assert loaded.start_time.tzinfo is UTC


def test_a_start_time_finer_than_python_holds_is_saved_as_it_was_loaded() -> None:
    """B78: other languages have nanoseconds."""
    exact = timestamp_pb2.Timestamp(seconds=1_700_000_000, nanos=123_456_789)
    request = saved({"status": "running"})
    request.state.start_time.CopyFrom(exact)
    loaded = as_loaded(request)

    assert loaded.start_time is not None
    assert loaded.start_time.microsecond == 123_456
    assert saved(loaded).state.start_time == exact
    assert saved(dataclasses.replace(loaded)).state.start_time == exact
    loaded.start_time += timedelta(seconds=1)
    assert saved(loaded).state.start_time.nanos == 123_456_000


def test_a_loaded_state_is_saved_at_its_revision() -> None:
    """B64."""
    loaded = as_loaded(saved(WHOLE))

    assert saved(loaded).options.expected_revision == 7
    assert saved(loaded, expected_revision=9).options.expected_revision == 9
    assert saved(dataclasses.replace(loaded, context={})).options.expected_revision == 7


def test_a_new_state_is_saved_whatever_is_there() -> None:
    """B65."""
    assert not saved(WHOLE).options.HasField("expected_revision")
    assert not saved(ExecutionState(**WHOLE)).options.HasField("expected_revision")
    assert saved(WHOLE, expected_revision=0).options.HasField("expected_revision")


def test_a_state_loaded_in_part_cannot_be_saved() -> None:
    """B11: it would remove what was not loaded."""
    partial = as_loaded(saved(WHOLE), partial=True)

    assert refused_fields(lambda: saved(partial)) == ["state"]
    assert refused_fields(lambda: saved(dataclasses.replace(partial))) == ["state"]


@pytest.mark.parametrize("revision", [-1, 2**63, "7", 7.0, True])
def test_a_revision_that_cannot_be_is_refused(revision: Any) -> None:
    """B65."""
    save = {"status": "running"}
    assert refused_fields(lambda: saved(save, expected_revision=revision)) == ["expected_revision"]
    assert refused_fields(lambda: load_request(EXECUTION, revision, None, None)) == ["revision"]


@pytest.mark.parametrize(
    ("ttl", "seconds", "nanos"),
    [
        (timedelta(days=7), 604_800, 0),
        (60, 60, 0),
        (0.5, 0, 500_000_000),
        (timedelta(0), 0, 0),
        (0, 0, 0),
    ],
)
def test_a_ttl_is_a_span_or_seconds_and_zero_is_for_ever(
    ttl: Any, seconds: int, nanos: int
) -> None:
    """B3."""
    sent = saved(WHOLE, ttl=ttl).options

    assert sent.HasField("ttl")
    assert (sent.ttl.seconds, sent.ttl.nanos) == (seconds, nanos)


def test_the_ttl_of_the_handle_stands_in_for_one_that_is_not_given() -> None:
    """B3, B18."""
    execution = ExecutionRef("orders", "exec_1", ttl=timedelta(hours=1))

    assert save_request(execution, WHOLE, Write()).options.ttl.seconds == 3600
    assert save_request(execution, WHOLE, Write(ttl=5)).options.ttl.seconds == 5
    assert update_request(execution, {}, (), (), Write()).options.ttl.seconds == 3600
    assert not delete_request(execution, Write()).options.HasField("ttl")
    assert not saved(WHOLE).options.HasField("ttl")


@pytest.mark.parametrize("ttl", [-1, timedelta(seconds=-1), "1h", float("nan"), 1e300, True])
def test_a_ttl_that_is_no_span_is_refused(ttl: Any) -> None:
    """B3."""
    assert refused_fields(lambda: saved(WHOLE, ttl=ttl)) == ["ttl"]


def test_the_actor_of_the_handle_stands_in_for_one_that_is_not_given() -> None:
    execution = ExecutionRef("orders", "exec_1", actor="worker-1")

    assert save_request(execution, WHOLE, Write()).options.actor == "worker-1"
    assert save_request(execution, WHOLE, Write(actor="ann")).options.actor == "ann"
    assert delete_request(execution, Write(actor="")).options.actor == ""


@pytest.mark.parametrize("request_id", ["", 3, "\ud800"])
def test_a_request_id_that_says_nothing_is_refused(request_id: Any) -> None:
    """B70."""
    assert refused_fields(lambda: saved(WHOLE, request_id=request_id)) == ["request_id"]


def test_an_update_says_nothing_about_what_it_does_not_name() -> None:
    """B12."""
    request = updated({"status": "waiting", "member_outputs": {"b": 2}})

    named = [field.name for field, _ in request.changes.ListFields()]
    assert named == ["status", "member_outputs"]
    assert not request.remove
    assert not request.replace


@pytest.mark.parametrize(
    "name",
    ["input", "context", "member_outputs", "metadata", "current_member", "schema_version"],
)
def test_none_removes_a_field_in_an_update(name: str) -> None:
    """B13."""
    request = updated({name: None, "status": "running"}, remove=["labels.team"])

    assert list(request.remove) == ["labels.team", name]
    assert not request.changes.HasField(name)


def test_none_removes_all_labels_in_an_update() -> None:
    """B13."""
    request = updated({"labels": None})

    assert list(request.replace) == ["labels"]
    assert not request.changes.labels


@pytest.mark.parametrize("name", ["status", "start_time", "id"])
def test_what_every_state_has_cannot_be_removed(name: str) -> None:
    """B13."""
    assert refused_fields(lambda: updated({name: None})) == [name]


@pytest.mark.parametrize("argument", ["replace", "remove"])
def test_one_name_in_place_of_a_list_is_refused(argument: str) -> None:
    """B13: a text is a list of characters, and would remove fields of one letter."""
    assert refused_fields(lambda: updated({}, **{argument: "context"})) == [argument]
    assert refused_fields(lambda: load_request(EXECUTION, None, None, "context")) == ["fields"]


def test_changes_may_come_as_a_mapping_and_by_keyword() -> None:
    """B12."""
    assert merged_changes({"context": {}}, {"status": "running"}) == {
        "context": {},
        "status": "running",
    }
    assert refused_fields(lambda: merged_changes({"status": "a"}, {"status": "b"})) == ["status"]
    assert refused_fields(lambda: merged_changes([1], {})) == ["changes"]  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("page_size", [0, -1, 2**31, "10", None])
def test_a_page_size_that_cannot_be_is_refused(page_size: Any) -> None:
    assert refused_fields(lambda: list_revisions_request(EXECUTION, page_size, "")) == ["page_size"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("orders", "", None, ""), "execution_id"),
        (("orders", None, None, ""), "execution_id"),
        (("orders", "\udc00", None, ""), "execution_id"),
        ((None, "e", None, ""), "namespace"),
        (("orders", "e", -1, ""), "ttl"),
        (("orders", "e", None, 3), "actor"),
    ],
)
def test_a_handle_that_cannot_be_is_refused(arguments: Any, field: str) -> None:
    assert refused_fields(lambda: ExecutionRef.checked(*arguments)) == [field]


def test_the_namespace_has_a_default() -> None:
    """B2."""
    assert ExecutionRef.checked("", "e", None, "").namespace == "execution-state"


def test_a_value_that_cannot_be_sent_is_told_by_its_path() -> None:
    """B74."""
    with pytest.raises(SerializationError) as caught:
        saved({"status": "running", "context": {"user": {"tags": ["a", "b", "c", {1}]}}})

    assert caught.value.path == "context.user.tags[3]"
