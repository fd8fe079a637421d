"""Checkpoints in transactions: what they name, and what can be done after them."""

import pytest

from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import LoadRequest
from tests.support.raw import RawClient, key_of
from tests.support.transactions import (
    checkpoint_op,
    delete_op,
    everything,
    load_op,
    pause_op,
    restore_op,
    save_op,
    transact,
    transaction_request,
    update_op,
)


def named(raw: RawClient, execution_id: str, checkpoint: str) -> dict[str, str]:
    """The context that a checkpoint names."""
    response = transact(raw, execution_id, load_op(checkpoint=checkpoint))
    entries = response.results[0].load.execution.state.context.entries
    return {name: value.json for name, value in entries.items()}


def test_one_before_the_writes_names_what_was_there(raw: RawClient, execution_id: str) -> None:
    """B49."""
    saved = transact(raw, execution_id, save_op(a="1")).result
    response = transact(raw, execution_id, checkpoint_op("c"), update_op(a="2"))

    assert response.results[0].checkpoint.revision == saved.revision
    assert response.result.revision > saved.revision
    assert named(raw, execution_id, "c") == {"a": "1"}


def test_one_after_the_writes_names_what_the_transaction_writes(
    raw: RawClient, execution_id: str
) -> None:
    """B49: also when it creates the execution."""
    response = transact(raw, execution_id, save_op(a="1"), checkpoint_op("c"), checkpoint_op("d"))

    assert [result.checkpoint.revision for result in response.results[1:]] == [
        response.result.revision
    ] * 2
    transact(raw, execution_id, save_op(b="2"))
    assert named(raw, execution_id, "c") == named(raw, execution_id, "d") == {"a": "1"}


def test_one_of_what_the_transaction_writes_shows_when_that_was_written(
    raw: RawClient, execution_id: str
) -> None:
    """B48: of a new execution, and of one that was written before."""
    for _ in range(2):
        response = transact(raw, execution_id, save_op(a="1"), checkpoint_op("c"))
        past = raw.stub.Load(LoadRequest(key=key_of(execution_id), checkpoint="c")).execution
        assert past == raw.load(key_of(execution_id))
        assert past.update_time == response.result.update_time


def test_both(raw: RawClient, execution_id: str) -> None:
    """B49: one of the same name replaces the other."""
    transact(raw, execution_id, save_op(a="1"))
    transact(
        raw,
        execution_id,
        *(checkpoint_op("before"), checkpoint_op("same")),
        update_op(a="2"),
        *(checkpoint_op("after"), checkpoint_op("same")),
    )
    transact(raw, execution_id, update_op(a="3"))

    assert named(raw, execution_id, "before") == {"a": "1"}
    assert named(raw, execution_id, "after") == named(raw, execution_id, "same") == {"a": "2"}


def test_alone_it_does_not_move_the_execution(raw: RawClient, execution_id: str) -> None:
    """B51."""
    saved = transact(raw, execution_id, save_op(a="1")).result
    response = transact(raw, execution_id, checkpoint_op("c"), load_op())

    assert (response.result.revision, response.result.version) == (saved.revision, 1)
    assert response.results[1].load.execution.revision == saved.revision


LATER = {
    "save": save_op(a="3"),
    "update": update_op(a="3"),
    "pause": pause_op(),
    "restore": restore_op(name="old"),
}


@pytest.mark.parametrize("kind", LATER)
def test_nothing_is_written_after_one_of_what_the_transaction_has_written(
    raw: RawClient, execution_id: str, kind: str
) -> None:
    """B66: it would name what nobody has ever seen; other operations may follow."""
    transact(raw, execution_id, save_op(a="1"), checkpoint_op("old"))
    before = everything(raw, execution_id)
    operations = [update_op(a="2"), checkpoint_op("c"), load_op(), LATER[kind]]
    request = transaction_request(execution_id, *operations)
    refusal = raw.refusal(raw.stub.Transaction, request)

    assert (refusal.reason, refusal.fields) == ("INVALID_REQUEST", [f"operations[3].{kind}"])
    assert everything(raw, execution_id) == before
    transact(raw, execution_id, *operations[:3], checkpoint_op("d"))
    assert named(raw, execution_id, "d") == {"a": "2"}


def test_one_that_was_replaced_before_the_write_does_not_forbid_it(
    raw: RawClient, execution_id: str
) -> None:
    """B66: it names what was there, and so do others that the transaction makes."""
    transact(raw, execution_id, save_op(a="1"), checkpoint_op("c"))
    transact(raw, execution_id, update_op(a="2"))
    transact(raw, execution_id, checkpoint_op("c"), update_op(a="3"), restore_op(name="c"))

    assert named(raw, execution_id, "c") == {"a": "2"}
    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.state.context.entries["a"].json == "2"


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        ([checkpoint_op("c"), load_op(checkpoint="c")], {"a": "1"}),
        ([checkpoint_op("c"), update_op(a="2"), load_op(checkpoint="c")], {"a": "1"}),
        ([update_op(a="2"), checkpoint_op("c"), load_op(checkpoint="c")], {"a": "2"}),
        ([checkpoint_op("old"), load_op(checkpoint="old")], {"a": "1"}),
        ([update_op(a="2"), checkpoint_op("old"), load_op(checkpoint="old")], {"a": "2"}),
        ([update_op(a="2"), load_op(checkpoint="old")], {"a": "0"}),
    ],
)
def test_a_load_sees_the_checkpoints_that_were_made_before_it(
    raw: RawClient, execution_id: str, operations: list[Operation], wanted: dict[str, str]
) -> None:
    """B66."""
    transact(raw, execution_id, save_op(a="0"), checkpoint_op("old"))
    transact(raw, execution_id, update_op(a="1"))
    response = transact(raw, execution_id, *operations)
    execution = response.results[-1].load.execution

    assert {name: v.json for name, v in execution.state.context.entries.items()} == wanted
    name = operations[-1].load.checkpoint
    again = transact(raw, execution_id, load_op(checkpoint=name)).results[0].load.execution
    for each in (execution, again):
        each.ClearField("expire_time")
    assert again == execution


def test_there_is_nothing_to_name_before_the_first_write(raw: RawClient, execution_id: str) -> None:
    """B49."""
    request = transaction_request(execution_id, checkpoint_op("c"), save_op(a="1"))
    assert raw.refusal(raw.stub.Transaction, request).reason == "STATE_NOT_FOUND"
    assert raw.load(key_of(execution_id)) is None


def test_they_go_with_the_execution(raw: RawClient, execution_id: str) -> None:
    """B16."""
    transact(raw, execution_id, save_op(a="1"), checkpoint_op("c"))
    transact(raw, execution_id, update_op(a="2"), checkpoint_op("d"), delete_op())
    transact(raw, execution_id, save_op(a="3"))
    for name in ("c", "d"):
        request = transaction_request(execution_id, load_op(checkpoint=name))
        assert raw.refusal(raw.stub.Transaction, request).reason == "CHECKPOINT_NOT_FOUND"


@pytest.mark.parametrize("replaced", [0, 3])
def test_no_more_than_256(raw: RawClient, execution_id: str, replaced: int) -> None:
    """B49: counted with those of the transaction; what replaces one needs no room."""
    transact(raw, execution_id, save_op(a="1"))
    first = [checkpoint_op(f"c{n}") for n in range(250)]
    transact(raw, execution_id, *first)
    more = [checkpoint_op(f"c{n}") for n in range(250 - replaced, 256)]
    transact(raw, execution_id, *more)
    before = everything(raw, execution_id)
    request = transaction_request(execution_id, *more, checkpoint_op("one more"))
    refusal = raw.refusal(raw.stub.Transaction, request)

    assert refusal.fields == [f"operations[{len(more)}].checkpoint.name"]
    assert everything(raw, execution_id) == before
