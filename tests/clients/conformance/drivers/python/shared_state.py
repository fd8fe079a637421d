"""Shared state: defined, seen and written by members, reported on."""

from typing import Any

from .results import plain
from .session import Command, Session
from .values import document, options, write_options


async def define_state(session: Session, command: Command) -> Any:
    """Defines the shared state."""
    given = {
        name: document(command[name])
        for name in ("schema", "initial", "members", "input")
        if name in command
    }
    result = await session.manager(command).define_state(**given, **write_options(command))
    return plain(result) | {"misfits": [misfit.key for misfit in result.misfits]}


async def member(session: Session, command: Command) -> None:
    """Makes a member."""
    session.members[command["member"]] = session.manager(command).member(command["member"])


async def member_state(session: Session, command: Command) -> Any:
    """Looks at what a member sees."""
    return plain(await session.members[command["member"]].state)


async def set_state(session: Session, command: Command) -> Any:
    """Writes as a member."""
    result = await session.members[command["member"]].set_state(
        document(command["updates"]), **options(command, "on_undeclared"), **write_options(command)
    )
    return plain(result)


async def access_report(session: Session, command: Command) -> Any:
    """Tells who did what."""
    report = await session.manager(command).access_report()
    return {
        "unused_keys": plain(report.unused_keys),
        "by_key": plain(report.access_patterns),
        "by_member": plain(report.member_counts),
    }


async def mutate_view(session: Session, command: Command) -> Any:
    """Tries to change what a member sees."""
    place: Any = await session.members[command["member"]].state
    *path, last = command["path"]
    for key in path:
        place = place[key]
    try:
        place[last] = command["value"]
    except TypeError:
        return {"refused": True}
    return {"refused": False}
