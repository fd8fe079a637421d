"""Which of an execution's states is meant: a revision, a checkpoint, or what it is now."""

from statekeeper import ExecutionState, StateManager
from statekeeper_cli.refusal import RefusedError

_CHECKPOINT = "checkpoint:"
NOW = "now"


def load_at(sm: StateManager, moment: str) -> ExecutionState:
    """The state at a moment: a number is a revision, `now` is now, all else a checkpoint.

    Raises:
        StateError: The service has none.
        RefusedError: There is none.
    """
    if moment == NOW:
        state = sm.load()
    elif moment.isascii() and moment.isdigit():
        state = sm.load(revision=int(moment))
    else:
        state = sm.load(checkpoint=moment.removeprefix(_CHECKPOINT))
    return found(sm, state)


def found(sm: StateManager, state: ExecutionState | None) -> ExecutionState:
    """The state, which must be there."""
    if state is None:
        where = f"{sm.namespace}/{sm.execution_id}"
        raise RefusedError(f"STATE_NOT_FOUND: there is no state [{where}]")
    return state
