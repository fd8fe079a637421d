"""Waiting for a lock: whose turn it is."""

from concurrent.futures import ThreadPoolExecutor

import grpc

from statekeeper.testing import TestServer
from statekeeper.v1.state_requests_pb2 import DeleteRequest
from tests.support.locks import (
    LONG_S,
    Call,
    granted,
    line,
    lock,
    lock_request,
    owner_of,
    stand_in_line,
    unlock,
    until,
    waiting,
)
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of, save_request

MANY = 20


def next_holder(raw: RawClient, execution_id: str, calls: dict[str, Call]) -> str:
    """Who has the lock now; that one, and nobody else, has been told."""
    owner = owner_of(raw, execution_id)
    response = calls.pop(owner).result(timeout=DEADLINE_S)
    assert response.acquired
    assert not response.HasField("holder")
    assert not any(call.done() for call in calls.values())
    return owner


def test_those_who_wait_are_served_in_the_order_of_their_arrival(
    raw: RawClient, execution_id: str
) -> None:
    """B54, B60: with tokens that grow."""
    tokens = [granted(raw, execution_id, "first")]
    owners = [f"owner {n}" for n in range(MANY)]
    calls = {owner: stand_in_line(raw, execution_id, owner) for owner in owners}
    assert unlock(raw, execution_id, "first")

    for owner in owners:
        tokens.append(calls[owner].result(timeout=DEADLINE_S).fencing_token)
        assert next_holder(raw, execution_id, calls) == owner
        assert unlock(raw, execution_id, owner)
    assert owner_of(raw, execution_id) == ""
    assert tokens == sorted(set(tokens))


def test_nobody_comes_between_an_unlock_and_the_next_in_line(
    raw: RawClient, execution_id: str
) -> None:
    """B60: those who do not wait, and those who come late, find it held."""
    granted(raw, execution_id, "first")
    calls = {f"{n}": stand_in_line(raw, execution_id, f"{n}") for n in range(MANY)}
    holder = "first"
    with ThreadPoolExecutor(4) as pool:
        for n in range(MANY):
            barging = [
                pool.submit(lock, raw, execution_id, f"barging {k}", wait_s=0) for k in range(4)
            ]
            assert unlock(raw, execution_id, holder)
            assert not lock(raw, execution_id, "late").acquired
            assert not any(each.result().acquired for each in barging)
            holder = next_holder(raw, execution_id, calls)
            assert holder == f"{n}"


def test_an_unlock_and_a_lock_in_one_commit_do_not_pass_the_line(
    raw: RawClient, execution_id: str
) -> None:
    """B60."""
    granted(raw, execution_id, "first")
    call = stand_in_line(raw, execution_id, "second")
    # Sent together, these share a commit more often than not.
    saves = [raw.stub.Save.future(save_request(f"{execution_id}-{n}")) for n in range(30)]
    barging = raw.stub.Lock.future(lock_request(execution_id, "barging"))
    assert unlock(raw, execution_id, "first")

    assert call.result(timeout=DEADLINE_S).acquired
    assert not barging.result(timeout=DEADLINE_S).acquired
    assert [each.exception() for each in saves] == [None] * 30


def test_a_wait_is_granted_at_once_when_the_lock_is_free(raw: RawClient, execution_id: str) -> None:
    """B54."""
    assert lock(raw, execution_id, "a", wait_s=LONG_S).acquired


def test_the_next_in_line_has_a_whole_lease_from_then_on(raw: RawClient, execution_id: str) -> None:
    """B57: of its own length, and as exclusive as it asked for."""
    granted(raw, execution_id, "first", lease_s=600)
    call = stand_in_line(raw, execution_id, "second", lease_s=7, exclusive=True)
    assert unlock(raw, execution_id, "first")
    response = call.result(timeout=DEADLINE_S)

    lasts = response.lease_expire_time.ToDatetime() - response.result.update_time.ToDatetime()
    assert lasts.total_seconds() == 7
    refusal = raw.refusal(raw.stub.Save, save_request(execution_id))
    assert (refusal.reason, refusal.metadata["owner"]) == ("LOCKED", "second")


def test_all_who_wait_for_the_same_owner_get_the_same_grant(
    raw: RawClient, execution_id: str
) -> None:
    """B62: an owner that asks twice does not stand in its own way."""
    granted(raw, execution_id, "first")
    calls = [
        stand_in_line(raw, execution_id, owner) for owner in ("second", "third", "second", "second")
    ]
    assert unlock(raw, execution_id, "first")
    tokens = {calls[n].result(timeout=DEADLINE_S).fencing_token for n in (0, 2, 3)}

    assert len(tokens) == 1
    assert not calls[1].done()
    assert granted(raw, execution_id, "second") in tokens
    assert unlock(raw, execution_id, "second")
    assert calls[1].result(timeout=DEADLINE_S).fencing_token > max(tokens)


def test_a_delete_frees_the_lock_and_serves_the_next_in_line(
    raw: RawClient, execution_id: str
) -> None:
    """B60, B69: with or without a state."""
    tokens = []
    for n in range(2):
        if n == 0:
            raw.stub.Save(save_request(execution_id))
        tokens.append(granted(raw, execution_id, f"holder {n}"))
        call = stand_in_line(raw, execution_id, f"waiting {n}")
        raw.delete(key_of(execution_id))
        response = call.result(timeout=DEADLINE_S)
        assert response.acquired
        assert response.result.revision == 0
        tokens.append(response.fencing_token)
        raw.delete(key_of(execution_id))
        assert owner_of(raw, execution_id) == ""
    assert tokens == sorted(set(tokens))


def test_a_delete_under_an_exclusive_lock_frees_it_too(raw: RawClient, execution_id: str) -> None:
    """B63."""
    raw.stub.Save(save_request(execution_id))
    token = granted(raw, execution_id, "first", exclusive=True)
    call = stand_in_line(raw, execution_id, "second", exclusive=True)
    request = DeleteRequest(key=key_of(execution_id))
    assert raw.refusal(raw.stub.Delete, request).reason == "LOCKED"
    request.options.fencing_token = token
    assert raw.stub.Delete(request).existed

    assert call.result(timeout=DEADLINE_S).fencing_token > token
    assert raw.refusal(raw.stub.Delete, request).reason == "FENCED"


def test_no_more_may_wait_than_the_server_lets() -> None:
    """B80: however they come; who is refused can try again, and places become free again."""
    with TestServer(shards=1, lock_waiters_max=3) as server, RawClient(server.address) as raw:
        granted(raw, "exec_1", "holder")
        requests = [lock_request("exec_1", f"{n}", wait_s=LONG_S) for n in range(40)]
        calls = [raw.stub.Lock.future(request, timeout=DEADLINE_S) for request in requests]
        assert lock(raw, "exec_1", "holder").acquired
        assert len(line(server, "exec_1")) == 3
        until(raw, lambda: sum(call.done() for call in calls) == 37)
        refusals = [
            Refusal.of(error)
            for call in calls
            if call.done() and (error := call.exception()) is not None
        ]

        assert {(each.code, each.reason) for each in refusals} == {
            (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        }
        assert all(each.retry_after_s for each in refusals)
        assert waiting(server, "exec_1") == 3
        granted(raw, "exec_2", "holder")
        refusal = raw.refusal(raw.stub.Lock, lock_request("exec_2", "one more", wait_s=1))
        assert refusal.reason == "OVERLOADED"
        assert not lock(raw, "exec_2", "who does not wait").acquired
        assert unlock(raw, "exec_1", "holder")
        one_more = stand_in_line(raw, "exec_2", "one more")
        assert waiting(server, "exec_1") == 3
        assert not one_more.done()


def test_where_nobody_may_wait_the_lock_can_still_be_taken() -> None:
    """B53."""
    with TestServer(lock_waiters_max=0) as server, RawClient(server.address) as raw:
        assert lock(raw, "exec_1", "a", wait_s=60).acquired
        refusal = raw.refusal(raw.stub.Lock, lock_request("exec_1", "b", wait_s=60))
        assert refusal.reason == "OVERLOADED"
        assert unlock(raw, "exec_1", "a")
        assert lock(raw, "exec_1", "b", wait_s=60).acquired
