"""Two operations in one transaction are what they are in two."""

from itertools import product

import pytest

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.operation_pb2 import Operation
from tests.support.raw import RawClient, key_of
from tests.support.transactions import (
    checkpoint_op,
    load_op,
    pause_op,
    restore_op,
    resume_op,
    save_op,
    transact,
    transaction_request,
    update_op,
)

OPERATIONS = {
    "save": save_op(a="1"),
    "update": update_op(b="2"),
    "pause": pause_op("p"),
    "restore": restore_op(name="c"),
    "resume": resume_op(token=""),
    "checkpoint": checkpoint_op("d"),
    "load": load_op(),
}
PAIRS = [pair for pair in product(OPERATIONS, repeat=2) if pair != ("resume", "resume")]


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_operations_together(raw: RawClient, execution_id: str, pair: tuple[str, str]) -> None:
    """B66: on an execution with a checkpoint and an open pause."""
    one, two = f"{execution_id}-1", f"{execution_id}-2"
    together, apart = _operations(raw, one, pair), _operations(raw, two, pair)
    if pair[0] in ("save", "restore") and pair[1] == "resume":
        # The first has closed the pause.
        refusal = raw.refusal(raw.stub.Transaction, transaction_request(one, *together))
        assert refusal.reason == "INVALID_TOKEN"
        return
    if pair == ("checkpoint", "load"):
        # Of the execution, a checkpoint changes nothing.
        before = _seen(raw, one)
        transact(raw, one, *together)
        assert _seen(raw, one) == before
    transact(raw, one, *together)
    for operation in apart:
        transact(raw, two, operation)

    assert _seen(raw, one) == _seen(raw, two)


def _operations(raw: RawClient, execution_id: str, pair: tuple[str, str]) -> list[Operation]:
    """Prepare an execution, and give the operations for it."""
    transact(raw, execution_id, save_op(x="0"), checkpoint_op("c"))
    transact(raw, execution_id, update_op(x="1"))
    token = transact(raw, execution_id, pause_op("q")).results[0].pause.token
    operations = [Operation.FromString(OPERATIONS[name].SerializeToString()) for name in pair]
    for operation in operations:
        if operation.HasField("resume"):
            operation.resume.token = token
    return operations


def _seen(raw: RawClient, execution_id: str) -> Execution:
    """An execution without what is its own: names, times and positions."""
    execution = raw.load(key_of(execution_id))
    assert execution is not None
    for field in ("key", "revision", "version", "create_time", "update_time", "expire_time"):
        execution.ClearField(field)
    execution.state.ClearField("id")
    execution.state.ClearField("start_time")
    for pause in execution.pauses:
        for field in ("pause_id", "create_time", "expire_time"):
            pause.ClearField(field)
        if pause.HasField("resumption"):
            pause.resumption.ClearField("time")
    return execution
