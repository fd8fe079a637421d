"""Removing an execution."""

from statekeeper import StateManager
from tests.support.states import loaded


def test_delete_leaves_no_state(sm: StateManager) -> None:
    """B15."""
    sm.save({"status": "running", "context": {"a": 1}, "labels": {"l": "1"}})
    result = sm.delete()

    assert result.existed
    assert result.version == 0
    assert sm.load() is None


def test_delete_clears_the_history(sm: StateManager) -> None:
    """B15."""
    sm.save({"status": "running"})
    sm.update(status="waiting")
    sm.delete()

    assert list(sm.list_revisions()) == []


def test_nothing_of_a_deleted_execution_shows_in_its_successor(sm: StateManager) -> None:
    """B15: neither its values nor its history, not even at its revisions."""
    big = "x" * 300_000
    sm.save({"status": "running", "context": {"old": big}, "input": {"i": 1}, "metadata": {}})
    sm.update(context={"old": 2})
    sm.delete()
    created = sm.save({"status": "waiting", "context": {"new": 1}})

    state = loaded(sm)
    assert (state.context, state.input, state.metadata) == ({"new": 1}, None, None)
    assert state.version == 1
    assert [revision.revision for revision in sm.list_revisions()] == [created.revision]


def test_delete_of_what_does_not_exist_succeeds_and_says_so(sm: StateManager) -> None:
    """B16."""
    result = sm.delete()

    assert not result.existed
    assert (result.revision, result.version) == (0, 0)


def test_a_second_delete_finds_nothing(sm: StateManager) -> None:
    """B16."""
    sm.save({"status": "running"})

    assert sm.delete().existed
    assert not sm.delete().existed


def test_deleting_a_large_state_frees_it_for_the_next(sm: StateManager) -> None:
    """B15: what is reclaimed in the background is never what came after."""
    for number in range(5):
        context = {f"k{n}": f"{number}-{n}" * 5_000 for n in range(20)}
        sm.save({"status": "running", "context": context})
        assert loaded(sm).context == context
        sm.delete()

    assert sm.load() is None
