"""Callers that go away: nothing is damaged, and nobody else notices."""

from collections.abc import Iterator

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from tests.support.gate import HELD, Gate
from tests.support.raw import (
    DEADLINE_S,
    RawClient,
    Refusal,
    document,
    key_of,
    save_request,
)

QUEUE_MAX = 20
_ATTEMPTS_MAX = 2_000


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Holds up a shard."""
    return Gate(monkeypatch)


@pytest.fixture
def raw(gate: Gate) -> Iterator[RawClient]:
    """A client of a server of one shard, which lets few wait."""
    with (
        TestServer(shards=1, queue_operations_max=QUEUE_MAX) as server,
        RawClient(server.address) as raw,
    ):
        yield raw
        gate.opened.set()


def test_a_write_under_way_is_kept_though_its_caller_has_gone(gate: Gate, raw: RawClient) -> None:
    """B20: once it is applied, it is committed whatever happens to its caller."""
    call = raw.stub.Save.future(save_request(HELD), timeout=DEADLINE_S)
    gate.wait_until_reached()
    call.cancel()
    gate.opened.set()
    raw.stub.Save(save_request("exec_after"), timeout=DEADLINE_S)

    execution = raw.load(key_of(HELD))
    assert execution is not None
    assert execution.version == 1


def test_a_write_whose_deadline_passes_while_it_waits_is_whole_or_not_there(
    gate: Gate, raw: RawClient
) -> None:
    """B20, B70: and its repetition is applied once."""
    held = raw.stub.Save.future(save_request(HELD), timeout=DEADLINE_S)
    gate.wait_until_reached()
    state = ExecutionState(status=STATUS_RUNNING, context=document(a="1", b="2"))
    request = save_request("exec_late", state, request_id="r1")
    with pytest.raises(grpc.RpcError) as caught:
        raw.stub.Save(request, timeout=0.05)
    assert Refusal.of(caught.value).code is grpc.StatusCode.DEADLINE_EXCEEDED
    gate.opened.set()
    held.result()

    raw.stub.Save(request, timeout=DEADLINE_S)
    execution = raw.load(key_of("exec_late"))
    assert execution is not None
    assert execution.version == 1
    assert execution.state.context == state.context


def test_those_who_go_away_free_their_place_in_the_queue(gate: Gate, raw: RawClient) -> None:
    """B80: or a few impatient callers could stop a shard."""
    held = raw.stub.Save.future(save_request(HELD), timeout=DEADLINE_S)
    gate.wait_until_reached()
    waiting = [
        raw.stub.Save.future(save_request(f"exec_{n}"), timeout=DEADLINE_S)
        for n in range(QUEUE_MAX - 1)
    ]
    _wait_until_overloaded(raw)
    for call in waiting:
        call.cancel()
    gate.opened.set()
    held.result()

    raw.stub.Save(save_request("exec_patient"), timeout=DEADLINE_S)
    calls = [
        raw.stub.Save.future(save_request(f"exec_{n}"), timeout=DEADLINE_S)
        for n in range(QUEUE_MAX)
    ]
    assert [call.exception() for call in calls] == [None] * QUEUE_MAX


def test_callers_that_go_away_at_any_moment_harm_nobody(gate: Gate, raw: RawClient) -> None:
    """B80: every third is cancelled, the others get their answers."""
    gate.opened.set()
    calls = [
        raw.stub.Save.future(save_request(f"exec_{n}", request_id="r1"), timeout=DEADLINE_S)
        for n in range(QUEUE_MAX)
    ]
    for call in calls[::3]:
        call.cancel()
    for n, call in enumerate(calls):
        if n % 3:
            assert call.result().result.version == 1

    for n in range(QUEUE_MAX):
        result = raw.stub.Save(
            save_request(f"exec_{n}", request_id="r1"), timeout=DEADLINE_S
        ).result
        assert result.version == 1


def _wait_until_overloaded(raw: RawClient) -> None:
    """Wait until all that was sent is in the queue: then there is no place for one more."""
    for _ in range(_ATTEMPTS_MAX):
        call = raw.stub.Save.future(save_request("exec_probe"), timeout=DEADLINE_S)
        try:
            error = call.exception(timeout=0.05)
        except grpc.FutureTimeoutError:
            # It waits as well.
            call.cancel()
            continue
        assert isinstance(error, grpc.RpcError)
        assert Refusal.of(error).reason == "OVERLOADED"
        return
    raise AssertionError("there is always place for one more")
