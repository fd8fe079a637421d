"""From one layout of a state to the next."""

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

from statekeeper.arguments import checked_name, invalid
from statekeeper.errors import InvalidRequestError, SerializationError
from statekeeper.model import ExecutionState, Status
from statekeeper.state_fields import DOCUMENTS, to_mapping, write_fields
from statekeeper.v1 import execution_pb2
from statekeeper.values import read_document

_Fields = dict[str, Any]
_StateT = TypeVar("_StateT", bound=ExecutionState | Mapping[str, Any])
_Migrated = ExecutionState | Mapping[str, Any]

Transformer = Callable[[_StateT], _Migrated]
"""Takes a state, which it may change, and returns it or another one."""


@overload
def migrate_state(
    state: ExecutionState,
    from_version: str | None,
    to_version: str,
    transformers: Iterable[Transformer[ExecutionState]],
) -> ExecutionState: ...


@overload
def migrate_state(
    state: Mapping[str, Any],
    from_version: str | None,
    to_version: str,
    transformers: Iterable[Transformer[dict[str, Any]]],
) -> dict[str, Any]: ...


def migrate_state(
    state: ExecutionState | Mapping[str, Any],
    from_version: str | None,
    to_version: str,
    transformers: Iterable[Callable[[Any], _Migrated]],
) -> ExecutionState | dict[str, Any]:
    """Gives a state in a newer layout; talks to nobody.

    ::

        def split_name(state):
            first, last = state.context.pop("name").split(" ", 1)
            state.context |= {"first": first, "last": last}
            return state

        sm.save(migrate_state(sm.load(), "1.0.0", "2.0.0", [split_name]))

    The state that is given is never changed, also when a transformer fails. An
    ExecutionState keeps its revision, so that saving the new one is
    compare-and-set.

    Args:
        state: The state, or its fields in a mapping.
        from_version: The `schema_version` that it must have; None: none.
        to_version: The `schema_version` of the result.
        transformers: Called in order, each with what the one before returned,
            in the shape of `state`. Each returns the whole state as it shall
            be, an ExecutionState or a mapping; an exception passes through,
            with a note that names the transformer.

    Returns:
        The new state, an ExecutionState or a dict as `state` was.

    Raises:
        InvalidRequestError: The state has another version, or a transformer
            gave something that is no state; names its position.
        SerializationError: A value cannot be saved; names its path.
    """
    checked_name("to_version", to_version)
    steps = _checked(transformers)
    if isinstance(state, ExecutionState) and state.partial:
        raise invalid("state", "was loaded with `fields`: the others cannot be migrated")
    fields = _copied(to_mapping(state))
    version = fields.get("schema_version")
    if version != from_version:
        raise invalid(
            "schema_version", f"is {version!r}, and this migration is from {from_version!r}"
        )
    for position, step in enumerate(steps):
        try:
            returned = step(_shaped(state, fields))
        except Exception as error:
            error.add_note(f"in transformers[{position}], from {from_version!r} to {to_version!r}")
            raise
        fields = _accepted(returned, position, whole=isinstance(state, ExecutionState))
    fields["schema_version"] = to_version
    return _shaped(state, fields)


def _checked(transformers: object) -> list[Callable[[Any], object]]:
    if not isinstance(transformers, Iterable):
        raise invalid("transformers", f"must be a list, not {type(transformers).__name__}")
    steps = list(transformers)
    for position, step in enumerate(steps):
        if not callable(step):
            raise invalid(f"transformers[{position}]", "must be a function")
        if inspect.iscoroutinefunction(step):
            raise invalid(f"transformers[{position}]", "must not be async")
    return steps


def _accepted(returned: object, position: int, *, whole: bool) -> _Fields:
    name = f"transformers[{position}]"
    if not isinstance(returned, ExecutionState | Mapping):
        raise invalid(name, f"returned {type(returned).__name__}, and must return the state")
    try:
        fields = _copied(to_mapping(returned))
    except InvalidRequestError as error:
        raise invalid(name, f"returned what is no state: {error.message}") from error
    except SerializationError as error:
        error.add_note(f"in what {name} returned")
        raise
    if whole and "status" not in fields:
        raise invalid(name, "returned a state without a status")
    return fields


def _copied(fields: Mapping[str, Any]) -> _Fields:
    """Gives the fields that are there, sharing nothing with what was given.

    They go the way to the message and back, which checks them, and copies values
    of any depth.
    """
    message = execution_pb2.ExecutionState()
    write_fields(message, fields)
    copied = {name: value for name, value in fields.items() if value is not None}
    for name in DOCUMENTS:
        if name in copied:
            copied[name] = read_document(getattr(message, name), name)
    if "labels" in copied:
        copied["labels"] = dict(copied["labels"])
    return copied


def _shaped(
    original: ExecutionState | Mapping[str, Any], fields: _Fields
) -> ExecutionState | _Fields:
    """Gives the fields as the caller gave them: a state, or a dict."""
    fields = _copied(fields)
    if not isinstance(original, ExecutionState):
        return fields
    absent = dict.fromkeys((*DOCUMENTS, "current_member", "schema_version"))
    whole: _Fields = {**absent, "labels": {}, **fields, "status": Status(fields["status"])}
    return dataclasses.replace(original, **whole)
