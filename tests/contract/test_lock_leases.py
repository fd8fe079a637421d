"""Leases: what the time does to locks and to those who wait for them."""

from collections.abc import Iterator

import pytest

from statekeeper.testing import TestServer
from tests.support.frozen import freeze
from tests.support.locks import (
    LONG_S,
    granted,
    holder_of,
    line,
    lock,
    owner_of,
    renew_request,
    stand_in_line,
    unlock,
    unlock_request,
    waiting,
)
from tests.support.raw import DEADLINE_S, RawClient, key_of, save_request

EXEC = "exec_1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestServer]:
    """A server whose time passes only when it is told to."""
    with TestServer(shards=1) as server:
        freeze(monkeypatch, server)
        yield server


@pytest.fixture
def raw(server: TestServer) -> Iterator[RawClient]:
    """Its client."""
    with RawClient(server.address) as raw:
        yield raw


def test_a_lock_is_free_when_its_lease_is_over(server: TestServer, raw: RawClient) -> None:
    """B57."""
    first = granted(raw, EXEC, "a", lease_s=100)
    server.clock.advance(90)
    assert owner_of(raw, EXEC) == "a"
    assert not lock(raw, EXEC, "b").acquired
    server.clock.advance(10)

    assert holder_of(raw, EXEC) is None
    assert granted(raw, EXEC, "b") > first


def test_whose_lease_is_over_cannot_renew_it_nor_release_anothers(
    server: TestServer, raw: RawClient
) -> None:
    """B56, B57."""
    token = granted(raw, EXEC, "a", lease_s=100)
    server.clock.advance(100)
    for holder in ("a", token):
        assert raw.refusal(raw.stub.RenewLock, renew_request(EXEC, holder)).reason == "FENCED"
        assert not unlock(raw, EXEC, holder)

    granted(raw, EXEC, "b")
    for holder, reason in (("a", "LOCKED"), (token, "FENCED")):
        assert raw.refusal(raw.stub.RenewLock, renew_request(EXEC, holder)).reason == reason
        assert raw.refusal(raw.stub.Unlock, unlock_request(EXEC, holder)).reason == reason
    assert owner_of(raw, EXEC) == "b"


def test_the_same_owner_gets_another_grant_when_its_lease_was_over(
    server: TestServer, raw: RawClient
) -> None:
    """B58, B62: someone else may have been there in between."""
    first = granted(raw, EXEC, "a", lease_s=100)
    server.clock.advance(100)

    assert granted(raw, EXEC, "a") > first


def test_the_next_in_line_gets_the_lock_when_the_lease_is_over(
    server: TestServer, raw: RawClient
) -> None:
    """B57, B60: without anybody's doing, and one after the other."""
    tokens = [granted(raw, EXEC, "holder", lease_s=100)]
    calls = [stand_in_line(raw, EXEC, f"{n}", lease_s=100) for n in range(5)]
    for n, call in enumerate(calls):
        server.clock.advance(99)
        assert owner_of(raw, EXEC) == ("holder" if n == 0 else f"{n - 1}")
        assert not call.done()
        server.clock.advance(1)
        response = call.result(timeout=DEADLINE_S)
        assert response.acquired
        tokens.append(response.fencing_token)
        assert not any(each.done() for each in calls[n + 1 :])
    assert tokens == sorted(set(tokens))


def test_a_lease_ends_by_itself() -> None:
    """B57: nobody moves the clock, nor asks for anything."""
    with TestServer() as server, RawClient(server.address) as raw:
        granted(raw, EXEC, "holder", lease_s=0.2)
        assert lock(raw, EXEC, "next", wait_s=LONG_S).acquired


def test_a_wait_ends_by_itself() -> None:
    """B54: nobody moves the clock, nor asks for anything."""
    with TestServer() as server, RawClient(server.address) as raw:
        granted(raw, EXEC, "holder", lease_s=LONG_S)
        assert lock(raw, EXEC, "next", wait_s=0.1).holder.owner == "holder"


def test_a_renewed_lease_lasts_longer(server: TestServer, raw: RawClient) -> None:
    """B56: those in line wait on."""
    token = granted(raw, EXEC, "a", lease_s=100)
    call = stand_in_line(raw, EXEC, "b")
    for _ in range(3):
        server.clock.advance(90)
        renewed = raw.stub.RenewLock(renew_request(EXEC, token))
        assert renewed.fencing_token == token
    assert owner_of(raw, EXEC) == "a"
    assert not call.done()
    server.clock.advance(100)

    assert call.result(timeout=DEADLINE_S).fencing_token > token


def test_a_lease_may_be_shortened(server: TestServer, raw: RawClient) -> None:
    """B56."""
    granted(raw, EXEC, "a", lease_s=10_000)
    call = stand_in_line(raw, EXEC, "b")
    raw.stub.RenewLock(renew_request(EXEC, "a", lease_s=10))
    server.clock.advance(10)

    assert call.result(timeout=DEADLINE_S).acquired


def test_whose_wait_is_over_is_told_who_holds_the_lock(server: TestServer, raw: RawClient) -> None:
    """B54: and is in nobody's way any more."""
    token = granted(raw, EXEC, "a", lease_s=LONG_S, exclusive=True)
    calls = {
        wait_s: stand_in_line(raw, EXEC, f"for {wait_s}", wait_s=wait_s)
        for wait_s in (300.0, 100.0)
    }
    calls[LONG_S] = stand_in_line(raw, EXEC, "for long", wait_s=LONG_S)
    for wait_s in (100.0, 300.0):
        server.clock.advance(99)
        assert not calls[wait_s].done()
        server.clock.advance(101)
        response = calls.pop(wait_s).result(timeout=DEADLINE_S)
        assert not response.acquired
        assert response.fencing_token == 0
        assert (response.holder.owner, response.holder.fencing_token) == ("a", token)
        assert response.holder.exclusive
        assert response.holder == holder_of(raw, EXEC)
        assert not any(call.done() for call in calls.values())
    assert line(server, EXEC) == ["for long"]
    assert unlock(raw, EXEC, "a")
    assert calls[LONG_S].result(timeout=DEADLINE_S).acquired
    assert waiting(server, EXEC) == 0


def test_a_late_wait_over_and_a_late_lease_over_give_the_lock_to_one(
    server: TestServer, raw: RawClient
) -> None:
    """B60: a server that was held up for long finds both at once."""
    granted(raw, EXEC, "a", lease_s=100)
    calls = [stand_in_line(raw, EXEC, f"{n}", wait_s=200) for n in range(3)]
    server.clock.advance(500)
    responses = [call.result(timeout=DEADLINE_S) for call in calls]

    assert [response.acquired for response in responses] == [True, False, False]
    assert {response.holder.owner for response in responses[1:]} == {"0"}
    assert line(server, EXEC) == []


def test_many_leases_end_at_once(server: TestServer, raw: RawClient) -> None:
    """B57."""
    calls = []
    for n in range(20):
        granted(raw, f"exec_{n}", "a", lease_s=100 if n % 2 else 1_000)
        calls.append(stand_in_line(raw, f"exec_{n}", "b"))
    server.clock.advance(100)
    for call in calls[1::2]:
        assert call.result(timeout=DEADLINE_S).acquired

    assert [owner_of(raw, f"exec_{n}") for n in range(20)] == ["a", "b"] * 10
    assert not any(call.done() for call in calls[::2])


def test_a_lock_outlives_its_execution(server: TestServer, raw: RawClient) -> None:
    """B17, B57: an execution that expires takes nobody's lock away."""
    request = save_request(EXEC)
    request.options.ttl.FromSeconds(10)
    raw.stub.Save(request)
    token = granted(raw, EXEC, "a", lease_s=100, exclusive=True)
    server.clock.advance(10)

    assert raw.load(key_of(EXEC)) is None
    response = lock(raw, EXEC, "b")
    assert (response.acquired, response.result.revision) == (False, 0)
    assert raw.refusal(raw.stub.Save, save_request(EXEC)).reason == "LOCKED"
    assert raw.stub.Save(save_request(EXEC, fencing_token=token)).result.version == 1


def test_an_exclusive_lock_keeps_nobody_out_once_its_lease_is_over(
    server: TestServer, raw: RawClient
) -> None:
    """B57, B63."""
    token = granted(raw, EXEC, "a", lease_s=100, exclusive=True)
    assert raw.refusal(raw.stub.Save, save_request(EXEC)).reason == "LOCKED"
    server.clock.advance(100)

    refusal = raw.refusal(raw.stub.Save, save_request(EXEC, fencing_token=token))
    assert refusal.reason == "FENCED"
    assert raw.stub.Save(save_request(EXEC)).result.version == 1
