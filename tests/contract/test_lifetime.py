"""How long an execution lives. The clock is moved, so the server is in this process."""

from datetime import timedelta

import pytest

from statekeeper import Client, ConflictError, StateManager, StateNotFoundError
from statekeeper.testing import TestServer
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
