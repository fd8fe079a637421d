"""Errors: one class for each reason, made from what the server tells."""

import copy
import pickle
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

import statekeeper
from statekeeper import errors
from statekeeper.rpc_errors import BY_REASON, CallSite, Failure, to_state_error
from statekeeper.v1 import error_reason_pb2

SITE = CallSite("127.0.0.1:7460", 10.0, "orders", "exec_1")
REASONS = [
    name.removeprefix("ERROR_REASON_")
    for name, number in error_reason_pb2.ErrorReason.items()
    if number
]


def told(reason: str, metadata: dict[str, str], *details: Message) -> Failure:
    """Gives a failure as the service tells it."""
    info = error_details_pb2.ErrorInfo(domain="statekeeper", reason=reason, metadata=metadata)
    status = status_pb2.Status(message="a sentence")
    for detail in (info, *details):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers = [("other", "x"), ("grpc-status-details-bin", status.SerializeToString())]
    return Failure(grpc.StatusCode.ABORTED, "a sentence", trailers)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_one_class(reason: str) -> None:
    """B71, B72."""
    error = to_state_error(told(reason, {"namespace": "n", "execution_id": "e"}), SITE)

    assert type(error) is BY_REASON[reason]
    assert [cls.default_code for cls in BY_REASON.values()].count(reason) == 1
    assert getattr(statekeeper, type(error).__name__) is type(error)
    facts = (error.code, error.message, error.namespace, error.execution_id)
    assert facts == (reason, "a sentence", "n", "e")


def test_no_class_is_for_a_reason_that_does_not_exist() -> None:
    """B71."""
    assert set(BY_REASON) == set(REASONS)


@pytest.mark.parametrize(
    ("reason", "metadata", "expected"),
    [
        ("CHECKPOINT_NOT_FOUND", {"checkpoint": "c"}, {"checkpoint": "c"}),
        ("CONFLICT", {"expected": "3", "current": "5"}, {"expected": 3, "current": 5}),
        ("CONFLICT", {"expected": "many"}, {"expected": -1, "current": -1}),
        (
            "LOCKED",
            {"owner": "w", "expire_time": "2026-01-01T00:00:00Z"},
            {"owner": "w", "expire_time": "2026-01-01T00:00:00Z"},
        ),
        ("SERIALIZATION_ERROR", {"path": "context.a"}, {"path": "context.a"}),
        ("STATE_TOO_LARGE", {"size": "11", "limit": "10"}, {"size": 11, "limit": 10}),
        (
            "SCHEMA_VIOLATION",
            {"key": "k", "path": "a.b", "rule": "minLength"},
            {"key": "k", "path": "a.b", "rule": "minLength"},
        ),
        ("STATE_ACCESS_DENIED", {"member": "m", "key": "k"}, {"member": "m", "key": "k"}),
        ("REVISION_COMPACTED", {"oldest_revision": "7"}, {"oldest_revision": 7}),
        ("OVERLOADED", {}, {"retry_after": None}),
        ("INVALID_REQUEST", {}, {"fields": []}),
    ],
)
def test_errors_carry_their_data(
    reason: str, metadata: dict[str, str], expected: dict[str, Any]
) -> None:
    """B71."""
    error = to_state_error(told(reason, metadata), SITE)

    assert {name: getattr(error, name) for name in expected} == expected
    assert error.metadata == metadata


@pytest.mark.parametrize(
    ("told_field", "field"),
    [
        ("key.namespace", "namespace"),
        ("options.ttl", "ttl"),
        ('changes.context["key.a"]', 'context["key.a"]'),
        ("operations[3].update.options.ttl", "operations[3].update.ttl"),
        ("state", "state"),
        ("keys.a", "keys.a"),
    ],
)
def test_a_field_has_the_name_that_callers_know(told_field: str, field: str) -> None:
    """B71: a request has some in a part of its own."""
    request = error_details_pb2.BadRequest()
    request.field_violations.add(field=told_field, description="is wrong")
    error = to_state_error(told("INVALID_REQUEST", {}, request), SITE)

    assert isinstance(error, errors.InvalidRequestError)
    assert error.fields == [(field, "is wrong")]


def test_an_invalid_request_names_its_fields() -> None:
    """B71."""
    violation = error_details_pb2.BadRequest.FieldViolation(field="a", description="is wrong")
    error = to_state_error(
        told("INVALID_REQUEST", {}, error_details_pb2.BadRequest(field_violations=[violation])),
        SITE,
    )

    assert isinstance(error, errors.InvalidRequestError)
    assert error.fields == [("a", "is wrong")]


def test_an_overload_tells_how_long_to_wait() -> None:
    """B71."""
    delay = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=250_000_000))
    error = to_state_error(told("OVERLOADED", {}, delay), SITE)

    assert isinstance(error, errors.OverloadedError)
    assert error.retry_after == timedelta(milliseconds=250)


def test_a_reason_of_the_future_is_an_error_with_that_code() -> None:
    """B71."""
    error = to_state_error(told("MOON_PHASE", {"moon": "full"}), SITE)

    assert type(error) is errors.StateError
    assert (error.code, error.metadata, error.execution_id) == (
        "MOON_PHASE",
        {"moon": "full"},
        "exec_1",
    )


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.UnavailableError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceededError),
        (grpc.StatusCode.CANCELLED, errors.CallCancelledError),
        (grpc.StatusCode.UNAUTHENTICATED, errors.UnauthenticatedError),
        (grpc.StatusCode.UNIMPLEMENTED, errors.UnimplementedError),
        (grpc.StatusCode.INTERNAL, errors.InternalError),
        (grpc.StatusCode.DATA_LOSS, errors.StateError),
    ],
)
def test_a_failure_on_the_way_names_the_target(
    status: grpc.StatusCode, cls: type[errors.StateError]
) -> None:
    """B71."""
    error = to_state_error(Failure(status, "details", ()), SITE)

    assert type(error) is cls
    assert error.code == status.name
    assert "127.0.0.1:7460" in error.message
    assert (error.namespace, error.execution_id) == ("orders", "exec_1")


@pytest.mark.parametrize(
    "trailer", [b"\xff\xff", status_pb2.Status(code=3, message="x").SerializeToString()]
)
def test_details_of_someone_else_are_a_failure_on_the_way(trailer: bytes) -> None:
    failure = Failure(grpc.StatusCode.INTERNAL, "oh", [("grpc-status-details-bin", trailer)])

    assert type(to_state_error(failure, SITE)) is errors.InternalError


@pytest.mark.parametrize(
    ("details", "cause"),
    [
        ("failed to connect: Connection refused (111)", "connection refused"),
        ("errors resolving nowhere:1: Domain name not found", "unknown host name"),
        ("recvmsg:Connection reset by peer", "connection lost"),
        ("Tls handshake failed (TSI_PROTOCOL_FAILURE)", "TLS handshake failed"),
        ("Expected SETTINGS frame as the first frame", "what listens there is no gRPC server"),
        ("something new", "something new"),
        ("", "no reason given"),
    ],
)
def test_why_a_server_cannot_be_reached_is_said_in_words(details: str, cause: str) -> None:
    error = to_state_error(Failure(grpc.StatusCode.UNAVAILABLE, details, ()), SITE)

    assert error.message == f"cannot reach statekeeper at 127.0.0.1:7460: {cause}"


ERRORS = [
    errors.ConflictError(
        "moved", expected=3, current=5, namespace="n", execution_id="e", metadata={"a": "b"}
    ),
    errors.OverloadedError("busy", retry_after=timedelta(seconds=1)),
    errors.InvalidRequestError("bad", fields=[("a", "b")]),
    errors.StateError("new", code="MOON_PHASE"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_errors_can_be_pickled_and_copied(error: errors.StateError) -> None:
    """B71: they cross process borders with all they carry."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - made here
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert (str(twin), twin.args) == (str(error), error.args)


def test_an_error_reads_as_a_sentence() -> None:
    """B71."""
    assert str(ERRORS[0]) == "CONFLICT: moved [n/e]"
    assert str(ERRORS[1]) == "OVERLOADED: busy"
