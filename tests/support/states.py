"""Reading states that must be there."""

from collections.abc import Iterable

from statekeeper import ExecutionState, StateManager


def loaded(
    sm: StateManager, *, revision: int | None = None, fields: Iterable[str] | None = None
) -> ExecutionState:
    """The state, which must exist."""
    state = sm.load(revision=revision, fields=fields)
    assert state is not None, f"{sm.execution_id} does not exist"
    return state
