"""Edits: what a scenario has done to a state, inside of a transaction or a migration."""

from collections.abc import Sequence
from typing import Any

from statekeeper import ExecutionState

from .errors import DriverError
from .values import instant, value

Edit = dict[str, Any]


def apply(edit: Edit, state: ExecutionState) -> None:
    """Does one edit.

    Raises:
        DriverError: The edit is to raise.
    """
    if "raise" in edit:
        raise DriverError("RAISED", edit["raise"])
    if "set" in edit:
        _set(state, edit["set"], edit["to"])
    elif "add" in edit:
        holder, key = _place(state, edit["add"])
        holder[key] = holder.get(key, 0) + edit["by"]
    else:
        _remove(state, edit["remove"])


def apply_all(edits: Sequence[Edit], state: ExecutionState) -> None:
    """Does several."""
    for edit in edits:
        apply(edit, state)


def _set(state: ExecutionState, path: str, to: Any) -> None:
    if "." in path:
        holder, key = _place(state, path)
        holder[key] = value(to)
    elif path == "start_time":
        state.start_time = instant(to)
    else:
        setattr(state, path, value(to))


def _remove(state: ExecutionState, path: str) -> None:
    if "." in path:
        holder, key = _place(state, path)
        holder.pop(key, None)
    elif path == "labels":
        state.labels = {}
    else:
        setattr(state, path, None)


def _place(state: ExecutionState, path: str) -> tuple[dict[str, Any], str]:
    """The document of a path, which is made where there is none, and the key in it."""
    name, _, key = path.partition(".")
    if getattr(state, name) is None:
        setattr(state, name, {})
    return getattr(state, name), key
