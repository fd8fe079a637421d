"""Callers that wait for a lock and go away: they are forgotten, and hold up nobody."""

from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper_server.committer import Outcome
from statekeeper_server.store.lock_table import Waiter
from statekeeper_server.worker import Worker
from tests.support.gate import HELD, Gate
from tests.support.lock_calls import LockCalls
from tests.support.locks import (
    LONG_S,
    granted,
    holder_of,
    line,
    lock_request,
    lock_state,
    owner_of,
    stand_in_line,
    unlock,
    unlock_request,
    until,
    waiting,
)
from tests.support.operations import save
from tests.support.raw import DEADLINE_S, RawClient, Refusal, save_request

EXEC = "exec_1"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> LockCalls:
    """Cuts off calls of the server."""
    return LockCalls(monkeypatch)


@pytest.fixture
def server(calls: LockCalls) -> Iterator[TestServer]:
    """A server of one shard."""
    del calls
    with TestServer(shards=1) as server:
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """Its client."""
    with RawClient(server.address) as raw:
        yield raw


def test_a_waiter_that_cancels_leaves_the_line(server: TestServer, raw: RawClient) -> None:
    """B61: from any place of it, and the others keep theirs."""
    granted(raw, EXEC, "holder")
    calls = {f"{n}": stand_in_line(raw, EXEC, f"{n}") for n in range(6)}
    assert line(server, EXEC) == list(calls)
    for gone in ("3", "0", "5"):
        calls.pop(gone).cancel()
        until(raw, lambda: line(server, EXEC) == list(calls))
    assert waiting(server, EXEC) == 3

    holder = "holder"
    for owner, call in calls.items():
        unlock(raw, EXEC, holder)
        assert call.result(timeout=DEADLINE_S).acquired
        holder = owner
    assert waiting(server, EXEC) == 0


def test_a_waiter_whose_deadline_passes_leaves_the_line(server: TestServer, raw: RawClient) -> None:
    """B61: though it said that it would wait for longer."""
    granted(raw, EXEC, "holder")
    request = lock_request(EXEC, "impatient", wait_s=LONG_S)
    call = raw.stub.Lock.future(request, timeout=0.1)
    until(raw, lambda: line(server, EXEC) == ["impatient"] or call.done())
    behind = stand_in_line(raw, EXEC, "behind")
    error = call.exception(timeout=DEADLINE_S)
    assert isinstance(error, grpc.RpcError)
    assert Refusal.of(error).code is grpc.StatusCode.DEADLINE_EXCEEDED

    until(raw, lambda: line(server, EXEC) == ["behind"])
    unlock(raw, EXEC, "holder")
    assert behind.result(timeout=DEADLINE_S).acquired


def test_a_waiter_whose_channel_is_closed_leaves_the_line(
    server: TestServer, raw: RawClient
) -> None:
    """B61."""
    granted(raw, EXEC, "holder")
    with RawClient(server.address) as going:
        calls = [stand_in_line(going, EXEC, f"going {n}") for n in range(3)]
        behind = stand_in_line(raw, EXEC, "behind")
        assert len(line(server, EXEC)) == 4
    until(raw, lambda: line(server, EXEC) == ["behind"])

    assert {call.code() for call in calls} == {grpc.StatusCode.CANCELLED}
    unlock(raw, EXEC, "holder")
    assert behind.result(timeout=DEADLINE_S).acquired


def test_those_who_went_away_free_their_places(raw: RawClient) -> None:
    """B61, B80: or a few impatient callers could stop all others."""
    with (
        TestServer(shards=1, lock_waiters_max=2) as server,
        RawClient(server.address) as client,
    ):
        granted(client, EXEC, "holder")
        for n in range(20):
            calls = [stand_in_line(client, EXEC, f"{n}-{k}") for k in range(2)]
            assert waiting(server, EXEC) == 2
            for call in calls:
                call.cancel()
            until(client, lambda: waiting(server, EXEC) == 0)
    assert owner_of(raw, EXEC) == ""


def test_a_grant_is_taken_back_however_much_is_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """B61, B80: where others are refused, a lock that nobody has heard of is freed."""
    calls = LockCalls(monkeypatch)
    gate = Gate(monkeypatch)
    with (
        TestServer(shards=1, queue_operations_max=10) as server,
        RawClient(server.address) as raw,
    ):
        granted(raw, EXEC, "holder")
        gone = stand_in_line(raw, EXEC, "gone", lease_s=LONG_S)
        behind = stand_in_line(raw, EXEC, "behind")
        calls.cut_before = {"gone"}
        held = raw.stub.Save.future(save_request(HELD), timeout=DEADLINE_S)
        gate.wait_until_reached()
        unlocking = raw.stub.Unlock.future(unlock_request(EXEC, "holder"), timeout=DEADLINE_S)
        # Together with the unlock these are all that may wait: so it is when it is answered.
        real_tell = Worker._tell_waiters

        def crowded(worker: Worker, answered: Sequence[tuple[Waiter, Outcome]]) -> None:
            worker._waiting_operations += 10
            real_tell(worker, answered)
            worker._waiting_operations -= 10

        monkeypatch.setattr(Worker, "_tell_waiters", crowded)
        gate.opened.set()
        held.result()
        assert unlocking.result(timeout=DEADLINE_S).released
        assert behind.result(timeout=DEADLINE_S).acquired
        gone.cancel()


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
@pytest.mark.parametrize("in_line", [False, True])
@pytest.mark.parametrize("times", [1, 2])
def test_a_grant_that_reaches_nobody_is_taken_back_at_once(
    calls: LockCalls, raw: RawClient, moment: str, times: int, *, in_line: bool
) -> None:
    """B61: nobody waits for its lease to be over, and nothing is remembered of it."""
    setattr(calls, moment, {"gone"})
    requests = [
        lock_request(EXEC, "gone", lease_s=LONG_S, wait_s=LONG_S, request_id=f"r{n}")
        for n in range(times)
    ]
    if in_line:
        granted(raw, EXEC, "holder", lease_s=LONG_S)
    gone = [raw.stub.Lock.future(request, timeout=DEADLINE_S) for request in requests]
    if in_line:
        behind = stand_in_line(raw, EXEC, "behind")
        unlock(raw, EXEC, "holder")
        assert behind.result(timeout=DEADLINE_S).acquired
        unlock(raw, EXEC, "behind")
    until(raw, lambda: calls.cut == times)
    until(raw, lambda: owner_of(raw, EXEC) == "")
    assert "gone" not in calls.sent
    assert not any(call.done() for call in gone)

    setattr(calls, moment, set())
    for request in requests:
        response = raw.stub.Lock(request, timeout=DEADLINE_S)
        assert response.acquired
        assert not response.result.replayed
        unlock(raw, EXEC, "gone")
    for call in gone:
        call.cancel()


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
@pytest.mark.parametrize("in_line", [False, True])
@pytest.mark.parametrize("way", ["Batch", "Pipeline"])
def test_a_grant_among_others_that_reaches_nobody_is_taken_back_at_once(
    calls: LockCalls, raw: RawClient, moment: str, way: str, *, in_line: bool
) -> None:
    """B61: as one that was asked for by itself."""
    if in_line:
        granted(raw, EXEC, "holder", lease_s=LONG_S)
    setattr(calls, moment, {"gone"})
    request = BatchRequest(
        operations=[
            save("exec_other"),
            Operation(lock=lock_request(EXEC, "gone", lease_s=LONG_S, wait_s=LONG_S)),
        ]
    )
    gone = _send(raw, way, request)
    if in_line:
        behind = stand_in_line(raw, EXEC, "behind")
        unlock(raw, EXEC, "holder")
        assert behind.result(timeout=DEADLINE_S).acquired
        unlock(raw, EXEC, "behind")
    until(raw, lambda: calls.cut == 1)
    until(raw, lambda: owner_of(raw, EXEC) == "")
    gone.cancel()


def test_a_grant_in_a_batch_is_taken_back_when_another_entry_is_not_waited_for(
    server: TestServer, raw: RawClient
) -> None:
    """B61: the batch is answered as a whole, or not at all."""
    granted(raw, EXEC, "holder", lease_s=LONG_S)
    request = BatchRequest(
        operations=[
            Operation(lock=lock_request("exec_other", "gone", lease_s=LONG_S)),
            Operation(lock=lock_request(EXEC, "gone", wait_s=LONG_S)),
        ]
    )
    gone = _send(raw, "Batch", request)
    until(raw, lambda: line(server, EXEC) == ["gone"])
    assert owner_of(raw, "exec_other") == "gone"
    gone.cancel()
    until(raw, lambda: owner_of(raw, "exec_other") == "")
    assert owner_of(raw, EXEC) == "holder"


def _send(raw: RawClient, way: str, request: BatchRequest) -> Any:
    """Send operations; what is given can be cancelled."""
    if way == "Batch":
        return raw.stub.Batch.future(request, timeout=DEADLINE_S)
    requests: SimpleQueue[BatchRequest] = SimpleQueue()
    requests.put(request)
    return raw.stub.Pipeline(iter(requests.get, None), timeout=DEADLINE_S)


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
@pytest.mark.parametrize("retry", ["another request", "the same request"])
def test_a_lock_that_its_holder_knows_of_is_not_taken_back(
    calls: LockCalls, raw: RawClient, moment: str, retry: str
) -> None:
    """B62: when a further attempt of the holder reaches nobody."""
    token = granted(raw, EXEC, "a", lease_s=LONG_S, request_id="r0")
    setattr(calls, moment, {"a"})
    for n in range(3):
        request_id = f"r{n + 1}" if retry == "another request" else "r0"
        request = lock_request(EXEC, "a", lease_s=LONG_S, request_id=request_id)
        call = raw.stub.Lock.future(request, timeout=DEADLINE_S)
        until(raw, lambda n=n: calls.cut == n + 1)  # type: ignore[misc]  # it is called at once
        call.cancel()
    for _ in range(2):
        holder = holder_of(raw, EXEC)
        assert holder is not None
        assert (holder.owner, holder.fencing_token) == ("a", token)
    assert unlock(raw, EXEC, token)


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
def test_a_lock_that_a_retry_has_heard_of_is_not_taken_back(
    calls: LockCalls, raw: RawClient, moment: str
) -> None:
    """B62, B70: its first attempt was cut off, and came before it or after it."""
    for n in range(20):
        setattr(calls, moment, {"a"})
        request = lock_request(EXEC, "a", lease_s=LONG_S, request_id=f"r{n}")
        first = raw.stub.Lock.future(request, timeout=DEADLINE_S)
        until(raw, lambda n=n: calls.cut == n + 1)  # type: ignore[misc]  # it is called at once
        setattr(calls, moment, set())
        response = raw.stub.Lock(request, timeout=DEADLINE_S)
        assert response.acquired
        for _ in range(2):
            holder = holder_of(raw, EXEC)
            assert holder is not None
            assert holder.fencing_token == response.fencing_token
        assert unlock(raw, EXEC, response.fencing_token)
        first.cancel()


@pytest.mark.parametrize(
    "rounds", [60, pytest.param(5_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
@pytest.mark.parametrize("asked", [1, 2])
def test_going_away_right_around_the_unlock_holds_up_nobody(
    calls: LockCalls, server: TestServer, raw: RawClient, rounds: int, asked: int
) -> None:
    """B61: what the server has not sent yet, it takes back.

    An answer that is on its way cannot be called back: who drops it has to unlock.
    """
    with RawClient(server.address) as going:
        for n in range(rounds):
            calls.sent.clear()
            token = granted(raw, EXEC, "holder", lease_s=LONG_S)
            gone = [stand_in_line(going, EXEC, "gone", lease_s=LONG_S) for _ in range(asked)]
            unlocking = raw.stub.Unlock.future(unlock_request(EXEC, token), timeout=DEADLINE_S)
            for _ in range(n % 4):
                owner_of(going, "nobody's")
            for call in gone:
                call.cancel()
            assert unlocking.result(timeout=DEADLINE_S).released
            request = lock_request(EXEC, "patient", wait_s=LONG_S)
            patient = raw.stub.Lock.future(request, timeout=DEADLINE_S)
            until(raw, lambda p=patient: p.done() or "gone" in calls.sent)  # type: ignore[misc]  # it is called at once
            if not patient.done():
                unlock(raw, EXEC, "gone")
            assert patient.result(timeout=DEADLINE_S).acquired
            assert unlock(raw, EXEC, "patient")
            assert waiting(server, EXEC) == 0
            assert lock_state(server, EXEC).grant is None
