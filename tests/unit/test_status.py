"""Reasons and their gRPC statuses: the one table."""

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from statekeeper import errors as client_errors
from statekeeper.rpc_errors import BY_REASON
from statekeeper.v1.error_reason_pb2 import ErrorReason
from statekeeper_server import errors
from statekeeper_server.errors import FieldViolation, InvalidRequestError, StateError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.status import STATUS_CODES, retry_pushback_ms, to_status

REASONS = {name.removeprefix("ERROR_REASON_") for name, number in ErrorReason.items() if number}
KEY = ExecutionKey("orders", "exec_1")
ERRORS: list[StateError] = [
    errors.StateNotFoundError(),
    errors.CheckpointNotFoundError("before-payment"),
    errors.InvalidTokenError(),
    errors.LockedError("worker-1", 1_700_000_000_000_000),
    errors.FencedError(),
    errors.ConflictError(3, 5),
    errors.ConflictError(0, 5),
    errors.ConflictError(3, 0),
    errors.SerializationError("state.context", "is not JSON"),
    errors.invalid("state", "is missing"),
    errors.StateTooLargeError(11, 10),
    errors.SchemaViolationError("company.name: minLength", "company", "name", "minLength"),
    errors.StateAccessDeniedError("not declared", "analyze", "company"),
    errors.RequestIdReusedError(),
    errors.RevisionCompactedError("it is gone", 5),
    errors.OverloadedError("too much", 0.25),
    errors.StorageFullError(),
    errors.StorageError("out of service"),
    errors.BackupFailedError("there is no room"),
]


def test_every_reason_has_exactly_one_status() -> None:
    """B73."""
    assert set(STATUS_CODES) == REASONS
    assert all(isinstance(code, grpc.StatusCode) for code in STATUS_CODES.values())


def test_every_reason_has_exactly_one_error_in_the_client() -> None:
    """B71."""
    assert set(BY_REASON) == REASONS
    assert len(set(BY_REASON.values())) == len(REASONS)
    assert all(issubclass(error, client_errors.StateError) for error in BY_REASON.values())


def test_every_error_of_the_server_has_a_reason_of_the_contract() -> None:
    """B73."""
    assert {error.reason for error in _all_errors()} <= REASONS
    assert {type(error) for error in ERRORS} == _all_errors(), "one is missing in this test"


def test_no_two_errors_of_the_server_share_a_reason() -> None:
    """B71."""
    reasons = [error.reason for error in _all_errors()]
    assert len(set(reasons)) == len(reasons)


def test_the_tree_in_the_docstring_is_complete() -> None:
    """What a reader relies on."""
    assert errors.__doc__ is not None
    for error in _all_errors():
        assert f"── {error.__name__} " in errors.__doc__


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_becomes_a_status_with_its_data(error: StateError) -> None:
    """B71."""
    status = to_status(error, KEY)
    info = ErrorInfo()
    assert status.details[0].Unpack(info)

    assert status.code == STATUS_CODES[error.reason].value[0]
    assert status.message == error.message
    assert (info.reason, info.domain) == (error.reason, "statekeeper")
    assert dict(info.metadata) == {
        **error.metadata,
        "namespace": "orders",
        "execution_id": "exec_1",
    }


def test_an_error_without_an_execution_names_none() -> None:
    """B71."""
    info = ErrorInfo()
    to_status(errors.OverloadedError("too much"), None).details[0].Unpack(info)

    assert dict(info.metadata) == {}


def test_malformed_fields_are_listed() -> None:
    """B71: a few of them, when they are many."""
    error = InvalidRequestError(*(FieldViolation(f"f{n}", "is bad") for n in range(100)))
    bad = BadRequest()
    assert to_status(error, KEY).details[1].Unpack(bad)

    assert [violation.field for violation in bad.field_violations] == ["f0", "f1", "f2", "f3"]


def test_the_details_stay_small() -> None:
    """B71: gRPC drops what is above some 16 KB."""
    key = ExecutionKey("n" * 10_000, "e" * 10_000)
    long = "ü" * 10_000
    for error in (
        InvalidRequestError(*(FieldViolation(long, long) for _ in range(100))),
        errors.SerializationError(long, long),
    ):
        assert to_status(error, key).ByteSize() < 8 * 1024


def test_those_who_retry_by_themselves_are_told_when() -> None:
    """B73."""
    overloaded = errors.OverloadedError("too much", 0.25)
    retry = RetryInfo()
    assert to_status(overloaded, KEY).details[1].Unpack(retry)

    assert retry.retry_delay.ToMilliseconds() == 250
    assert retry_pushback_ms(overloaded) == 250
    assert retry_pushback_ms(errors.StorageFullError()) == -1
    assert retry_pushback_ms(errors.StorageError("out of service")) is None


def _all_errors() -> set[type[StateError]]:
    return {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, StateError) and each is not StateError
    }
