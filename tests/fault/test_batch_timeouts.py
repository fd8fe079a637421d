"""How long an operation may wait to be applied."""

import time
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from statekeeper.testing import TestServer
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import SaveResponse
from statekeeper_server.status import DEADLINE_STATUS
from tests.support.gate import HELD, Gate
from tests.support.operations import (
    Pipeline,
    do,
    load,
    lock,
    save,
    seconds,
    unlock,
    update,
)
from tests.support.raw import DEADLINE_S, RawClient, key_of, save_request

HOUR = seconds(3600)
DAY = seconds(24 * 3600)
LARGE = bytes(70_000)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Holds up the shard."""
    return Gate(monkeypatch)


class Hours:
    """Tells the time to what counts how long operations wait; an hour passes at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._passed = 0
        for module in ("entries", "caller", "write_group"):
            monkeypatch.setattr(f"statekeeper_server.{module}.time", self)

    def monotonic(self) -> float:
        """The time."""
        return time.monotonic() + 3600 * self._passed

    def pass_one(self) -> None:
        """Let an hour pass."""
        self._passed += 1


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    """The time."""
    return Hours(monkeypatch)


@pytest.fixture
def raw(gate: Gate) -> Iterator[RawClient]:
    """A client of a server of one shard."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        yield raw
        gate.opened.set()


def operations(timeout: Duration) -> list[Operation]:
    return [
        save("exec_small", tag=1, timeout=timeout),
        save("exec_large", tag=2, timeout=timeout, big=LARGE),
        update("exec_there", tag=3, timeout=timeout, a="2"),
        update("exec_there", tag=4, timeout=timeout, return_execution=True, b="2"),
        load("exec_there", tag=5, timeout=timeout),
        lock("exec_locked", "me", tag=6, timeout=timeout),
    ]


def _hold_up(gate: Gate, raw: RawClient) -> "grpc.Future[SaveResponse]":
    """Hold the shard up, with a call that is to be kept."""
    call: grpc.Future[SaveResponse] = raw.stub.Save.future(save_request(HELD), timeout=DEADLINE_S)
    gate.wait_until_reached()
    return call


def test_what_has_not_its_turn_in_time_is_not_done(
    gate: Gate, raw: RawClient, hours: Hours
) -> None:
    """B80: small ones, large ones, and those that wait for others of their own execution."""
    raw.stub.Save(save_request("exec_there"))
    held = _hold_up(gate, raw)
    with Pipeline(raw) as pipeline:
        pipeline.send(*operations(HOUR))
        # A read of what is not held up tells that all of them have been begun.
        pipeline.send(load("exec_none", tag=7))
        assert list(pipeline.take(1)) == [7]
        hours.pass_one()
        gate.opened.set()
        results = pipeline.take(6)
    held.result()

    assert {result.error.code for result in results.values()} == {DEADLINE_STATUS.code}
    assert raw.load(key_of("exec_small")) is None
    assert raw.load(key_of("exec_large")) is None
    there = raw.load(key_of("exec_there"))
    assert there is not None
    assert there.version == 1
    assert do(raw, lock("exec_locked", "other"))[0].lock.acquired


def test_writes_of_one_message_have_each_their_own_time(
    gate: Gate, raw: RawClient, hours: Hours
) -> None:
    """B80: they are begun together, and some are too late."""
    held = _hold_up(gate, raw)
    timeouts = [HOUR, DAY, None, HOUR]
    with Pipeline(raw) as pipeline:
        pipeline.send(*(save(f"exec_{n}", n, timeouts[n % 4]) for n in range(40)))
        pipeline.send(load("exec_none", tag=40))
        assert list(pipeline.take(1)) == [40]
        hours.pass_one()
        gate.opened.set()
        results = pipeline.take(40)
    held.result()

    late = {tag for tag, result in results.items() if result.error == DEADLINE_STATUS}
    assert late == {n for n in range(40) if timeouts[n % 4] == HOUR}
    assert {n for n in range(40) if raw.load(key_of(f"exec_{n}")) is None} == late


def test_what_has_its_turn_in_time_is_done(gate: Gate, raw: RawClient, hours: Hours) -> None:
    raw.stub.Save(save_request("exec_there"))
    held = _hold_up(gate, raw)
    with Pipeline(raw) as pipeline:
        pipeline.send(*operations(DAY))
        pipeline.send(load("exec_none", tag=7))
        assert list(pipeline.take(1)) == [7]
        hours.pass_one()
        gate.opened.set()
        results = pipeline.take(6)
    held.result()

    assert not [result for result in results.values() if result.HasField("error")]


@pytest.mark.parametrize(
    "held",
    [
        save(HELD, tag=1, timeout=HOUR),
        save(HELD, tag=1, timeout=HOUR, big=LARGE),
    ],
    ids=["small", "large"],
)
def test_what_has_begun_in_time_is_done_and_said_to_be(
    gate: Gate, raw: RawClient, hours: Hours, held: Operation
) -> None:
    """B20: DEADLINE_EXCEEDED says that nothing was done, so it must be so."""
    with Pipeline(raw) as pipeline:
        pipeline.send(held)
        gate.wait_until_reached()
        hours.pass_one()
        gate.opened.set()
        result = pipeline.take(1)[1]

    assert result.save.result.version == 1
    assert raw.load(key_of(HELD)) is not None


def test_who_waits_for_a_lock_for_too_long_is_told_and_forgotten(raw: RawClient) -> None:
    """B61: the lock is for those who still wait."""
    do(raw, lock("exec_1", "first"))
    with Pipeline(raw) as pipeline:
        pipeline.send(
            lock("exec_1", "late", DEADLINE_S, tag=1, timeout=seconds(0.05)),
            lock("exec_1", "next", DEADLINE_S, tag=2, timeout=DAY),
        )
        assert pipeline.take(1)[1].error == DEADLINE_STATUS
        do(raw, unlock("exec_1", "first"))
        granted = pipeline.take(1)[2].lock

    assert granted.acquired


def test_who_waits_for_a_lock_for_too_long_in_a_batch_is_told(raw: RawClient) -> None:
    """B61: and the batch is answered, whether or not the lock is released meanwhile."""
    do(raw, lock("exec_1", "first"))
    results = do(
        raw,
        lock("exec_1", "late", DEADLINE_S, timeout=seconds(0.05)),
        save("exec_2"),
    )

    assert results[0].error == DEADLINE_STATUS
    assert results[1].save.result.version == 1
    do(raw, unlock("exec_1", "first"))
    assert do(raw, lock("exec_1", "third"))[0].lock.acquired
