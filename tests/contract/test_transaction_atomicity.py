"""All or nothing: when one operation fails, none of them has happened."""

from typing import Any, NamedTuple

import pytest

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from tests.support.raw import DEADLINE_S, RawClient, document, key_of, save_request
from tests.support.transactions import (
    checkpoint_op,
    everything,
    load_op,
    pause_op,
    restore_op,
    resume_op,
    save_op,
    transact,
    transaction_request,
    update_op,
)


class Failure(NamedTuple):
    """An operation that fails, and the error's reason."""

    operation: Operation
    reason: str


TOO_LARGE = ExecutionState(context=document(big=bytes(40_000)))
FAILURES = {
    "not JSON": Failure(update_op(a="{"), "SERIALIZATION_ERROR"),
    "malformed": Failure(checkpoint_op(""), "INVALID_REQUEST"),
    "no such checkpoint": Failure(restore_op(name="none"), "CHECKPOINT_NOT_FOUND"),
    "no such checkpoint to load": Failure(load_op(checkpoint="none"), "CHECKPOINT_NOT_FOUND"),
    "the future": Failure(restore_op(revision=2**40), "INVALID_REQUEST"),
    "the past": Failure(restore_op(revision=1), "REVISION_COMPACTED"),
    "the past to load": Failure(load_op(revision=1), "REVISION_COMPACTED"),
    "unknown token": Failure(resume_op(token="hitl_" + "x" * 32), "INVALID_TOKEN"),
    "unknown pause": Failure(resume_op(pause_id="1-1"), "INVALID_TOKEN"),
    "too large": Failure(Operation(update={"changes": TOO_LARGE}), "STATE_TOO_LARGE"),
}
LARGE = Operation(update={"changes": ExecutionState(metadata=document(big=bytes(40_000)))})


def others(token: str) -> list[Operation]:
    """Operations that succeed, and leave something of every kind."""
    return [
        update_op(u="1"),
        pause_op("new"),
        resume_op(token=token),
        LARGE,
        load_op(fields=["context"]),
    ]


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_nothing_of_a_failed_transaction_has_happened(
    small_raw: RawClient, execution_id: str, name: str, place: int
) -> None:
    """B66: the state, its pauses, checkpoints, history and tokens are what they were."""
    raw = small_raw
    failure = FAILURES[name]
    transact(raw, f"{execution_id}-before", save_op(a="1"))
    transact(raw, execution_id, save_op(a="1"), checkpoint_op("c"))
    token = transact(raw, execution_id, pause_op()).results[0].pause.token
    before = everything(raw, execution_id, token)
    operations = others(token)
    operations.insert(place, failure.operation)
    request = transaction_request(
        execution_id, checkpoint_op("d"), *operations, request_id="r1", expected_revision=1
    )
    loaded = before[0]
    assert loaded is not None
    request.options.expected_revision = loaded.revision  # type: ignore[union-attr]  # an execution
    refusal = raw.refusal(raw.stub.Transaction, request)

    assert refusal.reason == failure.reason
    assert refusal.metadata["execution_id"] == execution_id
    assert everything(raw, execution_id, token) == before
    del request.operations[place + 1]
    response = raw.stub.Transaction(request)
    assert not response.result.replayed
    assert response.result.version == 3


@pytest.mark.parametrize("kind", ["update", "resume", "checkpoint", "restore"])
def test_what_needs_an_execution_fails_where_there_is_none(
    raw: RawClient, execution_id: str, kind: str
) -> None:
    """B66: and is no reason to create it."""
    pause_id = transact(raw, f"{execution_id}-other", pause_op()).results[0].pause.pause_id
    operations = {
        "update": update_op(a="1"),
        "resume": resume_op(pause_id=pause_id),
        "checkpoint": checkpoint_op("c"),
        "restore": restore_op(name="c"),
    }
    request = transaction_request(execution_id, operations[kind], save_op(a="1"))

    assert raw.refusal(raw.stub.Transaction, request).reason == "STATE_NOT_FOUND"
    assert raw.load(key_of(execution_id)) is None


def test_a_failed_transaction_does_not_disturb_the_others_of_its_batch(
    small_raw: RawClient, execution_id: str
) -> None:
    """B66, B80: all kinds of failures among writes that share their commits."""
    raw = small_raw
    calls: list[tuple[Any, str]] = []
    # What loads finds nothing to fail on before there is an execution.
    failures = [each for each in FAILURES.values() if not each.operation.HasField("load")] * 5
    for n, failure in enumerate(failures):
        name = f"{execution_id}-{n}"
        good = transaction_request(name, save_op(n=str(n)), checkpoint_op("c"))
        bad = transaction_request(f"{name}-x", save_op(n="0"), pause_op(), LARGE, failure.operation)
        save = save_request(
            f"{name}-y", ExecutionState(status=STATUS_RUNNING, context=document(n=str(n)))
        )
        calls += [
            (raw.stub.Transaction.future(good, timeout=DEADLINE_S), ""),
            (raw.stub.Transaction.future(bad, timeout=DEADLINE_S), f"{name}-x"),
            (raw.stub.Save.future(save, timeout=DEADLINE_S), ""),
        ]
    for call, gone in calls:
        assert (call.exception() is None) == (not gone)
    for n in range(len(failures)):
        for end in ("", "-y"):
            execution = raw.load(key_of(f"{execution_id}-{n}{end}"))
            assert execution is not None
            assert execution.state.context == document(n=str(n))
            assert execution.version == 1
        assert raw.load(key_of(f"{execution_id}-{n}-x")) is None
