"""Transactions that are sent more than once, as retries do."""

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.transaction_pb2 import TransactionRequest, TransactionResponse
from tests.support.raw import RawClient, key_of
from tests.support.transactions import (
    checkpoint_op,
    delete_op,
    everything,
    load_op,
    pause_op,
    resume_op,
    save_op,
    transact,
    transaction_request,
    update_op,
)

MB = 1024 * 1024


def retried(raw: RawClient, request: TransactionRequest) -> TransactionResponse:
    """The answer to a request that was done before."""
    response = raw.stub.Transaction(request)
    assert isinstance(response, TransactionResponse)
    assert response.result.replayed
    response.result.replayed = False
    return response


def test_a_repeated_transaction_gets_the_first_answer(raw: RawClient, execution_id: str) -> None:
    """B70: with the tokens of its pauses."""
    transact(raw, execution_id, save_op(a="0"), checkpoint_op("c"))
    request = transaction_request(
        execution_id,
        *(save_op(a="1"), update_op(b="2"), pause_op("m1"), pause_op("m2")),
        *(checkpoint_op("d"), load_op()),
        request_id="r1",
    )
    first = raw.stub.Transaction(request)
    tokens = [result.pause.token for result in first.results[2:4]]
    before = everything(raw, execution_id, *tokens)

    assert retried(raw, request) == first
    assert everything(raw, execution_id, *tokens) == before
    assert len(set(tokens)) == 2
    transact(raw, execution_id, resume_op(token=tokens[1]), resume_op(token=tokens[0]))
    again = retried(raw, request)
    for response in (first, again):
        # When it will be gone is not a thing of the past.
        response.results[-1].load.execution.ClearField("expire_time")
    assert again == first


def test_over_a_restart(statekeeper_server: TestServer) -> None:
    """B20, B70."""
    request = transaction_request("exec_1", save_op(a="1"), pause_op(), load_op(), request_id="r1")
    with RawClient(statekeeper_server.address) as raw:
        first = raw.stub.Transaction(request)
    statekeeper_server.restart()
    with RawClient(statekeeper_server.address) as raw:
        assert retried(raw, request) == first
        transact(raw, "exec_1", resume_op(token=first.results[1].pause.token))


def test_loads_are_answered_as_of_the_revision_that_they_read(
    raw: RawClient, execution_id: str
) -> None:
    """B70: and not as later writes have made it."""
    saved = transact(raw, execution_id, save_op(a="0"), checkpoint_op("c")).result
    request = transaction_request(
        execution_id,
        load_op(fields=["context.a"]),
        update_op(a="1", b="1"),
        load_op(),
        load_op(revision=saved.revision),
        load_op(checkpoint="c"),
        load_op(fields=["status"]),
        update_op(a="2"),
        request_id="r1",
    )
    first = raw.stub.Transaction(request)
    at_the_end = raw.load(key_of(execution_id))
    assert at_the_end is not None
    transact(raw, execution_id, update_op(a="3"))
    again = retried(raw, request)
    loaded = [result.load.execution for result in again.results if result.HasField("load")]

    assert again.result == first.result
    for execution in (at_the_end, *loaded):
        execution.ClearField("expire_time")
    assert loaded[1] == at_the_end
    assert loaded[0].revision == saved.revision
    assert loaded[0].state.context.entries.keys() == {"a"}
    assert loaded[0].state.context.entries["a"].json == "0"
    for place in (2, 3):
        assert loaded[place].revision == saved.revision
        assert loaded[place].state.context.entries["a"].json == "0"
    assert not loaded[4].state.HasField("context")


@pytest.mark.parametrize("then", ["deleted", "deleted by itself", "created anew"])
def test_loads_are_absent_when_that_is_no_longer_kept(
    raw: RawClient, execution_id: str, then: str
) -> None:
    """B70."""
    operations = [save_op(a="1"), load_op()]
    if then == "deleted by itself":
        operations.append(delete_op())
    request = transaction_request(execution_id, *operations, request_id="r1")
    first = raw.stub.Transaction(request)
    assert first.results[1].load.HasField("execution")
    raw.delete(key_of(execution_id))
    if then == "created anew":
        transact(raw, execution_id, save_op(a="2"))
    again = retried(raw, request)

    assert again.results[1].WhichOneof("response") == "load"
    assert not again.results[1].load.HasField("execution")
    assert again.result == first.result


def test_loads_of_a_repeated_transaction_take_no_more_than_8_mib(
    raw: RawClient, execution_id: str
) -> None:
    """B79: what they load at the end may be larger than what they loaded first."""
    request = transaction_request(
        execution_id,
        save_op(a="1"),
        *[load_op()] * 5,
        save_op(a=bytes(3 * MB)),
        request_id="r1",
    )
    raw.stub.Transaction(request)
    loads = [result.load for result in retried(raw, request).results[1:6]]

    assert [load.HasField("execution") for load in loads] == [True, True, False, False, False]
    raw.delete(key_of(execution_id))


def test_a_repeated_update_gives_no_execution(raw: RawClient, execution_id: str) -> None:
    """B70: what it was in the midst of the transaction is not kept."""
    transact(raw, execution_id, save_op(a="0"))
    operation = update_op(a="1")
    operation.update.return_execution = True
    request = transaction_request(execution_id, operation, update_op(a="2"), request_id="r1")
    first = raw.stub.Transaction(request)
    assert first.results[0].update.execution.state.context.entries["a"].json == "1"
    again = retried(raw, request)

    assert again.results[0].WhichOneof("response") == "update"
    assert not again.results[0].update.HasField("execution")


def test_a_request_id_is_refused_for_another_transaction(raw: RawClient, execution_id: str) -> None:
    """B70: and for one of its operations alone."""
    operations = [save_op(a="1"), update_op(b="1")]
    transact(raw, execution_id, *operations, request_id="r1")
    for other in (operations[:1], operations[::-1], [*operations, load_op()]):
        request = transaction_request(execution_id, *other, request_id="r1")
        assert raw.refusal(raw.stub.Transaction, request).reason == "REQUEST_ID_REUSED"
    save = operations[0].save
    save.key.CopyFrom(key_of(execution_id))
    save.options.request_id = "r1"
    assert raw.refusal(raw.stub.Save, save).reason == "REQUEST_ID_REUSED"
