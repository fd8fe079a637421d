"""A shard whose medium fails goes out of service, is verified and comes back."""

from collections.abc import Iterator

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest, LoadRequest, SaveRequest
from tests.support.broken_medium import Breaker, break_shard
from tests.support.health import HealthWatch, health_of
from tests.support.placement import ids_in_shard
from tests.support.raw import (
    DEADLINE_S,
    RawClient,
    Refusal,
    document,
    key_of,
    save_request,
    update_request,
)

SHARDS = 2
AILING = ids_in_shard(0, SHARDS, 20)
WELL = ids_in_shard(1, SHARDS, 20)


@pytest.fixture
def breaker(monkeypatch: pytest.MonkeyPatch) -> Breaker:
    """Makes shard 0 fail."""
    monkeypatch.setattr("statekeeper_server.worker._REOPEN_DELAY_S", 0.01)
    return break_shard(monkeypatch, 0)


@pytest.fixture
def server(breaker: Breaker) -> Iterator[TestServer]:
    """A server whose shard 0 can be made to fail."""
    with TestServer(shards=SHARDS) as server:
        yield server
        breaker.sound.set()


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """A client that repeats nothing by itself."""
    with RawClient(server.address) as raw:
        yield raw


def state(n: int) -> ExecutionState:
    return ExecutionState(
        status=STATUS_RUNNING,
        context=document(n=str(n), big=bytes([n]) * 100_000, text=f'"{n}"'),
    )


def stored(raw: RawClient, execution_id: str) -> ExecutionState | None:
    execution = raw.load(key_of(execution_id))
    if execution is None:
        return None
    execution.state.ClearField("id")
    execution.state.ClearField("start_time")
    return execution.state


FAILURES = pytest.mark.parametrize("failure", ["before_commit", "after_commit", "at_put"])


@FAILURES
def test_a_failed_commit_is_answered_storage_error(
    breaker: Breaker, raw: RawClient, failure: str
) -> None:
    """B73: UNAVAILABLE, as the outcome is not known and repeating is right."""
    setattr(breaker, failure, 1)
    refusal = raw.refusal(raw.stub.Save, save_request(AILING[0]))

    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")
    assert refusal.metadata["execution_id"] == AILING[0]
    assert "grpc-retry-pushback-ms" not in refusal.trailers


@FAILURES
def test_nothing_acknowledged_is_lost_and_nothing_done_twice(
    breaker: Breaker, raw: RawClient, failure: str
) -> None:
    """B20, B70: over the failure, and the repetition of what was in doubt."""
    before = {name: raw.stub.Save(save_request(name, state(n))) for n, name in enumerate(AILING)}
    request = save_request(AILING[0], state(77), request_id="in doubt")
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        setattr(breaker, failure, 1)
        assert raw.refusal(raw.stub.Save, request).reason == "STORAGE_ERROR"
        assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    for n, name in enumerate(AILING[1:], 1):
        assert stored(raw, name) == state(n)
    assert stored(raw, AILING[0]) == state(77 if failure == "after_commit" else 0)
    again = raw.stub.Save(request, timeout=DEADLINE_S).result
    assert again.replayed == (failure == "after_commit")
    assert again.version == 2
    assert stored(raw, AILING[0]) == state(77)
    revisions = [each.result.revision for each in before.values()]
    assert revisions == sorted(set(revisions))
    assert again.revision > revisions[-1]


def test_all_callers_of_the_failed_batch_are_told(breaker: Breaker, raw: RawClient) -> None:
    """B73: none is left without an answer, and none is told that it was kept."""
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        breaker.before_commit = 1
        calls = {
            name: raw.stub.Save.future(save_request(name, state(1)), timeout=DEADLINE_S)
            for name in AILING
        }
        failed = {
            name: Refusal.of(error)
            for name, call in calls.items()
            if (error := call.exception()) is not None
        }
        assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    assert failed
    assert {refusal.reason for refusal in failed.values()} == {"STORAGE_ERROR"}
    for name in AILING:
        assert stored(raw, name) == (None if name in failed else state(1))


def test_a_shard_out_of_service_refuses_reads_and_writes_and_the_others_go_on(
    breaker: Breaker, raw: RawClient
) -> None:
    """B20's other half: one shard's trouble is not the others'."""
    raw.stub.Save(save_request(AILING[0], state(1)))
    breaker.sound.clear()
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        breaker.before_commit = 1
        raw.refusal(raw.stub.Save, save_request(AILING[1]))
        assert health.next() == "NOT_SERVING"
        assert health_of(raw.channel) == health_of(raw.channel, "") == "NOT_SERVING"

        key = key_of(AILING[0])
        refusals = [
            raw.refusal(raw.stub.Load, LoadRequest(key=key)),
            raw.refusal(raw.stub.ListRevisions, ListRevisionsRequest(key=key)),
            raw.refusal(raw.stub.Save, save_request(AILING[0])),
            raw.refusal(raw.stub.Update, update_request(AILING[0])),
        ]
        assert {(each.code, each.reason) for each in refusals} == {
            (grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")
        }
        for n, name in enumerate(WELL):
            raw.stub.Save(save_request(name, state(n)))
            assert stored(raw, name) == state(n)

        breaker.sound.set()
        assert health.next() == "SERVING"
    assert stored(raw, AILING[0]) == state(1)
    assert stored(raw, AILING[1]) is None
    assert raw.stub.Save(save_request(AILING[1])).result.version == 1


@pytest.mark.parametrize("trouble", ["problem", "unopenable"])
def test_a_shard_stays_out_of_service_until_it_is_found_sound(
    breaker: Breaker, raw: RawClient, trouble: str
) -> None:
    """B20: what cannot be trusted is not served."""
    raw.stub.Save(save_request(AILING[0], state(1)))
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        setattr(breaker, trouble, "page 3 is bad")
        breaker.before_commit = 1
        raw.refusal(raw.stub.Save, save_request(AILING[1]))
        assert health.next() == "NOT_SERVING"
        for _ in range(3):
            assert breaker.verifications.acquire(timeout=DEADLINE_S)
        refusal = raw.refusal(raw.stub.Load, LoadRequest(key=key_of(AILING[0])))
        assert refusal.reason == "STORAGE_ERROR"

        setattr(breaker, trouble, "")
        assert health.next() == "SERVING"
    assert stored(raw, AILING[0]) == state(1)


def test_a_shard_fails_and_recovers_again_and_again(breaker: Breaker, raw: RawClient) -> None:
    """B20."""
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        for n in range(4):
            raw.stub.Save(save_request(AILING[n], state(n)), timeout=DEADLINE_S)
            breaker.after_commit = 1
            raw.refusal(raw.stub.Save, save_request(AILING[n], state(n + 50)))
            assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    for n in range(4):
        assert stored(raw, AILING[n]) == state(n + 50)


def test_the_server_stops_while_a_shard_is_out_of_service(
    breaker: Breaker, server: TestServer, raw: RawClient
) -> None:
    """B20: and serves all of it when it is started again."""
    raw.stub.Save(save_request(AILING[0], state(1)))
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        breaker.problem = "page 3 is bad"
        breaker.before_commit = 1
        raw.refusal(raw.stub.Save, save_request(AILING[1]))
        assert health.next() == "NOT_SERVING"
    server.restart()

    with RawClient(server.address) as again:
        assert stored(again, AILING[0]) == state(1)
        assert health_of(again.channel) == "SERVING"


def test_a_failure_while_nothing_is_asked_is_noticed(breaker: Breaker, raw: RawClient) -> None:
    """B20: what deleted executions have left is reclaimed by itself, and may fail."""
    context = document(**{f"k{n}": "1" for n in range(1_000)})
    large = SaveRequest(
        key=key_of(AILING[0]), state=ExecutionState(status=STATUS_RUNNING, context=context)
    )
    raw.stub.Save(save_request(AILING[1], state(1)))
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        raw.stub.Save(large)
        breaker.before_commit = 2
        raw.delete(key_of(AILING[0]))
        assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    assert stored(raw, AILING[0]) is None
    assert stored(raw, AILING[1]) == state(1)
