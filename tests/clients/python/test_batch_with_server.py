"""Batches of the client against the real server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from statekeeper import (
    CheckpointNotFoundError,
    Client,
    ConflictError,
    DeleteResult,
    ExecutionState,
    InvalidRequestError,
    InvalidTokenError,
    RequestIdReusedError,
    ResumeResult,
    ResumeToken,
    StateNotFoundError,
    StateTooLargeError,
    WriteResult,
)
from statekeeper.testing import TestServer

from .conftest import MakeClient

STATE = {"status": "running"}
MB = 2**20


@pytest.fixture
def server_client(statekeeper_server: TestServer, make_client: MakeClient) -> Client:
    """A client of the real server."""
    return make_client(statekeeper_server.address)


def big(size_bytes: int) -> dict[str, Any]:
    """A state of this size."""
    return {"status": "running", "context": {"a": bytes(size_bytes)}}


def context(state: object) -> object:
    """The context of what a load gave."""
    return state.context if isinstance(state, ExecutionState) else state


def test_every_operation_does_what_the_handle_does(server_client: Client) -> None:
    """B21: one after the other on one execution."""
    sm = server_client.state_manager("e", namespace="n", actor="me", ttl=60)
    first = server_client.batch(
        [
            sm.operation.load(),
            sm.operation.save({"status": "running", "context": {"a": 1}}),
            sm.operation.checkpoint("before"),
            sm.operation.update({"status": "waiting"}, context={"b": 2}, remove=["context.a"]),
            sm.operation.load(),
            sm.operation.load(checkpoint="before", fields=["context"]),
            sm.operation.pause(member="m", reason="r", data={"a": 1}),
        ]
    ).raise_first()
    assert [type(result) for result in first] == [
        type(None),
        *(WriteResult, WriteResult, WriteResult, ExecutionState, ExecutionState, ResumeToken),
    ]
    assert [context(each) for each in first[4:6]] == [{"b": 2}, {"a": 1}]

    token = first[6]
    assert isinstance(token, ResumeToken)
    second = server_client.batch(
        [
            sm.operation.resume(token, {"approved": True}),
            sm.operation.restore("before"),
            sm.operation.load(),
            sm.operation.delete(),
            sm.operation.load(),
        ]
    ).raise_first()
    assert isinstance(second[0], ResumeResult)
    assert context(second[2]) == {"a": 1}
    assert isinstance(second[3], DeleteResult)
    assert second[4] is None


def test_every_error_is_that_of_the_single_call(server_client: Client) -> None:
    """B21, B73: and hides nothing of the others."""
    sm, none = server_client.state_manager("e"), server_client.state_manager("none")
    sm.save(STATE, request_id="used")
    operations = [
        sm.operation.save({"status": "running", "context": {"n": 1}}),
        none.operation.update(status="failed"),
        sm.operation.save(STATE, expected_revision=77),
        sm.operation.restore("nothing"),
        sm.operation.resume("hitl_nothing"),
        sm.operation.update(status="failed", request_id="used"),
        sm.operation.save(big(11 * MB)),
        sm.operation.load(fields=["nothing"]),
        sm.operation.load(),
    ]
    results = server_client.batch(operations)

    assert [type(result) for result in results] == [
        WriteResult,
        StateNotFoundError,
        ConflictError,
        CheckpointNotFoundError,
        InvalidTokenError,
        RequestIdReusedError,
        StateTooLargeError,
        InvalidRequestError,
        ExecutionState,
    ]
    assert results.errors[1].execution_id == "none"
    assert context(results[8]) == {"n": 1}


def test_states_that_do_not_fit_into_one_answer_are_loaded_all_the_same(
    server_client: Client,
) -> None:
    """B21: those that the server has no room for are asked for by themselves."""
    sms = [server_client.state_manager(f"e{n}") for n in range(25)]
    server_client.batch(sm.operation.save(big(MB + n)) for n, sm in enumerate(sms)).raise_first()
    states = server_client.batch(sm.operation.load() for sm in sms).raise_first()

    assert [context(state) for state in states] == [{"a": bytes(MB + n)} for n in range(25)]


def test_what_is_asked_for_by_itself_is_never_read_after_what_came_later(
    server_client: Client,
) -> None:
    """B21: then it is the error that is told."""
    sm = server_client.state_manager("e").operation
    server_client.batch([sm.save(big(5 * MB)), sm.load()]).raise_first()
    results = server_client.batch([sm.load(), sm.load(), sm.load(), sm.save(STATE), sm.load()])

    assert isinstance(results[0], ExecutionState)
    assert [type(results[n]) for n in (1, 2)] == [InvalidRequestError] * 2
    assert results.errors[1].message.endswith("ask by itself")
    assert context(results[4]) is None


def test_nothing_is_lost_or_done_twice_over_restarts(
    statekeeper_server: TestServer, make_client: MakeClient
) -> None:
    """B20, B70: each batch counts its writes, and so does the server."""
    client = make_client(statekeeper_server.address, timeout=20)
    ended = threading.Event()
    written = threading.Semaphore(0)
    sms = [client.state_manager(f"e{n}") for n in range(50)]
    client.batch(sm.operation.save(STATE) for sm in sms).raise_first()

    def write_until_ended() -> int:
        versions = 1
        while not ended.is_set():
            results = client.batch(sm.operation.update(metadata={"n": 1}) for sm in sms)
            versions += 1
            assert {result.version for result in results.raise_first()} == {versions}
            written.release()
        return versions

    with ThreadPoolExecutor() as pool:
        worker = pool.submit(write_until_ended)
        try:
            for _ in range(3):
                for _ in range(5):
                    assert written.acquire(timeout=30)
                statekeeper_server.restart()
        finally:
            ended.set()
        versions = worker.result(timeout=30)

    states = client.batch(sm.operation.load() for sm in sms).raise_first()
    assert {state.version for state in states if state} == {versions}
