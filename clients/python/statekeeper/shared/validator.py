"""Checks values against expanded schemas, by the library `jsonschema-rs`.

Its regular expressions do not backtrack, it fetches nothing, and what checking one
value may cost is bounded by the schema's weight times the value's size.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

try:
    import jsonschema_rs
except ImportError as error:  # pragma: no cover - the extra is installed where this runs
    raise ImportError(
        "schemas need the library jsonschema-rs: pip install 'statekeeper[shared]'"
    ) from error

from statekeeper.arguments import invalid
from statekeeper.errors import SchemaViolationError
from statekeeper.shared.schema import Expanded

WORK_MAX = 128 * 1024 * 1024
"""Weight times bytes: at most some tenths of a second."""

_REGEX_BYTES_MAX = 256 * 1024
_LOCAL = {
    "pattern_options": jsonschema_rs.RegexOptions(
        size_limit=_REGEX_BYTES_MAX, dfa_size_limit=_REGEX_BYTES_MAX
    ),
    "offline": True,
    "validate_formats": False,
    # Errors do not repeat values: they may be long, and they may be secrets.
    "mask": "the value",
}


class Violation(NamedTuple):
    """How a value does not fit.

    Attributes:
        path: where in the value, `tags[3].name`; empty: the value itself.
        rule: the keyword that it breaks: `minLength`.
        problem: a sentence.
    """

    path: str
    rule: str
    problem: str


class Validator:
    """Checks the values of one key.

    Raises:
        InvalidRequestError: the schema is none; names what is wrong with it.
    """

    __slots__ = ("_check", "_key", "weight")

    def __init__(self, key: str, name: str, expanded: Expanded) -> None:
        self._key = key
        self.weight = expanded.weight
        try:
            self._check = jsonschema_rs.Draft202012Validator(expanded.schema, **_LOCAL)  # type: ignore[arg-type]
        except jsonschema_rs.ValidationError as error:
            at = ".".join(filter(None, (name, _path(error.instance_path))))
            problem = error.message.replace("the value", "it", 1)
            raise invalid(at, f"is no valid schema: {problem}") from None
        except ValueError as error:
            raise invalid(name, f"is no valid schema: {error}") from None

    def violation(self, value: Any, size_bytes: int) -> Violation | None:
        """Tells how a value does not fit; None when it does."""
        if self.weight * size_bytes > WORK_MAX:
            problem = (
                f"it takes {size_bytes} bytes, too many to be checked by a schema of "
                f"{self.weight} rules: keep large values elsewhere and store references"
            )
            return Violation("", "size", problem)
        try:
            self._check.validate(value)
        except jsonschema_rs.ValidationError as error:
            return Violation(_path(error.instance_path), error.kind.name, error.message)
        except ValueError as error:
            return Violation("", "type", f"it cannot be checked: {error}")
        return None

    def check(self, value: Any, size_bytes: int) -> None:
        """Refuses a value that does not fit.

        Args:
            value: what JSON can hold.
            size_bytes: how long its JSON text is.

        Raises:
            SchemaViolationError: names key, path and rule.
        """
        violation = self.violation(value, size_bytes)
        if violation is not None:
            raise violation_error(self._key, violation)


def violation_error(key: str, violation: Violation) -> SchemaViolationError:
    """Gives the error for a value that does not fit."""
    path, rule, problem = violation
    place = f"{key}.{path}" if path and path[0] != "[" else f"{key}{path}"
    return SchemaViolationError(f"{place}: {rule}: {problem}", key=key, path=path, rule=rule)


def _path(steps: Sequence[str | int]) -> str:
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path
