"""Many who want the same lock: one at a time, and each in the end."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from tests.support.locks import LONG_S, lock, unlock
from tests.support.raw import RawClient, document, key_of, save_request, update_request

CONTENDERS = 64


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(3_600)])]
)
def test_of_many_contenders_one_holds_the_lock_at_a_time(
    raw: RawClient, execution_id: str, rounds: int
) -> None:
    """B60: each of them counts under the lock without comparing, and none is lost."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(n="0"))
    raw.stub.Save(save_request(execution_id, state))
    inside = threading.Lock()
    tokens: list[int] = []
    served = dict.fromkeys(range(CONTENDERS), 0)

    def contend(number: int) -> None:
        for _ in range(rounds):
            response = lock(
                raw, execution_id, f"{number}", lease_s=LONG_S, wait_s=LONG_S, exclusive=True
            )
            assert response.acquired
            assert inside.acquire(blocking=False), "someone else holds it too"
            token = response.fencing_token
            tokens.append(token)
            served[number] += 1
            execution = raw.load(key_of(execution_id))
            assert execution is not None
            n = int(execution.state.context.entries["n"].json)
            changes = ExecutionState(context=document(n=str(n + 1)))
            raw.stub.Update(update_request(execution_id, changes, fencing_token=token))
            inside.release()
            assert unlock(raw, execution_id, token)

    with ThreadPoolExecutor(CONTENDERS) as pool:
        list(pool.map(contend, range(CONTENDERS)))

    assert tokens == sorted(set(tokens))
    assert set(served.values()) == {rounds}
    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.state.context.entries["n"].json == str(CONTENDERS * rounds)
