"""Writes under a lock: which are let through, and which change nothing."""

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.message import Message

from statekeeper.testing import TestServer
from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    DeleteCheckpointRequest,
    ListCheckpointsRequest,
    RestoreRequest,
)
from statekeeper.v1.execution_pb2 import STATUS_WAITING, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest, PauseRequest, ResumeRequest
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    ListRevisionsRequest,
    SaveRequest,
    UpdateRequest,
)
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.locks import granted, holder_of, lock, unlock
from tests.support.raw import RawClient, Refusal, document, key_of, save_request


class Execution(NamedTuple):
    """An execution on which every write could do something."""

    execution_id: str
    pause_token: str
    revision: int


def prepared(raw: RawClient, execution_id: str) -> Execution:
    """An execution with a checkpoint and an open pause."""
    key = key_of(execution_id)
    state = ExecutionState(status=STATUS_WAITING, context=document(n="1"))
    saved = raw.stub.Save(save_request(execution_id, state))
    raw.stub.Checkpoint(CheckpointRequest(key=key, name="kept"))
    paused = raw.stub.Pause(PauseRequest(key=key, member="m", reason="r"))
    return Execution(execution_id, paused.token, saved.result.revision)


def transaction(_: Execution) -> Message:
    save = SaveRequest(state=ExecutionState(status=STATUS_WAITING))
    return TransactionRequest(operations=[Operation(save=save)])


WRITES: dict[str, Callable[[Execution], Any]] = {
    "Save": lambda _: SaveRequest(state=ExecutionState(status=STATUS_WAITING)),
    "Update": lambda _: UpdateRequest(changes=ExecutionState(context=document(n="2"))),
    "Delete": lambda _: DeleteRequest(),
    "Pause": lambda _: PauseRequest(member="m2", reason="r"),
    "Resume": lambda execution: ResumeRequest(token=execution.pause_token),
    "Checkpoint": lambda _: CheckpointRequest(name="new"),
    "Restore": lambda _: RestoreRequest(name="kept"),
    "DeleteCheckpoint": lambda _: DeleteCheckpointRequest(name="kept"),
    "Transaction": transaction,
}
EVERY_WRITE = pytest.mark.parametrize("rpc", WRITES)


def request_of(rpc: str, execution: Execution, **options: Any) -> Any:
    request = WRITES[rpc](execution)
    request.key.CopyFrom(key_of(execution.execution_id))
    request.options.CopyFrom(WriteOptions(**options))
    return request


def everything(raw: RawClient, execution: Execution) -> list[Message | None]:
    """All that callers can see of an execution."""
    key = key_of(execution.execution_id)
    return [
        raw.load(key),
        raw.stub.ListRevisions(ListRevisionsRequest(key=key)),
        raw.stub.ListCheckpoints(ListCheckpointsRequest(key=key, include_state=True)),
        raw.stub.GetPause(GetPauseRequest(token=execution.pause_token)),
        holder_of(raw, execution.execution_id),
    ]


def refused(raw: RawClient, rpc: str, execution: Execution, **options: Any) -> Refusal:
    """A write's refusal, which has changed nothing and is not remembered."""
    before = everything(raw, execution)
    refusal = raw.refusal(
        getattr(raw.stub, rpc), request_of(rpc, execution, request_id=f"refused {rpc}", **options)
    )
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert everything(raw, execution) == before
    return refusal


def let_through(raw: RawClient, rpc: str, execution: Execution, **options: Any) -> None:
    """A write that must not be refused, under the request_id of one that was."""
    request = request_of(rpc, execution, request_id=f"refused {rpc}", **options)
    result = getattr(raw.stub, rpc)(request).result
    assert not result.replayed


@EVERY_WRITE
@pytest.mark.parametrize("exclusive", [False, True])
def test_a_write_with_the_locks_token_is_let_through(
    raw: RawClient, execution_id: str, rpc: str, *, exclusive: bool
) -> None:
    """B59, B63."""
    execution = prepared(raw, execution_id)
    token = granted(raw, execution_id, "a", exclusive=exclusive)
    let_through(raw, rpc, execution, fencing_token=token)


@EVERY_WRITE
def test_a_write_without_a_token_is_let_through_under_a_lock_that_is_not_exclusive(
    raw: RawClient, execution_id: str, rpc: str
) -> None:
    """B63."""
    execution = prepared(raw, execution_id)
    granted(raw, execution_id, "a")
    let_through(raw, rpc, execution)


@EVERY_WRITE
def test_a_write_without_a_token_is_locked_out_by_an_exclusive_lock(
    raw: RawClient, execution_id: str, rpc: str
) -> None:
    """B63."""
    execution = prepared(raw, execution_id)
    response = lock(raw, execution_id, "a", exclusive=True)
    refusal = refused(raw, rpc, execution)
    assert refusal.reason == "LOCKED"
    assert refusal.metadata == {
        "namespace": "execution-state",
        "execution_id": execution_id,
        "owner": "a",
        "expire_time": response.lease_expire_time.ToDatetime().isoformat() + "+00:00",
    }

    unlock(raw, execution_id, "a")
    let_through(raw, rpc, execution)


@EVERY_WRITE
@pytest.mark.parametrize("exclusive", [False, True])
def test_a_write_with_any_other_token_is_fenced_off(
    raw: RawClient, execution_id: str, rpc: str, *, exclusive: bool
) -> None:
    """B59: an earlier holder's, another execution's, one that is made up."""
    execution = prepared(raw, execution_id)
    earlier = granted(raw, execution_id, "a")
    unlock(raw, execution_id, "a")
    foreign = granted(raw, f"{execution_id}-other", "b")
    token = granted(raw, execution_id, "b", exclusive=exclusive)
    for wrong in (earlier, foreign, execution.revision, token + 1):
        assert refused(raw, rpc, execution, fencing_token=wrong).reason == "FENCED"
    let_through(raw, rpc, execution, fencing_token=token)


@EVERY_WRITE
@pytest.mark.parametrize("over", ["unlocked", "never locked"])
def test_a_write_with_a_token_is_fenced_off_when_nobody_holds_the_lock(
    raw: RawClient, execution_id: str, rpc: str, over: str
) -> None:
    """B59."""
    execution = prepared(raw, execution_id)
    token = 5
    if over == "unlocked":
        token = granted(raw, execution_id, "a")
        unlock(raw, execution_id, "a")

    assert refused(raw, rpc, execution, fencing_token=token).reason == "FENCED"
    let_through(raw, rpc, execution)


def test_writes_whose_lease_is_over_are_fenced_off(statekeeper_server: TestServer) -> None:
    """B57, B59: with nobody after them, and with somebody."""
    with RawClient(statekeeper_server.address) as raw:
        for rpc in WRITES:
            execution = prepared(raw, f"exec_{rpc}")
            token = granted(raw, execution.execution_id, "a", lease_s=100, exclusive=True)
            statekeeper_server.clock.advance(100)
            assert refused(raw, rpc, execution, fencing_token=token).reason == "FENCED"
            granted(raw, execution.execution_id, "b", lease_s=100)
            assert refused(raw, rpc, execution, fencing_token=token).reason == "FENCED"
            let_through(raw, rpc, execution)


@EVERY_WRITE
def test_a_repeated_write_is_answered_whatever_the_lock_is_now(
    raw: RawClient, execution_id: str, rpc: str
) -> None:
    """B70: it changes nothing, so there is nothing to fence off."""
    execution = prepared(raw, execution_id)
    token = granted(raw, execution_id, "a", exclusive=True)
    let_through(raw, rpc, execution, fencing_token=token)
    if rpc != "Delete":
        unlock(raw, execution_id, "a")
    granted(raw, execution_id, "b", exclusive=True)
    request = request_of(rpc, execution, request_id=f"refused {rpc}", fencing_token=token)

    assert getattr(raw.stub, rpc)(request).result.replayed


@EVERY_WRITE
def test_a_fenced_write_is_refused_before_its_expected_revision_is_looked_at(
    raw: RawClient, execution_id: str, rpc: str
) -> None:
    """B59, B65: who has lost the lock is told that, and not to load again and retry."""
    execution = prepared(raw, execution_id)
    granted(raw, execution_id, "a", exclusive=True)
    options = {"expected_revision": 2**40}

    assert refused(raw, rpc, execution, **options).reason == "LOCKED"
    assert refused(raw, rpc, execution, fencing_token=3, **options).reason == "FENCED"


@EVERY_WRITE
def test_a_fencing_token_is_not_negative(raw: RawClient, execution_id: str, rpc: str) -> None:
    """B80."""
    execution = Execution(execution_id, f"hitl_{'x' * 32}", 1)
    for token in (-1, -(2**63)):
        request = request_of(rpc, execution, fencing_token=token)
        refusal = raw.refusal(getattr(raw.stub, rpc), request)
        assert (refusal.reason, refusal.fields) == ("INVALID_REQUEST", ["options.fencing_token"])


def test_reads_are_served_under_an_exclusive_lock(raw: RawClient, execution_id: str) -> None:
    """B63: it keeps writers out."""
    execution = prepared(raw, execution_id)
    before = everything(raw, execution)[:-1]
    granted(raw, execution_id, "a", exclusive=True)

    assert everything(raw, execution)[:-1] == before


def test_tokens_grow_over_everything(statekeeper_server: TestServer) -> None:
    """B58, B69: over grants, deletes, re-creations, leases that are over, and restarts."""
    tokens: list[int] = []
    for n in range(4):
        with RawClient(statekeeper_server.address) as raw:
            tokens.append(granted(raw, "exec_1", f"{n}-a", lease_s=10))
            statekeeper_server.clock.advance(10)
            tokens.append(granted(raw, "exec_1", f"{n}-b", exclusive=True))
            raw.stub.Save(save_request("exec_1", fencing_token=tokens[-1]))
            unlock(raw, "exec_1", tokens[-1])
            tokens.append(granted(raw, "exec_1", f"{n}-c"))
            raw.delete(key_of("exec_1"))
            tokens.append(granted(raw, "exec_1", f"{n}-d"))
            unlock(raw, "exec_1", tokens[-1])
        statekeeper_server.restart()

    assert tokens == sorted(set(tokens))
