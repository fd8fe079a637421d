"""Compare-and-set on transactions."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from statekeeper.backoff import ConflictBackoff
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of
from tests.support.transactions import (
    checkpoint_op,
    delete_op,
    everything,
    load_op,
    pause_op,
    save_op,
    transact,
    transaction_request,
    update_op,
)

THREADS = 64
_PATIENCE_S = 600.0


def test_a_transaction_expects_a_revision(raw: RawClient, execution_id: str) -> None:
    """B65."""
    first = transact(raw, execution_id, save_op(a="1")).result
    second = transact(
        raw, execution_id, update_op(a="2"), pause_op(), expected_revision=first.revision
    ).result
    before = everything(raw, execution_id)
    for expected in (first.revision, 0, second.revision + 1):
        request = transaction_request(
            execution_id, update_op(a="3"), checkpoint_op("c"), expected_revision=expected
        )
        refusal = raw.refusal(raw.stub.Transaction, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "CONFLICT")
        assert refusal.metadata["expected"] == str(expected)
        assert refusal.metadata["current"] == str(second.revision)
        assert everything(raw, execution_id) == before
    third = transact(raw, execution_id, delete_op(), expected_revision=second.revision)
    assert third.results[0].delete.existed


def test_expecting_nothing_creates(raw: RawClient, execution_id: str) -> None:
    """B65: once."""
    operations = (save_op(a="1"), pause_op(), update_op(b="2"))
    assert transact(raw, execution_id, *operations, expected_revision=0).result.version == 1
    request = transaction_request(execution_id, *operations, expected_revision=0)
    assert raw.refusal(raw.stub.Transaction, request).reason == "CONFLICT"


def test_expecting_something_where_there_is_nothing(raw: RawClient, execution_id: str) -> None:
    """B65: the metadata tells that there is nothing."""
    request = transaction_request(execution_id, save_op(a="1"), expected_revision=7)
    refusal = raw.refusal(raw.stub.Transaction, request)

    assert (refusal.reason, refusal.metadata["current"]) == ("CONFLICT", "0")
    assert raw.load(key_of(execution_id)) is None


def test_a_transaction_that_only_loads_can_expect_too(raw: RawClient, execution_id: str) -> None:
    """B65: it reads what is there only if it is the one."""
    revision = transact(raw, execution_id, save_op(a="1")).result.revision
    response = transact(raw, execution_id, load_op(), expected_revision=revision)
    assert response.results[0].load.HasField("execution")
    request = transaction_request(execution_id, load_op(), expected_revision=revision + 1)
    assert raw.refusal(raw.stub.Transaction, request).reason == "CONFLICT"


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(3_600)])]
)
def test_no_update_is_lost_under_parallel_transactions(
    raw: RawClient, execution_id: str, rounds: int
) -> None:
    """B64, B68: they load, add one, and retry on CONFLICT, with the waits of the client."""
    transact(raw, execution_id, save_op(n="0"))

    def count(_: int) -> None:
        for _ in range(rounds):
            backoff = ConflictBackoff(_PATIENCE_S)
            while not increment():
                delay_s = backoff.delay_s()
                assert delay_s is not None, "it never was its turn"
                time.sleep(delay_s)

    def increment() -> bool:
        execution = raw.load(key_of(execution_id))
        assert execution is not None
        n = int(execution.state.context.entries["n"].json)
        request = transaction_request(
            execution_id,
            update_op(n=str(n + 1)),
            load_op(fields=["context.n"]),
            expected_revision=execution.revision,
        )
        try:
            response = raw.stub.Transaction(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            assert Refusal.of(error).reason == "CONFLICT"  # noqa: PT017 - some are, some not
            return False
        loaded = response.results[1].load.execution.state.context.entries["n"].json
        assert loaded == str(n + 1)
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(count, range(THREADS)))
    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.state.context.entries["n"].json == str(THREADS * rounds)
    assert execution.version == THREADS * rounds + 1
