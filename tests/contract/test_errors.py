"""What an error tells, however it is met."""

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
import pytest

from statekeeper import Client, SerializationError, StateError, StateManager, errors
from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest
from tests.support.raw import (
    RawClient,
    Refusal,
    document,
    key_of,
    save_request,
    update_request,
)
from tests.support.states import loaded


def not_found(raw: RawClient, execution_id: str) -> Refusal:
    return raw.refusal(raw.stub.Update, update_request(execution_id))


def conflict(raw: RawClient, execution_id: str) -> Refusal:
    return raw.refusal(raw.stub.Save, save_request(execution_id, expected_revision=9))


def not_json(raw: RawClient, execution_id: str) -> Refusal:
    state = ExecutionState(status="STATUS_RUNNING", context=document(a="{"))
    return raw.refusal(raw.stub.Save, save_request(execution_id, state))


def malformed(raw: RawClient, execution_id: str) -> Refusal:
    return raw.refusal(raw.stub.Save, SaveRequest(key=key_of(execution_id)))


def too_large(raw: RawClient, execution_id: str) -> Refusal:
    big = document(a=bytes(10 * 1024 * 1024 + 1))
    state = ExecutionState(status="STATUS_RUNNING", context=big)
    return raw.refusal(raw.stub.Save, save_request(execution_id, state))


def reused(raw: RawClient, execution_id: str) -> Refusal:
    raw.stub.Save(save_request(execution_id, request_id="r1"))
    return raw.refusal(raw.stub.Update, update_request(execution_id, request_id="r1"))


def compacted(raw: RawClient, execution_id: str) -> Refusal:
    raw.stub.Save(save_request(execution_id))
    raw.delete(key_of(execution_id))
    raw.stub.Save(save_request(execution_id))
    return raw.refusal(raw.stub.Load, LoadRequest(key=key_of(execution_id), revision=1))


class Case(NamedTuple):
    """A way to be refused, and its status."""

    refuse: Callable[[RawClient, str], Refusal]
    code: grpc.StatusCode


CASES = {
    "STATE_NOT_FOUND": Case(not_found, grpc.StatusCode.NOT_FOUND),
    "CONFLICT": Case(conflict, grpc.StatusCode.ABORTED),
    "SERIALIZATION_ERROR": Case(not_json, grpc.StatusCode.INVALID_ARGUMENT),
    "INVALID_REQUEST": Case(malformed, grpc.StatusCode.INVALID_ARGUMENT),
    "STATE_TOO_LARGE": Case(too_large, grpc.StatusCode.INVALID_ARGUMENT),
    "REQUEST_ID_REUSED": Case(reused, grpc.StatusCode.INVALID_ARGUMENT),
    "REVISION_COMPACTED": Case(compacted, grpc.StatusCode.OUT_OF_RANGE),
}


@pytest.mark.parametrize("reason", CASES)
def test_an_error_carries_code_message_and_execution(
    raw: RawClient, execution_id: str, reason: str
) -> None:
    """B71, B73: one machine-readable reason, one status for it, and who it is about."""
    case = CASES[reason]
    refusal = case.refuse(raw, execution_id)

    assert (refusal.code, refusal.reason) == (case.code, reason)
    assert refusal.info.domain == "statekeeper"
    assert refusal.metadata["namespace"] == "execution-state"
    assert refusal.metadata["execution_id"] == execution_id
    assert len(refusal.message) > 10
    assert (reason == "INVALID_REQUEST") == bool(refusal.violations)


@pytest.mark.parametrize("reason", CASES)
def test_the_client_raises_the_error_of_the_reason(
    client: Client, raw: RawClient, execution_id: str, reason: str
) -> None:
    """B71: code, message, execution, whether the service refuses or already the client."""
    CASES[reason].refuse(raw, execution_id)
    sm = client.state_manager(execution_id)
    attempts: dict[str, Callable[[], Any]] = {
        "STATE_NOT_FOUND": lambda: sm.update(status="waiting"),
        "CONFLICT": lambda: sm.save({"status": "running"}, expected_revision=9),
        "SERIALIZATION_ERROR": lambda: sm.save({"status": "running", "context": {"a": {1}}}),
        "INVALID_REQUEST": lambda: sm.update(remove=["nonsense"]),
        "STATE_TOO_LARGE": lambda: sm.save(
            {"status": "running", "context": {"a": bytes(10 * 1024 * 1024 + 1)}}
        ),
        "REQUEST_ID_REUSED": lambda: sm.update(status="failed", request_id="r1"),
        "REVISION_COMPACTED": lambda: sm.load(revision=1),
    }

    with pytest.raises(StateError) as caught:
        attempts[reason]()
    error = caught.value
    assert (error.code, error.namespace, error.execution_id) == (
        reason,
        "execution-state",
        execution_id,
    )
    assert error.message


def test_an_error_about_an_unusable_key_still_echoes_it(raw: RawClient) -> None:
    """B71: as it was sent, but never so long that gRPC would drop the error."""
    key = key_of("x" * 100_000, "no spaces")
    refusal = raw.refusal(raw.stub.Load, LoadRequest(key=key))

    assert refusal.reason == "INVALID_REQUEST"
    assert refusal.metadata["namespace"] == "no spaces"
    assert refusal.metadata["execution_id"].startswith("xxxx")


@pytest.mark.parametrize("name", ["k" * 300, "\n" * 300, "ü" * 300, "\U0010ffff" * 3_000])
def test_details_stay_small_whatever_was_sent(raw: RawClient, name: str) -> None:
    """B71, B80: above some 16 KB gRPC would drop them."""
    state = ExecutionState(status="STATUS_RUNNING", context=document(**{name: "1"}))
    refusal = raw.refusal(raw.stub.Save, save_request(name, state))

    details = refusal.trailers["grpc-status-details-bin"]
    assert len(details) < 8 * 1024
    assert refusal.reason == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": {"b": [1, {2}]}}, "context.user.a.b[1]"),
        ({"a": float("nan")}, "context.user.a"),
        ([float("inf")], "context.user[0]"),
        ({"a": b"raw"}, "context.user.a"),
        ({1: 2}, "context.user"),
        (object(), "context.user"),
        ("\ud800", "context.user"),
    ],
)
def test_what_cannot_be_serialised_is_told_with_its_path_and_not_sent(
    sm: StateManager, value: object, path: str
) -> None:
    """B74."""
    sm.save({"status": "running", "context": {"user": 1}})

    with pytest.raises(SerializationError) as caught:
        sm.update(context={"user": value})
    assert caught.value.path == path
    assert path in str(caught.value)
    assert caught.value.execution_id == sm.execution_id
    assert loaded(sm).context == {"user": 1}
    assert loaded(sm).version == 1


def test_every_reason_of_the_contract_has_an_error_class() -> None:
    """B72: the ones that the contract names exist in the client."""
    names = {
        "StateNotFoundError": "STATE_NOT_FOUND",
        "LockTimeoutError": "LOCK_TIMEOUT",
        "CheckpointNotFoundError": "CHECKPOINT_NOT_FOUND",
        "SerializationError": "SERIALIZATION_ERROR",
        "StorageError": "STORAGE_ERROR",
        "InvalidTokenError": "INVALID_TOKEN",
        "ConflictError": "CONFLICT",
    }
    assert {name: getattr(errors, name).default_code for name in names} == names


def test_too_much_waiting_is_overloaded_and_tells_when_to_retry() -> None:
    """B73, B80: the trailer tells clients that retry by themselves."""
    with TestServer(inflight_bytes_max=16 * 1024**2) as server, RawClient(server.address) as raw:
        state = ExecutionState(status="STATUS_RUNNING", context=document(a=bytes(9 * 1024 * 1024)))
        calls = [raw.stub.Save.future(save_request(f"exec_{n}", state)) for n in range(8)]
        failed = [error for call in calls if (error := call.exception()) is not None]

        assert failed
        for error in failed:
            refusal = Refusal.of(error)
            assert (refusal.code, refusal.reason) == (
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "OVERLOADED",
            )
            assert refusal.retry_after_s == 0.1
            assert refusal.trailers["grpc-retry-pushback-ms"] == "100"
        assert raw.stub.Save(save_request("exec_after")).result.version == 1
