"""Streams that end: by their caller, by a drain, by a restart."""

import asyncio
import threading
from collections.abc import Iterator

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.operation_pb2 import OperationResult
from statekeeper_server.admission import Admission
from tests.support.gate import HELD, Gate
from tests.support.operations import Pipeline, do, load, lock, save, update
from tests.support.raw import DEADLINE_S, RawClient, key_of

MB = 1024 * 1024
_ATTEMPTS_MAX = 5_000


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Holds up the shard."""
    return Gate(monkeypatch)


@pytest.fixture
def server(gate: Gate) -> Iterator[TestServer]:
    """A server of one shard."""
    with TestServer(
        shards=1, drain_s=DEADLINE_S, inflight_bytes_max=17 * MB, message_bytes_max=16 * MB
    ) as server:
        yield server
        gate.opened.set()


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client of it."""
    with RawClient(server.address) as raw:
        yield raw


def admission_of(server: TestServer) -> Admission:
    assert server._server is not None
    return server._server._service._admission


def left_over(server: TestServer) -> list[object]:
    """What streams and their operations have left in the server."""

    async def look() -> list[object]:
        names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
        tasks: list[object] = [name for name in names if "_Stream" in name or "Entries" in name]
        held = admission_of(server)._bytes
        return tasks + ([held] if held else [])

    return server._run(look())


def wait_until_nothing_is_left(server: TestServer, raw: RawClient) -> None:
    """Serve calls until the ends of the streams have been noticed."""
    for _ in range(_ATTEMPTS_MAX):
        raw.load(key_of("exec_none"))
        if not left_over(server):
            return
    raise AssertionError(left_over(server))


def test_a_cancelled_stream_leaves_nothing(gate: Gate, server: TestServer, raw: RawClient) -> None:
    """B80: no task, no bytes that are counted, nobody who waits; and does no more."""
    do(raw, lock("exec_locked", "first"))
    with Pipeline(raw) as pipeline:
        pipeline.send(
            save(HELD, tag=1),
            save("exec_large", tag=2, big=bytes(MB)),
            load("exec_large", tag=3),
            update("exec_small", tag=4, return_execution=True),
            lock("exec_locked", "second", DEADLINE_S, tag=5),
        )
        gate.wait_until_reached()
        assert left_over(server)
    gate.opened.set()

    wait_until_nothing_is_left(server, raw)
    # Behind whatever the shard was doing.
    do(raw, save("exec_after"))
    # Only what had begun when the stream was cancelled is sure to be there.
    assert raw.load(key_of(HELD)) is not None


def test_a_caller_that_does_not_read_is_bounded_and_harms_nobody(
    server: TestServer, raw: RawClient
) -> None:
    """B80: the server stops reading its operations; others are served."""
    do(raw, save("exec_60k", big=bytes(60_000)))
    with RawClient(server.address) as slow_raw, Pipeline(slow_raw) as slow:
        for first in range(0, 2_000, 20):
            slow.send(*(load("exec_60k", tag=n) for n in range(first, first + 20)))
        most = 0
        for _ in range(300):
            assert do(raw, save("exec_other"))[0].save.result.version
            most = max(most, admission_of(server)._bytes)
        assert MB < most < 8 * MB
        results = slow.take(2_000)
        assert not [result for result in results.values() if result.HasField("error")]
        slow.half_close()
        assert slow.rest() == []
    wait_until_nothing_is_left(server, raw)


def test_reads_that_there_is_no_room_for_are_overloaded_and_later_answered(
    server: TestServer, raw: RawClient
) -> None:
    """B80: one small message asks for much more than may be held."""
    do(raw, save("exec_1mb", big=bytes(MB)))
    with Pipeline(raw) as pipeline:
        pipeline.send(*(load("exec_1mb", tag=n) for n in range(100)))
        for _ in range(300):
            do(raw, save("exec_other", tag=1))
            assert admission_of(server)._bytes < 20 * MB
        results = pipeline.take(100)
        reasons = [reason_of(result) for result in results.values()]
        assert set(reasons) == {"", "OVERLOADED"}
        (again,) = pipeline.do(load("exec_1mb", tag=1))
        assert again.HasField("load")
    wait_until_nothing_is_left(server, raw)


def reason_of(result: OperationResult) -> str:
    return "OVERLOADED" if b"OVERLOADED" in result.error.SerializeToString() else ""


def test_a_stream_that_is_cancelled_while_it_is_not_read_leaves_nothing(
    server: TestServer, raw: RawClient, caplog: pytest.LogCaptureFixture
) -> None:
    """B80: in the midst of an answer. It is nobody's error."""
    do(raw, save("exec_1mb", big=bytes(MB)))
    for _ in range(3):
        with RawClient(server.address) as slow_raw, Pipeline(slow_raw) as slow:
            slow.send(*(load("exec_1mb", tag=n) for n in range(10)))
            while admission_of(server)._bytes < 2 * MB:
                raw.load(key_of("exec_none"))
        wait_until_nothing_is_left(server, raw)
    assert not caplog.records


def test_a_drain_answers_what_is_under_way_and_ends_the_stream_with_success(
    gate: Gate, server: TestServer, raw: RawClient
) -> None:
    """B20: who waits for a lock is sent away."""
    do(raw, lock("exec_locked", "first"))
    with Pipeline(raw) as pipeline, Pipeline(raw) as idle:
        idle.do(load("exec_none", tag=1))
        pipeline.send(save(HELD, tag=1), lock("exec_locked", "second", DEADLINE_S, tag=2))
        gate.wait_until_reached()
        restarting = threading.Thread(target=server.restart)
        restarting.start()
        assert idle.rest() == []
        gate.opened.set()
        results = {result.tag: result for result in pipeline.rest()}
        restarting.join()

    assert results[1].save.result.version == 1
    assert results[2].error.code == grpc.StatusCode.UNAVAILABLE.value[0]


def test_what_had_no_result_is_sent_again_after_a_restart_and_done_once(
    server: TestServer, raw: RawClient
) -> None:
    """B70: with the request_id that it had, on a new stream."""
    operations = {
        n: update(f"exec_{n % 20}", tag=n, request_id=str(n), n=str(n)) for n in range(2_000)
    }
    do(raw, *(save(f"exec_{n}") for n in range(20)))
    with Pipeline(raw) as pipeline:
        for operation in operations.values():
            pipeline.send(operation)
        done = pipeline.take(100)
        restarting = threading.Thread(target=server.restart)
        restarting.start()
        done |= {result.tag: result for result in pipeline.rest_of_broken()}
        restarting.join()
    missing = [operation for tag, operation in operations.items() if tag not in done]
    with RawClient(server.address) as again, Pipeline(again) as pipeline:
        for operation in missing:
            pipeline.send(operation)
        done |= pipeline.take(len(missing))
        versions = [raw_version(again, f"exec_{n}") for n in range(20)]

    assert not [result for result in done.values() if result.HasField("error")]
    # The save, and each of the updates once.
    assert versions == [101] * 20


def raw_version(raw: RawClient, name: str) -> int:
    found = raw.load(key_of(name))
    assert found is not None
    return found.version
