"""Many threads that use one client."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from statekeeper import (
    CallCancelledError,
    Client,
    ConflictError,
    ExecutionState,
    StateError,
    StateNotFoundError,
)
from statekeeper.testing import TestServer
from statekeeper.v1.state_requests_pb2 import SaveResponse

from .answers import refuse
from .fakes import FakeServer

STATE = {"status": "running"}
THREADS = 16
MB = 2**20


@pytest.fixture
def client(statekeeper_server: TestServer) -> Iterator[Client]:
    """A client of the real server."""
    with Client(statekeeper_server.address, timeout=30) as client:
        yield client


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that call."""
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def test_counters_are_right_over_restarts(
    statekeeper_server: TestServer, client: Client, pool: ThreadPoolExecutor
) -> None:
    """B20, B70: nothing is lost, and nothing is done twice."""
    ended = threading.Event()
    written = threading.Semaphore(0)

    def count_until_ended(number: int) -> int:
        sm = client.state_manager(f"counter-{number}")
        sm.save({**STATE, "context": {"n": 0}})
        count = 0
        while not ended.is_set():
            count += 1
            result = sm.update(context={"n": count})
            assert (result.version, result.execution_id) == (count + 1, sm.execution_id)
            state = sm.load()
            assert state is not None
            assert (state.version, state.context) == (count + 1, {"n": count})
            written.release()
        return count

    counters = [pool.submit(count_until_ended, number) for number in range(THREADS)]
    try:
        for _ in range(4):
            for _ in range(5 * THREADS):
                assert written.acquire(timeout=30)
            statekeeper_server.restart()
    finally:
        ended.set()
    assert all(counter.result(timeout=30) >= 1 for counter in counters)


def test_each_thread_gets_its_own_result_or_error(client: Client, pool: ThreadPoolExecutor) -> None:
    """B21, B71."""

    def call(number: int) -> object:
        sm = client.state_manager(f"e{number}")
        try:
            if number % 4 == 0:
                return sm.save(STATE).execution_id
            if number % 4 == 1:
                return sm.update(status="waiting")
            if number % 4 == 2:
                return sm.save(STATE, expected_revision=1_000_000)
            return sm.load()
        except StateError as error:
            return type(error), error.execution_id

    for number, result in enumerate(pool.map(call, range(400))):
        name = f"e{number}"
        wanted = [name, (StateNotFoundError, name), (ConflictError, name), None]
        assert result == wanted[number % 4]


def test_answers_that_do_not_fit_into_one_are_given_all_the_same(
    client: Client, pool: ThreadPoolExecutor
) -> None:
    """B21: what the server has no room for is asked for alone."""
    sizes = [3 * MB + number for number in range(THREADS)]
    for number, size in enumerate(sizes):
        client.state_manager(f"e{number}").save({**STATE, "context": {"a": bytes(size)}})

    def load(number: int) -> Any:
        return client.state_manager(f"e{number % THREADS}").load()

    for number, state in enumerate(pool.map(load, range(4 * THREADS))):
        assert isinstance(state, ExecutionState)
        assert state.context == {"a": bytes(sizes[number % THREADS])}


def test_what_is_refused_for_now_is_repeated_with_its_request_id(
    fake: FakeServer, pool: ThreadPoolExecutor
) -> None:
    """B70: though it shared a message with others."""
    for _ in range(8):
        fake.hold(
            lambda request, _: SaveResponse(result=fake.service.write(request, request.state))
        )
    fake.service.answers += [refuse(grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")] * 3
    with Client(fake.address) as client:
        names = [f"e{n}" for n in range(14)]
        saves = [pool.submit(client.state_manager(name).save, STATE) for name in names]
        while len(client._channel._writes._line) < 6:
            threading.Event().wait(0.001)
        fake.release.set()
        assert [save.result(timeout=10).execution_id for save in saves] == names

    requests = [request for name, request in fake.service.requests if name == "Save"]
    assert fake.service.count("Batch") >= 1
    assert len(requests) == 14 + 3
    assert len({request.options.request_id for request in requests}) == 14


def test_closing_ends_all_calls(client: Client, pool: ThreadPoolExecutor) -> None:
    """B80: those that are sent, and those that wait."""
    called = threading.Semaphore(0)

    def save_until_closed(number: int) -> None:
        sm = client.state_manager(f"e{number}")
        while True:
            sm.save(STATE)
            called.release()

    try:
        calls = [pool.submit(save_until_closed, number) for number in range(THREADS)]
        for _ in range(5 * THREADS):
            assert called.acquire(timeout=30)
    finally:
        client.close()

    for call in calls:
        error = call.exception(timeout=10)
        assert isinstance(error, CallCancelledError) or str(error) == "this client is closed"


_PROGRAM = """
import sys, threading
from statekeeper import Client

client = Client(sys.argv[1])
called = threading.Semaphore(0)

def save(number):
    while True:
        client.state_manager(f"e{number}").save({"status": "running"})
        called.release()

for number in range(16):
    threading.Thread(target=save, args=(number,), daemon=True).start()
for _ in range(100):
    called.acquire()
client.close() if sys.argv[2] == "closed" else None
print("done")
"""


@pytest.mark.parametrize("end", ["closed", "left"])
def test_a_program_ends_though_its_threads_call(statekeeper_server: TestServer, end: str) -> None:
    """B80: no thread of the client keeps it."""
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, statekeeper_server.address, end],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr
