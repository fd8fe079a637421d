"""Locks over restarts, kills, drains and media that fail."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import grpc
import pytest

from statekeeper.testing import TestServer
from tests.support.broken_medium import Breaker, break_shard
from tests.support.frozen import freeze
from tests.support.health import HealthWatch
from tests.support.locks import (
    LONG_S,
    granted,
    holder_of,
    line,
    lock,
    lock_request,
    lock_state,
    owner_of,
    renew_request,
    stand_in_line,
    unlock,
    unlock_request,
    until,
    waiting,
)
from tests.support.placement import ids_in_shard
from tests.support.raw import DEADLINE_S, RawClient, Refusal, save_request
from tests.support.server_process import ServerProcess

SHARDS = 2
AILING, AILING_TOO = ids_in_shard(0, SHARDS, 2)
(WELL,) = ids_in_shard(1, SHARDS, 1)


def test_a_lease_survives_a_restart_with_the_rest_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """B57: and nothing of it is lost or won."""
    with TestServer() as server:
        freeze(monkeypatch, server)
        with RawClient(server.address) as raw:
            token = granted(raw, "exec_1", "a", lease_s=100, exclusive=True)
            granted(raw, "exec_2", "a", lease_s=100)
            unlock(raw, "exec_2", "a")
            before = holder_of(raw, "exec_1")
            server.clock.advance(40)
        server.restart()
        with RawClient(server.address) as raw:
            assert holder_of(raw, "exec_1") == before
            assert holder_of(raw, "exec_2") is None
            assert not lock(raw, "exec_1", "b").acquired
            assert raw.refusal(raw.stub.Save, save_request("exec_1")).reason == "LOCKED"
            raw.stub.Save(save_request("exec_1", fencing_token=token))
            server.clock.advance(55)
            assert owner_of(raw, "exec_1") == "a"
            call = stand_in_line(raw, "exec_1", "b")
            server.clock.advance(5)
            assert call.result(timeout=DEADLINE_S).fencing_token > token


def test_a_lease_may_be_over_while_the_server_is_down(tmp_path: Path) -> None:
    """B57."""
    with TestServer(tmp_path / "data") as server, RawClient(server.address) as raw:
        token = granted(raw, "exec_1", "a", lease_s=0.001, exclusive=True)
    with TestServer(tmp_path / "data") as server, RawClient(server.address) as raw:
        server.clock.advance(1)
        refusal = raw.refusal(raw.stub.Save, save_request("exec_1", fencing_token=token))
        assert refusal.reason == "FENCED"
        assert granted(raw, "exec_1", "b") > token


def test_a_renewed_lease_survives_as_it_was_renewed() -> None:
    """B56."""
    with TestServer() as server:
        with RawClient(server.address) as raw:
            token = granted(raw, "exec_1", "a", lease_s=10)
            raw.stub.RenewLock(renew_request("exec_1", "a", lease_s=500))
        server.restart()
        with RawClient(server.address) as raw:
            server.clock.advance(300)
            assert raw.stub.RenewLock(renew_request("exec_1", token)).fencing_token == token
            server.clock.advance(300)
            assert owner_of(raw, "exec_1") == "a"


def test_locks_survive_kill_9(tmp_path: Path) -> None:
    """B20, B57, B58: who held one holds it, who waited asks again, and tokens go on growing."""
    tokens = []
    with ServerProcess(tmp_path / "data") as server:
        for n in range(4):
            with RawClient(server.address) as raw:
                tokens.append(granted(raw, "exec_1", f"{n}", lease_s=1_000, exclusive=True))
                request = lock_request("exec_2", "same", lease_s=1_000, request_id="r1")
                same = raw.stub.Lock(request)
                call = stand_in_line(raw, "exec_1", f"waits {n}")
                before = holder_of(raw, "exec_1")
                server.kill()
                error = call.exception(timeout=DEADLINE_S)
                assert isinstance(error, grpc.RpcError)
                assert Refusal.of(error).code is grpc.StatusCode.UNAVAILABLE
            server.start()
            with RawClient(server.address) as raw:
                assert holder_of(raw, "exec_1") == before
                assert raw.stub.Lock(request).fencing_token == same.fencing_token
                assert granted(raw, "exec_1", f"{n}", lease_s=1_000) == tokens[-1]
                raw.stub.Save(save_request("exec_1", fencing_token=tokens[-1]))
                assert unlock(raw, "exec_1", tokens[-1])
    assert tokens == sorted(set(tokens))


def test_who_waits_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """B61: they are told to try again, and the lock is held by whom it was."""
    with ServerProcess(tmp_path / "data", "--drain-s=1000") as server:
        with RawClient(server.address) as raw:
            token = granted(raw, "exec_1", "holder", lease_s=1_000)
            calls = [stand_in_line(raw, "exec_1", f"{n}") for n in range(10)]
            server.ask_to_stop()
            refusals = []
            for call in calls:
                error = call.exception(timeout=DEADLINE_S)
                assert isinstance(error, grpc.RpcError)
                refusals.append(Refusal.of(error))
        assert server.wait() == 0
        assert {(each.code, each.reason) for each in refusals} == {
            (grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")
        }
        server.start()
        with RawClient(server.address) as raw:
            assert granted(raw, "exec_1", "holder") == token


def test_who_asks_while_the_server_drains_does_not_wait() -> None:
    """B61: a request that was under way already."""
    with TestServer(shards=1) as server:
        with RawClient(server.address) as raw:
            granted(raw, "exec_1", "holder", lease_s=1_000)
            assert server._server is not None
            server._server._shards.drain()
            refusal = raw.refusal(raw.stub.Lock, lock_request("exec_1", "late", wait_s=LONG_S))
            assert refusal.code is grpc.StatusCode.UNAVAILABLE
            assert line(server, "exec_1") == []
        server.restart()
        with RawClient(server.address) as raw:
            call = stand_in_line(raw, "exec_1", "late")
            assert unlock(raw, "exec_1", "holder")
            assert call.result(timeout=DEADLINE_S).acquired


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


FAILURES = pytest.mark.parametrize("failure", ["before_commit", "after_commit", "at_put"])


@FAILURES
def test_who_waits_at_a_shard_that_fails_is_told(
    breaker: Breaker, server: TestServer, raw: RawClient, failure: str
) -> None:
    """B20, B61: the table is right afterwards, and other shards' lines are not touched."""
    tokens = {
        name: granted(raw, name, "holder", lease_s=LONG_S) for name in (AILING, AILING_TOO, WELL)
    }
    calls = [stand_in_line(raw, AILING, f"{n}") for n in range(3)]
    calls += [stand_in_line(raw, AILING_TOO, f"{n}") for n in range(3)]
    well = stand_in_line(raw, WELL, "well")
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        setattr(breaker, failure, 1)
        refusal = raw.refusal(raw.stub.Save, save_request(AILING))
        assert refusal.reason == "STORAGE_ERROR"
        for call in calls:
            error = call.exception(timeout=DEADLINE_S)
            assert isinstance(error, grpc.RpcError)
            assert Refusal.of(error).reason == "STORAGE_ERROR"
        assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    assert not well.done()
    assert waiting(server, AILING) == 0
    for name in (AILING, AILING_TOO):
        held = lock_state(server, name).grant
        assert held is not None
        assert (held.owner, held.fencing_token) == ("holder", tokens[name])
        again = stand_in_line(raw, name, "again")
        assert unlock(raw, name, tokens[name])
        assert again.result(timeout=DEADLINE_S).fencing_token > tokens[name]
    assert unlock(raw, WELL, "holder")
    assert well.result(timeout=DEADLINE_S).acquired


@FAILURES
def test_an_unlock_that_fails_leaves_one_holder(
    breaker: Breaker, server: TestServer, raw: RawClient, failure: str
) -> None:
    """B20, B60: what is in the table is what is on the disk; repeating settles it."""
    granted(raw, AILING, "holder", lease_s=LONG_S)
    request = lock_request(AILING, "next", lease_s=LONG_S, wait_s=LONG_S, request_id="r1")
    call = stand_in_line(raw, AILING, "next", lease_s=LONG_S, request_id="r1")
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        setattr(breaker, failure, 1)
        unlocking = unlock_request(AILING, "holder", request_id="r2")
        assert raw.refusal(raw.stub.Unlock, unlocking).reason == "STORAGE_ERROR"
        assert isinstance(call.exception(timeout=DEADLINE_S), grpc.RpcError)
        assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    kept = failure == "after_commit"
    held = lock_state(server, AILING).grant
    assert held is not None
    assert held.owner == owner_of(raw, AILING) == ("next" if kept else "holder")
    assert raw.stub.Unlock(unlocking).result.replayed == kept
    response = raw.stub.Lock(request, timeout=DEADLINE_S)
    assert response.acquired
    assert response.result.replayed == kept
    assert owner_of(raw, AILING) == "next"


def test_a_lease_that_ends_at_the_failing_shard_is_over_afterwards(
    breaker: Breaker, server: TestServer, raw: RawClient
) -> None:
    """B20, B57: the commit that fails is the one that ends it."""
    granted(raw, AILING, "holder", lease_s=100)
    with HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        breaker.before_commit = 1
        server.clock.advance(100)
        assert [health.next(), health.next()] == ["NOT_SERVING", "SERVING"]

    assert owner_of(raw, AILING) == ""
    until(raw, lambda: lock_state(server, AILING).grant is None)
    assert lock(raw, AILING, "next").acquired


def test_a_drain_is_quick_though_leases_are_long(tmp_path: Path) -> None:
    """B20."""
    with ServerProcess(tmp_path / "data", "--drain-s=1000") as server:
        with RawClient(server.address) as raw:
            granted(raw, "exec_1", "holder", lease_s=24 * 3600.0)
            call = stand_in_line(raw, "exec_1", "next", wait_s=24 * 3600.0)
            began = datetime.now().astimezone()
            assert server.terminate() == 0
            assert datetime.now().astimezone() - began < timedelta(seconds=10)
        assert call.done()
