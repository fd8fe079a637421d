"""Batches."""

from collections.abc import Callable, Mapping
from typing import Any

from statekeeper import Operation, ResumeToken, StateError

from .errors import error_of
from .pauses import pause_options, token_of
from .results import plain
from .session import Command, Session
from .values import document, fields, options, write_options


async def batch(session: Session, command: Command) -> Any:
    """Does operations in few messages."""
    operations = [_operation(session, each) for each in command["operations"]]
    results = await session.clients[command["client"]].batch(operations)
    return [_told(each) for each in results]


def _operation(session: Session, command: Command) -> Operation[Any]:
    make = getattr(session.manager(command).operation, command["do"])
    positional, named = _ARGUMENTS[command["do"]](command)
    made: Operation[Any] = make(*positional, **named, **write_options(command))
    return made


_Arguments = tuple[tuple[Any, ...], dict[str, Any]]

_ARGUMENTS: Mapping[str, Callable[[Command], _Arguments]] = {
    "save": lambda command: ((fields(command["state"]),), {}),
    "load": lambda command: ((), options(command, "revision", "checkpoint", "fields")),
    "update": lambda command: (
        (fields(command.get("changes", {})),),
        options(command, "replace", "remove"),
    ),
    "delete": lambda _: ((), {}),
    "pause": lambda command: (
        (),
        {"member": command["member"], "reason": command["reason"], **pause_options(command)},
    ),
    "resume": lambda command: (
        (),
        {
            **options(command, "token", "pause_id"),
            "input": document(command.get("input")),
        },
    ),
    "checkpoint": lambda command: ((command["name"],), {}),
    "restore": lambda command: ((), options(command, "name", "revision")),
}


def _told(result: Any) -> dict[str, Any]:
    if isinstance(result, StateError):
        return {"error": error_of(result)}
    if isinstance(result, ResumeToken):
        return {"result": token_of(result)}
    return {"result": plain(result)}
