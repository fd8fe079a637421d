"""Locks: who gets one, who does not, and what those who ask are told."""

from datetime import timedelta

import grpc
import pytest

from statekeeper.v1.history_pb2 import Revision
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest
from tests.support.locks import (
    granted,
    holder_of,
    lock,
    lock_request,
    owner_of,
    renew_request,
    unlock,
    unlock_request,
)
from tests.support.raw import RawClient, key_of, save_request


def test_a_free_lock_is_granted(raw: RawClient, execution_id: str) -> None:
    """B53: whether there is a state or not."""
    response = lock(raw, execution_id, "a", lease_s=60)

    assert response.acquired
    assert response.fencing_token > 0
    assert not response.HasField("holder")
    assert response.result.key.namespace == "execution-state"
    assert response.result.key.execution_id == execution_id
    assert (response.result.revision, response.result.version) == (0, 0)
    lasts = response.lease_expire_time.ToDatetime() - response.result.update_time.ToDatetime()
    assert lasts == timedelta(seconds=60)


def test_a_lease_is_30_seconds_unless_another_is_asked_for(
    raw: RawClient, execution_id: str
) -> None:
    """B57."""
    response = lock(raw, execution_id, "a")

    lasts = response.lease_expire_time.ToDatetime() - response.result.update_time.ToDatetime()
    assert lasts == timedelta(seconds=30)


@pytest.mark.parametrize("lease_s", [0.001, 24 * 3600.0])
def test_the_shortest_and_the_longest_lease(
    raw: RawClient, execution_id: str, lease_s: float
) -> None:
    """B57."""
    response = lock(raw, execution_id, "a", lease_s=lease_s)

    lasts = response.lease_expire_time.ToDatetime() - response.result.update_time.ToDatetime()
    assert lasts == timedelta(seconds=lease_s)


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_held_lock_is_not_granted_and_it_is_told_who_holds_it(
    raw: RawClient, execution_id: str, *, exclusive: bool
) -> None:
    """B53."""
    first = lock(raw, execution_id, "a", lease_s=60, exclusive=exclusive)
    second = lock(raw, execution_id, "b")

    assert not second.acquired
    assert second.fencing_token == 0
    assert not second.HasField("lease_expire_time")
    assert second.holder.owner == "a"
    assert second.holder.fencing_token == first.fencing_token
    assert second.holder.lease_expire_time == first.lease_expire_time
    assert second.holder.exclusive == exclusive
    assert holder_of(raw, execution_id) == second.holder


def test_nobody_holds_what_nobody_has_asked_for(raw: RawClient, execution_id: str) -> None:
    """B55."""
    assert holder_of(raw, execution_id) is None
    raw.stub.Save(save_request(execution_id))
    assert holder_of(raw, execution_id) is None


def test_a_released_lock_is_free(raw: RawClient, execution_id: str) -> None:
    """B55."""
    granted(raw, execution_id, "a")

    assert unlock(raw, execution_id, "a")
    assert holder_of(raw, execution_id) is None
    assert lock(raw, execution_id, "b").acquired


def test_a_lock_is_released_by_its_token_too(raw: RawClient, execution_id: str) -> None:
    """B55."""
    token = granted(raw, execution_id, "a")

    assert unlock(raw, execution_id, token)
    assert holder_of(raw, execution_id) is None


def test_releasing_what_nobody_holds_is_harmless_and_says_so(
    raw: RawClient, execution_id: str
) -> None:
    """B56."""
    assert not unlock(raw, execution_id, "a")
    assert not unlock(raw, execution_id, 7)
    token = granted(raw, execution_id, "a")
    assert unlock(raw, execution_id, "a")
    assert not unlock(raw, execution_id, "a")
    assert not unlock(raw, execution_id, token)


def test_a_stranger_cannot_release_or_renew(raw: RawClient, execution_id: str) -> None:
    """B56."""
    first = lock(raw, execution_id, "a", lease_s=60)
    refusals = [
        raw.refusal(raw.stub.Unlock, unlock_request(execution_id, "b")),
        raw.refusal(raw.stub.RenewLock, renew_request(execution_id, "b")),
    ]

    for refusal in refusals:
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "LOCKED",
        )
        expire_time = first.lease_expire_time.ToDatetime().isoformat()
        assert refusal.metadata == {
            "namespace": "execution-state",
            "execution_id": execution_id,
            "owner": "a",
            "expire_time": f"{expire_time}+00:00",
        }
    assert owner_of(raw, execution_id) == "a"


@pytest.mark.parametrize("difference", [-1, 1, 2**40])
def test_another_token_neither_releases_nor_renews(
    raw: RawClient, execution_id: str, difference: int
) -> None:
    """B56, B59."""
    granted(raw, execution_id, "x")
    unlock(raw, execution_id, "x")
    token = granted(raw, execution_id, "a") + difference
    before = holder_of(raw, execution_id)
    refusals = [
        raw.refusal(raw.stub.Unlock, unlock_request(execution_id, token)),
        raw.refusal(raw.stub.RenewLock, renew_request(execution_id, token)),
    ]

    assert {(each.code, each.reason) for each in refusals} == {
        (grpc.StatusCode.FAILED_PRECONDITION, "FENCED")
    }
    assert holder_of(raw, execution_id) == before


@pytest.mark.parametrize("holder", ["a", 7])
def test_what_nobody_holds_cannot_be_renewed(
    raw: RawClient, execution_id: str, holder: str | int
) -> None:
    """B56: its lease was over, or it never was."""
    refusal = raw.refusal(raw.stub.RenewLock, renew_request(execution_id, holder))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FENCED")

    granted(raw, execution_id, "a")
    unlock(raw, execution_id, "a")
    refusal = raw.refusal(raw.stub.RenewLock, renew_request(execution_id, holder))
    assert refusal.reason == "FENCED"
    assert holder_of(raw, execution_id) is None


@pytest.mark.parametrize("by_token", [False, True])
def test_renewing_prolongs_the_lease_and_keeps_the_token(
    raw: RawClient, execution_id: str, *, by_token: bool
) -> None:
    """B56, B58."""
    token = granted(raw, execution_id, "a", lease_s=60)
    holder = token if by_token else "a"
    for lease_s, wanted_s in ((600, 600), (None, 600), (5, 5)):
        renewed = raw.stub.RenewLock(renew_request(execution_id, holder, lease_s=lease_s))
        now = renewed.result.update_time.ToDatetime()
        assert renewed.fencing_token == token
        assert renewed.lease_expire_time.ToDatetime() - now == timedelta(seconds=wanted_s)
        found = holder_of(raw, execution_id)
        assert found is not None
        assert (found.fencing_token, found.lease_expire_time) == (token, renewed.lease_expire_time)


def test_the_same_owner_gets_the_same_grant_renewed(raw: RawClient, execution_id: str) -> None:
    """B62: also when it would wait, and as exclusive as it ever asked for."""
    first = lock(raw, execution_id, "a", lease_s=5)
    again = lock(raw, execution_id, "a", lease_s=600, wait_s=60, exclusive=True)
    then = lock(raw, execution_id, "a", lease_s=600)

    assert again.acquired
    assert again.fencing_token == first.fencing_token == then.fencing_token
    lasts = again.lease_expire_time.ToDatetime() - again.result.update_time.ToDatetime()
    assert lasts == timedelta(seconds=600)
    found = holder_of(raw, execution_id)
    assert found is not None
    assert found.exclusive
    assert found.lease_expire_time == then.lease_expire_time


def test_locks_of_different_executions_have_nothing_to_do_with_each_other(
    raw: RawClient, execution_id: str
) -> None:
    """B4, B53: the same id in another namespace is another execution."""
    requests = [lock_request(f"{execution_id}{n}", "a") for n in range(3)]
    requests += [lock_request(f"{execution_id}0", "b")]
    requests[-1].key.namespace = "other"

    assert all(raw.stub.Lock(request).acquired for request in requests)
    assert unlock(raw, f"{execution_id}0", "a")
    assert not lock(raw, f"{execution_id}1", "b").acquired
    refused = raw.refusal(raw.stub.Unlock, unlock_request(f"{execution_id}2", "b"))
    assert refused.reason == "LOCKED"


@pytest.mark.parametrize("owner", ["x" * 256, "🦶" * 64, "a\n\0b", " "])
def test_an_owner_is_any_text_of_up_to_256_bytes(
    raw: RawClient, execution_id: str, owner: str
) -> None:
    """B53: it comes back as it is, in answers and in errors."""
    granted(raw, execution_id, owner, exclusive=True)

    assert owner_of(raw, execution_id) == owner
    assert lock(raw, execution_id, "b").holder.owner == owner
    refusal = raw.refusal(raw.stub.Save, save_request(execution_id))
    assert refusal.reason == "LOCKED"
    assert refusal.metadata["owner"] == owner


def test_a_lock_does_not_move_the_execution(raw: RawClient, execution_id: str) -> None:
    """B65: it is not a change of the state, so nobody's expected revision is spoilt."""
    saved = raw.stub.Save(save_request(execution_id)).result
    before = raw.load(key_of(execution_id))
    results = [lock(raw, execution_id, "a").result]
    results += [lock(raw, execution_id, "b").result]
    results += [raw.stub.RenewLock(renew_request(execution_id, "a")).result]
    results += [raw.stub.Unlock(unlock_request(execution_id, "a")).result]
    results += [raw.stub.Unlock(unlock_request(execution_id, "a")).result]

    assert {(each.revision, each.version) for each in results} == {(saved.revision, 1)}
    assert raw.load(key_of(execution_id)) == before
    assert [each.revision for each in history(raw, execution_id)] == [saved.revision]
    again = raw.stub.Save(save_request(execution_id, expected_revision=saved.revision)).result
    assert again.version == 2


def history(raw: RawClient, execution_id: str) -> list[Revision]:
    request = ListRevisionsRequest(key=key_of(execution_id))
    return list(raw.stub.ListRevisions(request).revisions)


def test_a_lock_does_not_keep_an_execution_from_being_created(
    raw: RawClient, execution_id: str
) -> None:
    """B65: expected_revision 0 means the state, which a lock is not."""
    token = granted(raw, execution_id, "a", exclusive=True)
    assert raw.load(key_of(execution_id)) is None
    result = raw.stub.Save(
        save_request(execution_id, expected_revision=0, fencing_token=token)
    ).result

    assert result.version == 1
    assert owner_of(raw, execution_id) == "a"
