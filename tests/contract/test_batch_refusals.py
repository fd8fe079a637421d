"""What a batch refuses, as a whole or one operation of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper.v1.checkpoint_pb2 import RestoreRequest
from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.lock_pb2 import LockRequest, RenewLockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import PauseRequest, ResumeRequest
from statekeeper.v1.state_requests_pb2 import LoadRequest
from tests.support.operations import (
    Pipeline,
    context_of,
    do,
    load,
    method_of,
    request_of,
    save,
    update,
)
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of, save_request

MB = 1024 * 1024


class Case(NamedTuple):
    """An operation that is refused, and what is done before it."""

    make: Callable[[str], Operation]
    before: Callable[[str], list[Operation]] = lambda _: []


def locked(name: str) -> list[Operation]:
    return [Operation(lock=LockRequest(key=key_of(name), owner="other", exclusive=True))]


CASES = {
    "STATE_NOT_FOUND": Case(lambda name: update(name, a="1")),
    "CHECKPOINT_NOT_FOUND": Case(
        lambda name: Operation(restore=RestoreRequest(key=key_of(name), name="none")),
        lambda name: [save(name)],
    ),
    "CONFLICT": Case(lambda name: save(name, expected_revision=9)),
    "SERIALIZATION_ERROR": Case(lambda name: save(name, a="{")),
    "INVALID_REQUEST": Case(lambda name: Operation(pause=PauseRequest(key=key_of(name)))),
    "STATE_TOO_LARGE": Case(lambda name: save(name, a=bytes(10 * MB + 1))),
    "REQUEST_ID_REUSED": Case(
        lambda name: update(name, request_id="r1"), lambda name: [save(name, request_id="r1")]
    ),
    "REVISION_COMPACTED": Case(
        lambda name: Operation(load=LoadRequest(key=key_of(name), revision=1)),
        lambda name: [save(name)],
    ),
    "INVALID_TOKEN": Case(
        lambda name: Operation(resume=ResumeRequest(key=key_of(name), pause_id="nonsense")),
        lambda name: [save(name)],
    ),
    "LOCKED": Case(save, locked),
    "FENCED": Case(
        lambda name: Operation(renew_lock=RenewLockRequest(key=key_of(name), owner="me"))
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_an_error_in_a_batch_or_a_pipeline_is_that_of_the_rpc(
    raw: RawClient, execution_id: str, reason: str
) -> None:
    """B73: its code, its message and its details."""
    case = CASES[reason]
    for before in case.before(execution_id):
        do(raw, before)
    operation = case.make(execution_id)
    operation.tag = 7
    refusal = raw.refusal(method_of(raw, operation), request_of(operation))
    assert refusal.reason == reason

    (batched,) = do(raw, operation)
    with Pipeline(raw) as pipeline:
        (piped,) = pipeline.do(operation)
    for result in (batched, piped):
        assert result.error.SerializeToString() == refusal.trailers["grpc-status-details-bin"]
        assert result.tag == 7


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        (Operation(tag=1), "operation"),
        (save("exec_timeout", timeout=Duration(seconds=-1)), "timeout"),
        (save("exec_timeout", timeout=Duration(seconds=24 * 3600, nanos=1)), "timeout"),
        (save(""), "key.execution_id"),
        (save("", big=bytes(70_000)), "key.execution_id"),
    ],
)
def test_a_malformed_operation_is_refused_alone(
    raw: RawClient, execution_id: str, operation: Operation, field: str
) -> None:
    """B80: its error names the field."""
    results = do(raw, save(execution_id, a="1"), operation, load(execution_id))

    assert context_of(results[2]) == {"a": "1"}
    assert field.encode() in results[1].error.SerializeToString()
    assert results[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


def refusal_of_stream(raw: RawClient, message: bytes) -> Refusal:
    """The error that a pipeline ends with."""
    method: Any = raw.channel.stream_stream("/statekeeper.v1.StateManager/Pipeline", None, None)
    with pytest.raises(grpc.RpcError) as caught:
        list(method(iter([message]), timeout=DEADLINE_S))
    return Refusal.of(caught.value)


def _not_utf8() -> bytes:
    good = BatchRequest(operations=[load("exec_1"), load("exec_X")]).SerializeToString()
    return good.replace(b"exec_X", b"exec_\xff")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (b"", "operations"),
        (BatchRequest(operations=[load("e")] * 1_001).SerializeToString(), "operations"),
        (b"\xff\xff\xff", "request"),
        (_not_utf8(), "operations[1].load.key.execution_id"),
    ],
    ids=["none", "too many", "no message", "not UTF-8"],
)
def test_a_malformed_batch_is_refused_whole_and_its_field_is_named(
    raw: RawClient, message: bytes, field: str
) -> None:
    """B80: and a pipeline ends with it."""
    for refusal in (raw.refusal_of_bytes("Batch", message), refusal_of_stream(raw, message)):
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_REQUEST",
        )
        assert refusal.fields == [field]


def test_a_thousand_operations_are_not_too_many(raw: RawClient, execution_id: str) -> None:
    results = do(raw, *(update(execution_id, a="1", tag=n) for n in range(1_000)))

    assert {result.error.code for result in results} == {grpc.StatusCode.NOT_FOUND.value[0]}


@pytest.mark.parametrize(("size", "number"), [(3 * MB, 4), (60_000, 300), (9_000, 999)])
def test_reads_that_do_not_fit_into_the_answer_are_refused_alone(
    raw: RawClient, execution_id: str, size: int, number: int
) -> None:
    """B80: the answer stays within what a message may take; the others are in it."""
    do(raw, save(execution_id, big=bytes(size)))
    results = do(raw, *[load(execution_id)] * number, save(execution_id))

    refused = [result.error for result in results if result.HasField("error")]
    assert 0 < len(refused) < number
    assert {error.code for error in refused} == {grpc.StatusCode.INVALID_ARGUMENT.value[0]}
    assert results[-1].save.result.version == 2
    assert sum(result.ByteSize() for result in results) < 16 * MB


def test_updates_whose_execution_does_not_fit_are_still_said_to_be_done(
    raw: RawClient, execution_id: str
) -> None:
    """B20: what is done is never answered with an error."""
    do(raw, save(execution_id, big=bytes(3 * MB)))
    results = do(raw, *[update(execution_id, return_execution=True, a="1") for _ in range(4)])

    assert [result.update.result.version for result in results] == [2, 3, 4, 5]
    assert results[0].update.HasField("execution")
    assert not results[3].update.HasField("execution")


def test_a_batch_that_is_larger_than_a_message_may_be_is_refused_whole(raw: RawClient) -> None:
    """B80: as any other request that is too large for a message."""
    large = ExecutionState(status="STATUS_RUNNING")
    large.context.entries["big"].binary = bytes(9 * MB)
    operations = [Operation(save=save_request(f"exec_{n}", large)) for n in range(2)]
    refusal = raw.refusal(raw.stub.Batch, BatchRequest(operations=operations))

    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
