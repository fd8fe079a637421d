"""The rules of shared state, which are the client's as well, with the errors of the server."""

from collections.abc import Iterable, Mapping
from typing import Any

from statekeeper import errors as client_errors
from statekeeper.shared.access import RECENT_MAX
from statekeeper.shared.compiled import CompiledCache, CompiledDefinition
from statekeeper.shared.definition import Divided, StateDefinition
from statekeeper.shared.validator import WORK_MAX
from statekeeper_server.errors import (
    FieldViolation,
    InvalidRequestError,
    SchemaViolationError,
    StateAccessDeniedError,
    StateError,
)

__all__ = [
    "RECENT_MAX",
    "WORK_MAX",
    "CompiledDefinition",
    "Divided",
    "check_value",
    "compiled",
    "define",
    "divide",
    "initial_values",
]

_COMPILED_BYTES_MAX = 64 * 1024 * 1024
_cache = CompiledCache(_COMPILED_BYTES_MAX)


def define(
    schema: Mapping[str, Any], initial: Mapping[str, Any], members: Mapping[str, Any]
) -> CompiledDefinition:
    """Make a definition. Raises InvalidRequestError."""
    try:
        definition = StateDefinition(schema=schema, initial=initial, members=members)
        return _cache.get(definition.to_json(), definition)
    except client_errors.StateError as error:
        raise _translated(error) from None


def compiled(text: str) -> CompiledDefinition:
    """The definition that was stored as this text."""
    return _cache.get(text)


def initial_values(definition: CompiledDefinition, given: Any) -> dict[str, Any]:
    """The initial values, filled in. Raises InvalidRequestError, SchemaViolationError."""
    try:
        return definition.initial_values(given)
    except client_errors.StateError as error:
        raise _translated(error) from None


def check_value(definition: CompiledDefinition, key: str, value: Any, size_bytes: int) -> None:
    """Refuse a value that does not fit. Raises SchemaViolationError."""
    try:
        definition.check(key, value, size_bytes)
    except client_errors.StateError as error:
        raise _translated(error) from None


def divide(
    definition: CompiledDefinition, member: str, keys: Iterable[str], *, drop: bool
) -> Divided:
    """Divide what a member wants to write. Raises StateAccessDeniedError."""
    try:
        return definition.definition.divide(member, keys, "drop" if drop else "reject")
    except client_errors.StateError as error:
        raise _translated(error) from None


def _translated(error: client_errors.StateError) -> StateError:
    """The same error as the server tells it."""
    if isinstance(error, client_errors.SchemaViolationError):
        return SchemaViolationError(error.message, error.key, error.path, error.rule)
    if isinstance(error, client_errors.StateAccessDeniedError):
        return StateAccessDeniedError(error.message, error.member, error.key)
    if isinstance(error, client_errors.InvalidRequestError):
        return InvalidRequestError(*(FieldViolation(*each) for each in error.fields))
    raise error
