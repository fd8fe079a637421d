"""What a transaction loads: what its operations before have made, and again when repeated."""

import pytest

from statekeeper.v1.checkpoint_pb2 import CheckpointRequest, RestoreRequest
from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_RUNNING,
    STATUS_WAITING,
    Execution,
    ExecutionState,
)
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import DeleteRequest, LoadRequest, UpdateRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import RawClient, key_of, save_request

LOAD = Operation(load=LoadRequest())
CHECKPOINT = Operation(checkpoint=CheckpointRequest(name="c"))
LOAD_CHECKPOINT = Operation(load=LoadRequest(checkpoint="c"))
COMPLETE = Operation(update=UpdateRequest(changes=ExecutionState(status=STATUS_COMPLETED)))


def loads(
    raw: RawClient, execution_id: str, *operations: Operation, request_id: str = ""
) -> list[Execution]:
    """What a transaction has loaded."""
    request = TransactionRequest(
        key=key_of(execution_id),
        options=WriteOptions(request_id=request_id),
        operations=operations,
    )
    results = raw.stub.Transaction(request).results
    return [each.load.execution for each in results if each.HasField("load")]


def test_it_tells_when_what_it_has_made_was_written(raw: RawClient, execution_id: str) -> None:
    """B66."""
    save = Operation(save=save_request(execution_id))
    (created,) = loads(raw, execution_id, save, LOAD)
    (changed,) = loads(raw, execution_id, COMPLETE, LOAD)
    after = raw.load(key_of(execution_id))

    assert after is not None
    assert created.create_time == created.update_time == after.create_time
    assert changed.create_time == after.create_time
    assert changed.update_time == after.update_time


def test_it_loads_a_checkpoint_of_what_was_there(raw: RawClient, execution_id: str) -> None:
    """B45, B66."""
    raw.stub.Save(save_request(execution_id))
    raw.stub.Checkpoint(CheckpointRequest(key=key_of(execution_id), name="c"))
    waiting = ExecutionState(status=STATUS_WAITING)
    raw.stub.Save(save_request(execution_id, waiting))
    (loaded,) = loads(raw, execution_id, CHECKPOINT, COMPLETE, LOAD_CHECKPOINT)

    assert loaded.state.status == STATUS_WAITING


def test_it_loads_a_checkpoint_of_what_it_has_made(raw: RawClient, execution_id: str) -> None:
    """B45, B49, B66: not of what the checkpoint named before."""
    raw.stub.Save(save_request(execution_id))
    raw.stub.Checkpoint(CheckpointRequest(key=key_of(execution_id), name="c"))
    (loaded,) = loads(raw, execution_id, COMPLETE, CHECKPOINT, LOAD_CHECKPOINT)

    assert loaded.state.status == STATUS_COMPLETED


@pytest.mark.parametrize(
    "operation", [LOAD_CHECKPOINT, Operation(restore=RestoreRequest(name="c"))]
)
def test_what_it_has_just_created_has_no_checkpoints(
    raw: RawClient, execution_id: str, operation: Operation
) -> None:
    """B46, B66."""
    request = TransactionRequest(
        key=key_of(execution_id), operations=[Operation(save=save_request("")), operation]
    )
    assert raw.refusal(raw.stub.Transaction, request).reason == "CHECKPOINT_NOT_FOUND"


def test_repeated_it_loads_the_same_again(raw: RawClient, execution_id: str) -> None:
    """B70: whatever has become of the execution since."""
    raw.stub.Save(save_request(execution_id))
    operations = (CHECKPOINT, LOAD_CHECKPOINT, COMPLETE, LOAD)
    first = loads(raw, execution_id, *operations, request_id="r1")
    raw.stub.Save(save_request(execution_id, ExecutionState(status=STATUS_WAITING)))
    raw.stub.Checkpoint(CheckpointRequest(key=key_of(execution_id), name="c"))
    again = loads(raw, execution_id, *operations, request_id="r1")

    assert [each.state.status for each in again] == [STATUS_RUNNING, STATUS_COMPLETED]
    assert [each.state for each in again] == [each.state for each in first]
    assert [each.revision for each in again] == [each.revision for each in first]


def test_repeated_it_loads_nothing_of_a_successor(raw: RawClient, execution_id: str) -> None:
    """B70, B15."""
    raw.stub.Save(save_request(execution_id))
    loads(raw, execution_id, COMPLETE, LOAD, request_id="r1")
    raw.stub.Delete(DeleteRequest(key=key_of(execution_id)))
    raw.stub.Save(save_request(execution_id))

    (again,) = loads(raw, execution_id, COMPLETE, LOAD, request_id="r1")
    assert again == Execution()
