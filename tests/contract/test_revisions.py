"""Revisions, and writing only what nobody else has changed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from statekeeper import (
    Client,
    ConflictError,
    ExecutionState,
    StateManager,
    StateNotFoundError,
    Status,
    WriteResult,
)
from statekeeper.testing import TestServer
from tests.support.states import loaded

Write = Callable[..., WriteResult]


def save(sm: StateManager, **options: Any) -> WriteResult:
    return sm.save({"status": "failed", "context": {"by": "save"}}, **options)


def update(sm: StateManager, **options: Any) -> WriteResult:
    return sm.update(status="failed", **options)


def delete(sm: StateManager, **options: Any) -> WriteResult:
    return sm.delete(**options)


WRITES = pytest.mark.parametrize("write", [save, update, delete])


def test_saving_what_someone_else_changed_is_a_conflict(sm: StateManager) -> None:
    """B64."""
    sm.save({"status": "running", "context": {"n": 1}})
    mine, theirs = loaded(sm), loaded(sm)
    theirs.context = {"n": 2}
    sm.save(theirs)
    mine.context = {"n": 3}

    with pytest.raises(ConflictError):
        sm.save(mine)
    assert loaded(sm).context == {"n": 2}


def test_reload_and_retry_works_after_a_conflict(sm: StateManager) -> None:
    """B64."""
    first = ExecutionState(status=Status.RUNNING)
    sm.save(first)
    sm.update(context={"theirs": 1})
    with pytest.raises(ConflictError):
        sm.save(first)

    again = loaded(sm)
    again.context = {**(again.context or {}), "mine": 2}
    sm.save(again)
    assert loaded(sm).context == {"theirs": 1, "mine": 2}


@WRITES
def test_the_expected_revision_lets_a_write_pass(sm: StateManager, write: Write) -> None:
    """B65."""
    revision = sm.save({"status": "running"}).revision

    assert write(sm, expected_revision=revision).revision > revision


@WRITES
def test_another_revision_refuses_a_write_and_tells_the_current_one(
    sm: StateManager, write: Write
) -> None:
    """B65, B71: and nothing is changed."""
    old = sm.save({"status": "running", "context": {"n": 1}}).revision
    current = sm.update(context={"n": 2}).revision
    before = loaded(sm)

    with pytest.raises(ConflictError) as caught:
        write(sm, expected_revision=old)
    assert (caught.value.expected, caught.value.current) == (old, current)
    assert vars(loaded(sm)) == vars(before)
    assert len(list(sm.list_revisions())) == 2


@WRITES
def test_a_revision_in_the_future_is_a_conflict_like_any_other(
    sm: StateManager, write: Write
) -> None:
    """B65."""
    current = sm.save({"status": "running"}).revision

    with pytest.raises(ConflictError) as caught:
        write(sm, expected_revision=2**63 - 1)
    assert (caught.value.expected, caught.value.current) == (2**63 - 1, current)


@WRITES
def test_no_expected_revision_writes_whatever_is_there(sm: StateManager, write: Write) -> None:
    """B65."""
    sm.save({"status": "running"})
    sm.update(status="waiting")

    write(sm)


@WRITES
def test_revision_zero_refuses_a_write_to_what_exists(sm: StateManager, write: Write) -> None:
    """B65."""
    current = sm.save({"status": "running"}).revision

    with pytest.raises(ConflictError) as caught:
        write(sm, expected_revision=0)
    assert (caught.value.expected, caught.value.current) == (0, current)
    assert loaded(sm).status is Status.RUNNING


def test_revision_zero_creates(sm: StateManager) -> None:
    """B65."""
    assert sm.save({"status": "running"}, expected_revision=0).version == 1


def test_revision_zero_creates_again_after_a_delete(sm: StateManager) -> None:
    """B65."""
    sm.save({"status": "running"})
    sm.delete()

    assert sm.save({"status": "running"}, expected_revision=0).version == 1


def test_saving_at_a_revision_of_what_does_not_exist_is_a_conflict(sm: StateManager) -> None:
    """B65."""
    with pytest.raises(ConflictError) as caught:
        sm.save({"status": "running"}, expected_revision=3)
    assert (caught.value.expected, caught.value.current) == (3, 0)
    assert sm.load() is None


def test_deleting_at_a_revision_of_what_does_not_exist_is_a_conflict(sm: StateManager) -> None:
    """B65."""
    with pytest.raises(ConflictError) as caught:
        sm.delete(expected_revision=3)
    assert caught.value.current == 0


def test_deleting_at_revision_zero_finds_nothing(sm: StateManager) -> None:
    """B65, B16."""
    assert not sm.delete(expected_revision=0).existed


@pytest.mark.parametrize("expected", [None, 0, 3])
def test_updating_what_does_not_exist_is_not_found_whatever_is_expected(
    sm: StateManager, expected: int | None
) -> None:
    """B14, B65."""
    with pytest.raises(StateNotFoundError):
        sm.update(status="waiting", expected_revision=expected)


def test_the_revision_of_a_deleted_execution_does_not_fit_its_successor(sm: StateManager) -> None:
    """B69."""
    old = sm.save({"status": "running"}).revision
    sm.delete()
    sm.save({"status": "running"})

    with pytest.raises(ConflictError):
        sm.save({"status": "failed"}, expected_revision=old)


def test_a_revision_is_never_used_twice(sm: StateManager) -> None:
    """B69: not after a delete and not after a re-creation."""
    revisions = []
    for _ in range(5):
        revisions += [sm.save({"status": "running"}).revision, sm.update(status="waiting").revision]
        revisions.append(sm.delete().revision)

    assert revisions == sorted(set(revisions))


def test_revisions_rise_over_restarts() -> None:
    """B69: also when all that was written last was a delete."""
    with TestServer(shards=1) as server:
        sm = server.client(timeout=30).state_manager("exec_1")
        revisions = []
        for _ in range(3):
            revisions += [sm.save({"status": "running"}).revision, sm.delete().revision]
            server.restart()

    assert revisions == sorted(set(revisions))


def test_executions_of_a_shard_share_one_sequence() -> None:
    """B69: a later write anywhere in the shard has a larger revision."""
    with TestServer(shards=1) as server:
        client = server.client()
        revisions = [
            client.state_manager(f"exec_{n % 3}").save({"status": "running"}).revision
            for n in range(12)
        ]

    assert revisions == sorted(set(revisions))


def test_of_concurrent_creations_exactly_one_wins(client: Client, execution_id: str) -> None:
    """B65."""
    callers = 8
    start = Barrier(callers)

    def create(number: int) -> int | None:
        sm = client.state_manager(execution_id)
        start.wait()
        try:
            sm.save({"status": "running", "context": {"n": number}}, expected_revision=0)
        except ConflictError:
            return None
        return number

    with ThreadPoolExecutor(callers) as pool:
        winners = [number for number in pool.map(create, range(callers)) if number is not None]

    assert len(winners) == 1
    assert loaded(client.state_manager(execution_id)).context == {"n": winners[0]}


def test_no_update_is_lost_when_conflicts_are_retried(client: Client, execution_id: str) -> None:
    """B64: four callers count to a hundred together."""
    callers, each = 4, 25
    client.state_manager(execution_id).save({"status": "running", "context": {"n": 0}})

    def count(_: int) -> None:
        sm = client.state_manager(execution_id)
        done = 0
        while done < each:
            state = loaded(sm)
            assert state.context is not None
            state.context["n"] += 1
            try:
                sm.save(state)
            except ConflictError:
                continue
            done += 1

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(count, range(callers)))

    state = loaded(client.state_manager(execution_id))
    assert state.context == {"n": callers * each}
    assert state.version == 1 + callers * each
