"""Errors as the runner reads them."""

from typing import Any

from statekeeper import InvalidRequestError, StateError

# What an error's type tells as attributes of its own, by the names that the runner knows.
_FACTS = (
    "expected",
    "current",
    "checkpoint",
    "owner",
    "path",
    "size",
    "limit",
    "key",
    "rule",
    "member",
    "oldest_revision",
)


class DriverError(Exception):
    """An error of the driver's own, which a command asks for.

    Args:
        code: What it is called.
        message: A sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unsupported(Exception):  # noqa: N818 - no error, but an answer
    """The client has no such thing; the message says why."""


def error_of(error: StateError | DriverError) -> dict[str, Any]:
    """What an error tells."""
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if isinstance(error, StateError):
        details = {name: getattr(error, name) for name in _FACTS if hasattr(error, name)}
        if isinstance(error, InvalidRequestError):
            details["fields"] = [name for name, _ in error.fields]
        told |= {
            "execution_id": error.execution_id,
            "namespace": error.namespace,
            "details": details,
        }
    return told
