"""What a TransactionRequest may not be: each error names its operation."""

from typing import Any

import grpc
import pytest

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import RawClient, document, key_of
from tests.support.transactions import (
    checkpoint_op,
    delete_op,
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

EVERY = {
    "save": save_op(a="1"),
    "load": load_op(),
    "update": update_op(a="1"),
    "delete": delete_op(),
    "pause": pause_op(),
    "resume": resume_op(pause_id="1"),
    "checkpoint": checkpoint_op("c"),
    "restore": restore_op(name="c"),
}


def copy(operation: Operation) -> Operation:
    return Operation.FromString(operation.SerializeToString())


def check_refused(
    raw: RawClient, execution_id: str, operations: list[Operation], field: str
) -> None:
    request = transaction_request(execution_id, *operations)
    refusal = raw.refusal(raw.stub.Transaction, request)
    assert (refusal.code, refusal.reason, refusal.fields) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        [field],
    )
    assert raw.load(key_of(execution_id)) is None


def test_there_is_at_least_one_operation(raw: RawClient, execution_id: str) -> None:
    """B66."""
    check_refused(raw, execution_id, [], "operations")


def test_there_are_at_most_1000(raw: RawClient, execution_id: str) -> None:
    """B66."""
    check_refused(raw, execution_id, [save_op(a="1")] * 1_001, "operations")


@pytest.mark.parametrize("place", [0, 1])
def test_an_operation_is_of_a_kind(raw: RawClient, execution_id: str, place: int) -> None:
    """B80: and of one that this server knows."""
    for unknown in (b"", b"\xa2\x06\x00"):
        operations = [save_op(a="1"), save_op(a="2")]
        operations[place] = Operation.FromString(unknown)
        check_refused(raw, execution_id, operations, f"operations[{place}]")


@pytest.mark.parametrize("kind", ["lock", "renew_lock", "unlock"])
def test_a_lock_is_no_part_of_it(raw: RawClient, execution_id: str, kind: str) -> None:
    """B66: it is on no revision."""
    operation = Operation()
    getattr(operation, kind).SetInParent()
    check_refused(raw, execution_id, [save_op(a="1"), operation], f"operations[1].{kind}")


@pytest.mark.parametrize("kind", EVERY)
def test_a_delete_is_the_last(raw: RawClient, execution_id: str, kind: str) -> None:
    """B66."""
    operations = [save_op(a="1"), delete_op(), EVERY[kind]]
    check_refused(raw, execution_id, operations, "operations[1]")


@pytest.mark.parametrize("kind", EVERY)
def test_a_transaction_is_on_one_execution(raw: RawClient, execution_id: str, kind: str) -> None:
    """B66."""
    operation = copy(EVERY[kind])
    getattr(operation, kind).key.execution_id = "another"
    check_refused(raw, execution_id, [save_op(a="1"), operation], f"operations[1].{kind}.key")
    getattr(operation, kind).key.execution_id = execution_id
    getattr(operation, kind).key.namespace = "another"
    check_refused(raw, execution_id, [save_op(a="1"), operation], f"operations[1].{kind}.key")
    getattr(operation, kind).key.namespace = "no spaces"
    field = f"operations[1].{kind}.key.namespace"
    check_refused(raw, execution_id, [save_op(a="1"), operation], field)


@pytest.mark.parametrize("namespace", ["", "execution-state", "mine"])
def test_an_operation_may_say_the_transactions_key(
    raw: RawClient, execution_id: str, namespace: str
) -> None:
    """B4, B66: also where only one of the two spells the default namespace."""
    spellings = ("", "execution-state") if namespace in ("", "execution-state") else (namespace,)
    for n, spelling in enumerate(spellings):
        operations = [save_op(a="1"), update_op(b="2"), checkpoint_op("c"), load_op()]
        for operation in operations:
            name = operation.WhichOneof("operation")
            assert name is not None
            key = getattr(operation, name).key
            key.CopyFrom(key_of(f"{execution_id}{n}", spelling))
        request = transaction_request(f"{execution_id}{n}", *operations)
        request.key.namespace = namespace
        assert raw.stub.Transaction(request).result.version == 1
        assert raw.load(key_of(f"{execution_id}{n}", namespace)) is not None


@pytest.mark.parametrize("kind", sorted(EVERY.keys() - {"load"}))
@pytest.mark.parametrize(
    "options",
    [
        WriteOptions(expected_revision=0),
        WriteOptions(expected_revision=3),
        WriteOptions(request_id="r"),
        WriteOptions(fencing_token=1),
        WriteOptions(actor="a"),
    ],
    ids=str,
)
def test_an_operations_options_are_the_transactions(
    raw: RawClient, execution_id: str, kind: str, options: WriteOptions
) -> None:
    """B66: they hold for all of it or not at all."""
    ((field, _),) = options.ListFields()
    operation = copy(EVERY[kind])
    getattr(operation, kind).options.CopyFrom(options)
    place = f"operations[1].{kind}.options.{field.name}"
    check_refused(raw, execution_id, [save_op(a="1"), operation], place)


@pytest.mark.parametrize("kind", sorted(EVERY.keys() - {"load"}))
def test_an_operations_ttl_is_checked(raw: RawClient, execution_id: str, kind: str) -> None:
    """B18: and a delete has none."""
    operation = copy(EVERY[kind])
    getattr(operation, kind).options.ttl.seconds = 60 if kind == "delete" else -1
    place = f"operations[1].{kind}.options.ttl"
    check_refused(raw, execution_id, [save_op(a="1"), operation], place)


def bent(kind: str, **fields: Any) -> Operation:
    operation = copy(EVERY[kind])
    message = getattr(operation, kind)
    for name, value in fields.items():
        setattr(message, name, value)
    return operation


MALFORMED = {
    "save.state.status": Operation(save={"state": ExecutionState()}),
    "save.state": Operation(save={}),
    "update.replace[0]": Operation(update={"replace": ["status"]}),
    "update.remove[0]": Operation(update={"remove": ["nothing"]}),
    "load.fields[0]": load_op(fields=["nothing"]),
    "load.revision": load_op(revision=0),
    "load.checkpoint": load_op(revision=1, checkpoint="c"),
    "pause.member": bent("pause", member=""),
    "pause.reason": bent("pause", reason=""),
    "pause.on_expiry": bent("pause", on_expiry=9),
    "resume.token": Operation(resume={}),
    "checkpoint.name": bent("checkpoint", name="\n"),
    "restore.name": Operation(restore={}),
    "restore.revision": bent("restore", revision=-1),
}


@pytest.mark.parametrize("field", MALFORMED)
def test_what_is_malformed_is_named_with_its_operation(
    raw: RawClient, execution_id: str, field: str
) -> None:
    """B80."""
    operations = [save_op(a="1"), MALFORMED[field], save_op(b="1")]
    request = transaction_request(execution_id, *operations)
    refusal = raw.refusal(raw.stub.Transaction, request)

    assert refusal.reason == "INVALID_REQUEST"
    assert refusal.fields[0].startswith("operations[1]." + field.partition(".")[0])
    assert raw.load(key_of(execution_id)) is None


def test_a_value_that_is_not_json_is_named_with_its_operation(
    raw: RawClient, execution_id: str
) -> None:
    """B11."""
    changes = ExecutionState(metadata=document(a="1", b="{"))
    operations = [save_op(a="1"), Operation(update={"changes": changes})]
    refusal = raw.refusal(raw.stub.Transaction, transaction_request(execution_id, *operations))

    assert refusal.reason == "SERIALIZATION_ERROR"
    assert refusal.metadata["path"].startswith("operations[1].update.changes.metadata")
    assert refusal.metadata["path"].endswith("b") or '"b"' in refusal.metadata["path"]
    assert raw.load(key_of(execution_id)) is None


def test_the_transactions_own_key_and_options_are_checked(
    raw: RawClient, execution_id: str
) -> None:
    """B80."""
    request = transaction_request("", save_op(a="1"))
    assert raw.refusal(raw.stub.Transaction, request).fields == ["key.execution_id"]
    request = transaction_request(execution_id, save_op(a="1"), expected_revision=-1)
    assert raw.refusal(raw.stub.Transaction, request).fields == ["options.expected_revision"]
    request = transaction_request(execution_id, save_op(a="1"), request_id="x" * 257)
    assert raw.refusal(raw.stub.Transaction, request).fields == ["options.request_id"]


def test_a_token_of_another_execution_resumes_nothing(raw: RawClient, execution_id: str) -> None:
    """B30."""
    other = transact(raw, f"{execution_id}-other", pause_op()).results[0].pause
    transact(raw, execution_id, save_op(a="1"))
    before = everything(raw, execution_id)
    request = transaction_request(execution_id, update_op(a="2"), resume_op(token=other.token))
    assert raw.refusal(raw.stub.Transaction, request).reason == "INVALID_TOKEN"
    assert everything(raw, execution_id) == before


MB = 1024 * 1024


def test_what_is_loaded_may_take_8_mib_together(raw: RawClient, execution_id: str) -> None:
    """B79: or a small request could ask for an answer of any size."""
    big = ExecutionState(
        status=STATUS_RUNNING, context=document(a=bytes(5 * MB), b=bytes(2 * MB), c="1")
    )
    raw.stub.Transaction(transaction_request(execution_id, Operation(save={"state": big})))
    before = everything(raw, execution_id)
    small = load_op(fields=["context.c"])
    assert len(transact(raw, execution_id, load_op(), *[small] * 500).results) == 501
    for loads, place in (
        ([load_op(), load_op()], 1),
        ([load_op(), small, load_op(fields=["context.b"])], 2),
        ([load_op(fields=["context.b"])] * 999, 3),
    ):
        request = transaction_request(execution_id, *loads)
        refusal = raw.refusal(raw.stub.Transaction, request)
        assert refusal.reason == "INVALID_REQUEST"
        assert refusal.fields == [f"operations[{place}].load"]
        request.operations.insert(0, update_op(c="2"))
        refusal = raw.refusal(raw.stub.Transaction, request)
        assert refusal.fields == [f"operations[{place + 1}].load"]
    after = everything(raw, execution_id)
    for seen in (before, after):
        assert seen[0] is not None
        seen[0].ClearField("expire_time")  # type: ignore[union-attr]  # an execution
    assert after == before
    raw.delete(key_of(execution_id))
