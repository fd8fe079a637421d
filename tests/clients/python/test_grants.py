"""What a handle knows of its locks: who holds them, for how long, and when to renew."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from datetime import UTC, datetime, timedelta

import pytest

from statekeeper import FencedError, UnavailableError
from statekeeper.aio_state_manager import lock as aio_lock
from statekeeper.grants import Grant, Grants
from statekeeper.state_manager import lock as sync_lock

LEASE = timedelta(seconds=30)
UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
Keep = Callable[[Grant, Callable[[float], bool], Callable[[], None]], None]


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def grants(clock: Clock) -> Grants:
    return Grants(clock)


@pytest.fixture
def grant(grants: Grants, clock: Clock) -> Grant:
    """A grant of thirty seconds."""
    grant = grants.take("me", 1)
    grant.prolong(LEASE, UNTIL, clock())
    return grant


def elsewhere(function: Callable[[], object]) -> object:
    """Gives what a function gives in a thread of its own."""
    given: list[object] = []
    thread = threading.Thread(target=lambda: given.append(function()))
    thread.start()
    thread.join()
    return given[0]


def test_what_is_held_is_known_here_and_not_elsewhere(grants: Grants, grant: Grant) -> None:
    """B62."""
    assert grants.held() is grant
    assert elsewhere(grants.held) is None
    assert Grants().held() is None


def test_tasks_inherit_what_is_held(grants: Grants, grant: Grant) -> None:
    """B62."""

    async def inherited() -> Grant | None:
        return await asyncio.create_task(asyncio.sleep(0, grants.held()))

    assert asyncio.run(inherited()) is grant


def test_writes_elsewhere_are_made_under_the_latest_grant(grants: Grants, grant: Grant) -> None:
    """B59: the lock may have been taken in a copy of this context."""
    assert elsewhere(grants.under) is grant

    grants.forget(grant)
    assert elsewhere(grants.under) is None
    assert grants.under() is None
    assert grants.held() is None


def test_a_grant_taken_in_a_copy_of_the_context_is_written_under(grants: Grants) -> None:
    """B59."""
    grant = copy_context().run(grants.take, "me", 1)

    assert grants.held() is None
    assert grants.under() is grant


def test_a_released_grant_is_gone_where_it_was_inherited(grants: Grants, grant: Grant) -> None:
    """B59, B62."""
    child = copy_context()
    grants.forget(grant)

    assert child.run(grants.held) is None
    assert child.run(grants.under) is None


def test_a_lost_lock_is_still_written_under(grants: Grants, grant: Grant) -> None:
    """B59: so that the write is refused."""
    grant.lose()
    later = elsewhere(lambda: grants.take("other", 2))

    assert grants.under() is grant
    assert elsewhere(grants.under) is later


def test_the_same_grant_is_held_twice(grants: Grants, grant: Grant) -> None:
    """B62."""
    assert grants.take("me", 1) is grant
    assert not grants.leave(grant)
    assert grants.leave(grant)


def test_another_grant_means_that_the_one_before_is_lost(grants: Grants, grant: Grant) -> None:
    """B57, B59."""
    again = grants.take("me", 2)

    assert again is not grant
    assert grant.lost
    assert grants.held() is again
    grants.forget(again)
    assert grants.held() is grant


def test_a_lease_is_lost_when_its_time_is_over(grant: Grant, clock: Clock) -> None:
    """B57."""
    clock.now_s += 29.9
    assert not grant.lost
    assert grant.time_left_s == pytest.approx(0.1)
    clock.now_s += 0.1
    assert grant.lost

    grant.prolong(LEASE, UNTIL, clock())
    assert not grant.lost


def test_what_was_released_is_not_lost(grants: Grants, grant: Grant, clock: Clock) -> None:
    """B57."""
    grants.forget(grant)
    clock.now_s += 60
    assert not grant.lost


def run_sync(grant: Grant, wait: Callable[[float], bool], renew: Callable[[], None]) -> None:
    """Renews as the sync client does."""
    sync_lock.keep_renewed(grant, wait, renew)


def run_async(grant: Grant, wait: Callable[[float], bool], renew: Callable[[], None]) -> None:
    """Renews as the async client does."""

    async def sleep(seconds: float) -> None:
        if wait(seconds):
            raise asyncio.CancelledError

    async def renewed() -> None:
        renew()

    kept: Awaitable[None] = aio_lock.keep_renewed(grant, sleep, renewed)

    async def run() -> None:
        try:
            await kept
        except asyncio.CancelledError:
            return

    asyncio.run(run())


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def keep(request: pytest.FixtureRequest) -> Keep:
    """Both ways to renew."""
    way: Keep = request.param
    return way


class Waits:
    """Lets time pass in place of waiting, and ends it after a while."""

    def __init__(self, clock: Clock, until_s: float) -> None:
        self._clock = clock
        self._until_s = clock() + until_s
        self.waited_s: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.waited_s.append(round(seconds, 6))
        self._clock.now_s += seconds
        return self._clock.now_s >= self._until_s


def test_a_lease_is_renewed_each_third_of_it(keep: Keep, grant: Grant, clock: Clock) -> None:
    """B57."""
    wait = Waits(clock, 100)
    keep(grant, wait, lambda: grant.prolong(LEASE, UNTIL, clock()))

    assert wait.waited_s == [10.0] * 10
    assert not grant.lost


def test_a_failed_renewal_is_tried_again_until_the_lease_is_over(
    keep: Keep, grant: Grant, clock: Clock
) -> None:
    """B57."""
    wait, tried = Waits(clock, 100), []

    def fail() -> None:
        tried.append(clock())
        raise UnavailableError

    keep(grant, wait, fail)

    assert wait.waited_s == [10.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0]
    assert len(tried) == 7
    assert grant.lost


def test_a_renewal_that_succeeds_after_all_goes_on(keep: Keep, grant: Grant, clock: Clock) -> None:
    """B57."""
    wait, failures = Waits(clock, 40), [UnavailableError(), UnavailableError()]

    def renew() -> None:
        if failures:
            raise failures.pop()
        grant.prolong(LEASE, UNTIL, clock())

    keep(grant, wait, renew)

    assert wait.waited_s == [10.0, 3.0, 3.0, 10.0, 10.0, 10.0]
    assert not grant.lost


def test_a_grant_that_is_gone_is_not_asked_for_again(
    keep: Keep, grant: Grant, clock: Clock
) -> None:
    """B57, B59."""
    wait = Waits(clock, 100)

    def gone() -> None:
        grant.lose()
        raise FencedError

    keep(grant, wait, gone)

    assert wait.waited_s == [10.0]
    assert grant.lost


def test_a_client_that_is_closed_loses_its_locks(keep: Keep, grant: Grant, clock: Clock) -> None:
    """B57."""

    def closed() -> None:
        raise RuntimeError("this client is closed")

    keep(grant, Waits(clock, 100), closed)

    assert grant.lost


def test_what_somebody_else_has_renewed_is_left_alone(
    keep: Keep, grant: Grant, clock: Clock
) -> None:
    """B62: a lock inside of a lock."""
    wait = Waits(clock, 25)

    def passes(seconds: float) -> bool:
        over = wait(seconds)
        grant.prolong(LEASE, UNTIL, clock() - 1)
        return over

    keep(grant, passes, lambda: pytest.fail("renewed once more"))

    assert wait.waited_s == [10.0, 9.0, 9.0]


def test_what_was_released_is_not_renewed(
    keep: Keep, grants: Grants, grant: Grant, clock: Clock
) -> None:
    """B55."""
    wait = Waits(clock, 100)

    def passes(seconds: float) -> bool:
        grants.forget(grant)
        return wait(seconds)

    keep(grant, passes, lambda: pytest.fail("renewed after its end"))
    assert wait.waited_s == [10.0]
