"""How long an execution lives. The clock is moved, so the server is in this process."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from statekeeper import Client, ConflictError, StateManager, StateNotFoundError
from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.lock_pb2 import LockRequest, RenewLockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import DeleteRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from tests.support.checkpoints import checkpoint, delete_checkpoint, restore
from tests.support.pauses import from_now, open_pause, resume
from tests.support.raw import RawClient, document, key_of, save_request, update_request
from tests.support.states import loaded

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def timed_sm(statekeeper_server: TestServer) -> StateManager:
    """An execution that does not exist yet, of a server whose clock can be moved."""
    return statekeeper_server.client().state_manager("exec_1")


def test_an_execution_lives_a_day_by_default(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B3."""
    timed_sm.save({"status": "running"})
    state = loaded(timed_sm)
    assert state.expire_time is not None
    assert state.update_time is not None
    assert state.expire_time - state.update_time == DAY

    statekeeper_server.clock.advance(DAY - HOUR)
    assert timed_sm.load() is not None
    statekeeper_server.clock.advance(HOUR)
    assert timed_sm.load() is None


def test_a_ttl_can_be_set_with_each_save(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B3."""
    timed_sm.save({"status": "running"}, ttl=timedelta(days=7))
    statekeeper_server.clock.advance(6 * DAY)
    assert timed_sm.load() is not None

    timed_sm.save({"status": "running"}, ttl=HOUR)
    statekeeper_server.clock.advance(HOUR)
    assert timed_sm.load() is None


def test_a_ttl_of_zero_means_never(statekeeper_server: TestServer, timed_sm: StateManager) -> None:
    """B3."""
    timed_sm.save({"status": "running"}, ttl=0)
    assert loaded(timed_sm).expire_time is None

    statekeeper_server.clock.advance(365 * 150 * DAY)
    assert timed_sm.load() is not None


def test_a_ttl_of_a_hundred_years_is_kept(timed_sm: StateManager) -> None:
    """B3: the longest that is allowed."""
    timed_sm.save({"status": "running"}, ttl=365 * 100 * DAY)

    state = loaded(timed_sm)
    assert state.expire_time is not None
    assert state.update_time is not None
    assert state.expire_time - state.update_time == 365 * 100 * DAY


def test_what_has_expired_is_absent_for_every_call(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B17: before anything is reclaimed."""
    revision = timed_sm.save({"status": "running", "context": {"old": 1}}, ttl=HOUR).revision
    statekeeper_server.clock.advance(HOUR)

    assert timed_sm.load() is None
    assert timed_sm.load(revision=revision) is None
    assert list(timed_sm.list_revisions()) == []
    with pytest.raises(StateNotFoundError):
        timed_sm.update(status="waiting")
    assert not timed_sm.delete().existed


def test_what_has_expired_is_created_anew_by_a_save(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B17: it must not exist (0), begins at version 1, and nothing old shows through."""
    old = timed_sm.save({"status": "running", "context": {"old": 1}}, ttl=HOUR)
    timed_sm.update(input={"i": 1})
    statekeeper_server.clock.advance(HOUR)

    new = timed_sm.save({"status": "waiting"}, expected_revision=0)
    assert new.version == 1
    assert new.revision > old.revision
    state = loaded(timed_sm)
    assert (state.context, state.input) == (None, None)
    assert state.start_time == state.create_time == new.update_time
    assert len(list(timed_sm.list_revisions())) == 1


def test_the_ttl_of_what_has_expired_is_not_inherited(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B3, B17."""
    timed_sm.save({"status": "running"}, ttl=HOUR)
    statekeeper_server.clock.advance(HOUR)
    timed_sm.save({"status": "running"})

    statekeeper_server.clock.advance(DAY - HOUR)
    assert timed_sm.load() is not None


def test_every_write_renews_the_ttl(statekeeper_server: TestServer, timed_sm: StateManager) -> None:
    """B18: a save and an update, with the ttl last set."""
    timed_sm.save({"status": "running"}, ttl=2 * HOUR)
    for _ in range(3):
        statekeeper_server.clock.advance(HOUR)
        timed_sm.update(context={"n": 1})
        statekeeper_server.clock.advance(HOUR)
        timed_sm.save({"status": "running"})

    statekeeper_server.clock.advance(HOUR)
    assert timed_sm.load() is not None
    statekeeper_server.clock.advance(HOUR)
    assert timed_sm.load() is None


def test_a_read_does_not_renew_the_ttl(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B18."""
    timed_sm.save({"status": "running"}, ttl=2 * HOUR)
    statekeeper_server.clock.advance(HOUR)
    assert timed_sm.load() is not None
    statekeeper_server.clock.advance(HOUR)

    assert timed_sm.load() is None


def test_a_refused_write_does_not_renew_the_ttl(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B18, B80."""
    timed_sm.save({"status": "running"}, ttl=2 * HOUR)
    expires = loaded(timed_sm).expire_time
    statekeeper_server.clock.advance(HOUR)
    with pytest.raises(ConflictError):
        timed_sm.update(status="waiting", expected_revision=10**9)

    assert loaded(timed_sm).expire_time == expires


def test_a_ttl_too_short_to_see_expires_at_once(client: Client, execution_id: str) -> None:
    """B17: also in a process of its own, whose clock nobody moves."""
    sm = client.state_manager(execution_id)
    sm.save({"status": "running"}, ttl=timedelta(microseconds=1))

    assert sm.load() is None
    assert not sm.delete().existed


def _writes(raw: RawClient) -> Iterator[Any]:
    """The results of one write of each kind, on one execution."""
    stub, key = raw.stub, key_of("exec_1")
    yield stub.Save(save_request("exec_1")).result
    yield stub.Update(update_request("exec_1", ExecutionState(context=document(a="1")))).result
    # It outlives its pause (B38).
    pausing = open_pause(raw, "exec_1", expire_time=from_now(9 * DAY.total_seconds()))
    yield pausing.result
    yield resume(raw, token=pausing.token).result
    yield checkpoint(raw, "exec_1", "a").result
    yield restore(raw, "exec_1", "a").result
    yield delete_checkpoint(raw, "exec_1", "a").result
    yield stub.Lock(LockRequest(key=key, owner="me")).result
    yield stub.RenewLock(RenewLockRequest(key=key, owner="me")).result
    yield stub.Unlock(UnlockRequest(key=key, owner="me")).result
    saving = Operation(save=save_request(""))
    saving.save.ClearField("key")
    yield stub.Transaction(TransactionRequest(key=key, operations=[saving])).result


def test_every_write_tells_when_the_execution_expires(statekeeper_server: TestServer) -> None:
    """B18: also what renews the time to live and makes no revision, or does not even that."""
    seen = set()
    with RawClient(statekeeper_server.address) as raw:
        for result in _writes(raw):
            execution = raw.load(key_of("exec_1"))
            assert execution is not None
            assert result.HasField("expire_time")
            assert result.expire_time == execution.expire_time
            seen.add(result.expire_time.ToMicroseconds())
            statekeeper_server.clock.advance(1)
    # The lock is none of the state's writes.
    assert len(seen) == 8


def test_a_write_tells_no_time_where_nothing_expires(statekeeper_server: TestServer) -> None:
    """B3: it lives for ever, or is not there."""
    with RawClient(statekeeper_server.address) as raw:
        lock = LockRequest(key=key_of("exec_1"), owner="me")
        assert not raw.stub.Lock(lock).result.HasField("expire_time")
        saving = save_request("exec_1")
        saving.options.ttl.SetInParent()
        for result in (raw.stub.Save(saving).result, raw.stub.Lock(lock).result):
            assert result.version == 1
            assert not result.HasField("expire_time")
        deleting = Operation(delete=DeleteRequest())
        request = TransactionRequest(key=key_of("exec_1"), operations=[deleting])
        assert not raw.stub.Transaction(request).result.HasField("expire_time")


def test_a_repeated_write_tells_when_the_execution_expired_then(
    statekeeper_server: TestServer,
) -> None:
    """B70: it is the first result, whatever was written since."""
    with RawClient(statekeeper_server.address) as raw:
        request = save_request("exec_1", request_id="r1")
        first = raw.stub.Save(request).result
        statekeeper_server.clock.advance(HOUR)
        later = raw.stub.Update(update_request("exec_1", ExecutionState(context=document(a="1"))))
        again = raw.stub.Save(request).result

        assert again.replayed
        assert again.expire_time == first.expire_time
        assert later.result.expire_time.ToDatetime() - first.expire_time.ToDatetime() >= HOUR


def test_a_saved_state_knows_when_it_expires(
    statekeeper_server: TestServer, timed_sm: StateManager
) -> None:
    """B18: whatever has renewed its time to live before."""
    timed_sm.save({"status": "running"})
    state = loaded(timed_sm)
    statekeeper_server.clock.advance(HOUR)
    timed_sm.checkpoint("a", ttl=7 * DAY)
    result = timed_sm.save(state)

    assert state.expire_time == result.expire_time == loaded(timed_sm).expire_time
    assert state.expire_time == result.update_time + 7 * DAY
    assert state.create_time == loaded(timed_sm).create_time
