"""Requests about locks that are sent more than once, as retries do."""

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.lock_pb2 import LockResponse
from tests.support.locks import (
    granted,
    holder_of,
    line,
    lock,
    lock_request,
    owner_of,
    renew_request,
    stand_in_line,
    unlock,
    unlock_request,
    until,
)
from tests.support.raw import DEADLINE_S, RawClient, save_request


def same(again: LockResponse, first: LockResponse) -> bool:
    """Whether it is the first answer again."""
    assert again.result.replayed
    assert not first.result.replayed
    again.result.replayed = False
    return again == first


def test_a_repeated_lock_gets_the_first_answer(raw: RawClient, execution_id: str) -> None:
    """B70: and does not renew the lease."""
    first = lock(raw, execution_id, "a", request_id="r1", lease_s=60)
    again = lock(raw, execution_id, "a", request_id="r1", lease_s=60)

    assert same(again, first)
    found = holder_of(raw, execution_id)
    assert found is not None
    assert found.lease_expire_time == first.lease_expire_time


def test_a_lock_that_was_not_granted_can_be_tried_again(raw: RawClient, execution_id: str) -> None:
    """B70: only what was done is remembered."""
    granted(raw, execution_id, "a")
    for _ in range(2):
        response = lock(raw, execution_id, "b", request_id="r1")
        assert not response.acquired
        assert not response.result.replayed
    unlock(raw, execution_id, "a")

    assert lock(raw, execution_id, "b", request_id="r1").acquired


def test_a_lock_repeated_after_it_was_released_is_not_held_again(
    raw: RawClient, execution_id: str
) -> None:
    """B70: a retry that comes late takes nothing from others; its token is stale."""
    first = lock(raw, execution_id, "a", request_id="r1")
    unlock(raw, execution_id, "a")
    again = lock(raw, execution_id, "a", request_id="r1")

    assert same(again, first)
    assert owner_of(raw, execution_id) == ""
    late = save_request(execution_id, fencing_token=again.fencing_token)
    assert raw.refusal(raw.stub.Save, late).reason == "FENCED"


def test_a_repeated_unlock_does_not_free_the_next_holder(raw: RawClient, execution_id: str) -> None:
    """B70: not even when the same owner has it again."""
    granted(raw, execution_id, "a")
    first = raw.stub.Unlock(unlock_request(execution_id, "a", request_id="r1"))
    granted(raw, execution_id, "a")
    again = raw.stub.Unlock(unlock_request(execution_id, "a", request_id="r1"))

    assert (first.released, again.released) == (True, True)
    assert again.result.replayed
    assert owner_of(raw, execution_id) == "a"


def test_a_repeated_renewal_does_not_prolong_the_lease(raw: RawClient, execution_id: str) -> None:
    """B70."""
    granted(raw, execution_id, "a")
    request = renew_request(execution_id, "a", lease_s=100, request_id="r1")
    first = raw.stub.RenewLock(request)
    raw.stub.RenewLock(renew_request(execution_id, "a", lease_s=500))
    before = holder_of(raw, execution_id)
    again = raw.stub.RenewLock(request)

    assert again.result.replayed
    assert again.lease_expire_time == first.lease_expire_time
    assert holder_of(raw, execution_id) == before


def test_a_request_id_is_refused_for_something_else(raw: RawClient, execution_id: str) -> None:
    """B70."""
    granted(raw, execution_id, "a", request_id="r1")
    before = holder_of(raw, execution_id)
    refusals = [
        raw.refusal(raw.stub.Lock, lock_request(execution_id, "b", request_id="r1")),
        raw.refusal(raw.stub.Lock, lock_request(execution_id, "a", lease_s=1, request_id="r1")),
        raw.refusal(raw.stub.Lock, lock_request(execution_id, "a", wait_s=1, request_id="r1")),
        raw.refusal(
            raw.stub.Lock, lock_request(execution_id, "a", exclusive=True, request_id="r1")
        ),
        raw.refusal(raw.stub.Unlock, unlock_request(execution_id, "a", request_id="r1")),
        raw.refusal(raw.stub.RenewLock, renew_request(execution_id, "a", request_id="r1")),
        raw.refusal(raw.stub.Save, save_request(execution_id, request_id="r1")),
    ]

    assert {refusal.reason for refusal in refusals} == {"REQUEST_ID_REUSED"}
    assert holder_of(raw, execution_id) == before


def test_retries_that_wait_beside_their_first_attempts_get_one_grant(
    raw: RawClient, execution_id: str
) -> None:
    """B62, B70: a client that gave up waiting for an answer and asked again."""
    granted(raw, execution_id, "a")
    calls = [stand_in_line(raw, execution_id, "b", request_id="r1") for _ in range(3)]
    other = stand_in_line(raw, execution_id, "c")
    unlock(raw, execution_id, "a")
    responses = [call.result(timeout=DEADLINE_S) for call in calls]

    assert all(response.acquired for response in responses)
    assert len({response.fencing_token for response in responses}) == 1
    assert not other.done()
    assert unlock(raw, execution_id, "b")
    assert other.result(timeout=DEADLINE_S).acquired


@pytest.mark.parametrize("in_line", [False, True])
def test_a_retry_after_its_first_attempt_was_cancelled(*, in_line: bool) -> None:
    """B61, B70: whatever became of the first one, the retry gets the lock, and keeps it."""
    wait_s = 100 if in_line else None
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        for n in range(50):
            request = lock_request("exec_1", "b", wait_s=wait_s, request_id=f"r{n}")
            if in_line:
                granted(raw, "exec_1", "a")
                call = stand_in_line(raw, "exec_1", "b", wait_s=wait_s, request_id=f"r{n}")
            else:
                call = raw.stub.Lock.future(request, timeout=DEADLINE_S)
            call.cancel()
            if in_line:
                assert unlock(raw, "exec_1", "a")
            response = raw.stub.Lock(request, timeout=DEADLINE_S)
            assert response.acquired
            # Nothing that was under way takes it away again.
            until(raw, lambda: not line(server, "exec_1"))
            found = holder_of(raw, "exec_1")
            assert found is not None
            assert (found.owner, found.fencing_token) == ("b", response.fencing_token)
            assert unlock(raw, "exec_1", "b")


def test_locks_are_remembered_over_a_restart() -> None:
    """B20, B70."""
    with TestServer() as server:
        with RawClient(server.address) as raw:
            first = lock(raw, "exec_1", "a", request_id="r1")
            granted(raw, "exec_2", "a")
            raw.stub.Unlock(unlock_request("exec_2", "a", request_id="r1"))
            granted(raw, "exec_2", "a")
        server.restart()
        with RawClient(server.address) as raw:
            assert same(lock(raw, "exec_1", "a", request_id="r1"), first)
            again = raw.stub.Unlock(unlock_request("exec_2", "a", request_id="r1"))
            assert again.released
            assert again.result.replayed
            assert owner_of(raw, "exec_2") == "a"
