"""Watches, and waiting for a status."""

import asyncio
from typing import Any

from statekeeper import WatchEvent

from .results import plain
from .session import Command, Session
from .values import options

_TIMEOUT_S = 30.0
_OPTIONS = (
    "snapshot",
    "resume_token",
    "kinds",
    "include",
    "heartbeat",
    "give_up_after",
    "on_compacted",
)


async def watch(session: Session, command: Command) -> None:
    """Begins a watch."""
    if "manager" in command:
        asked = options(command, "after_revision", *_OPTIONS)
        begun = session.manager(command).watch(**asked)
    else:
        asked = options(command, "namespace", "id_prefix", *_OPTIONS)
        begun = session.clients[command["client"]].watch(**asked)
    session.watches[command["watch"]] = await begun


async def events(session: Session, command: Command) -> Any:
    """Waits for the next events."""
    told: list[Any] = []
    try:
        async with asyncio.timeout(command.get("timeout", _TIMEOUT_S)):
            while len(told) < command["count"]:
                told.append(_event(await anext(session.watches[command["watch"]])))
    except (TimeoutError, StopAsyncIteration):
        pass
    return told


async def close_watch(session: Session, command: Command) -> None:
    """Ends a watch."""
    await session.watches[command["watch"]].close()


async def wait_for(session: Session, command: Command) -> Any:
    """Waits until the execution has a status."""
    asked = options(command, "timeout")
    return plain(await session.manager(command).wait_for(command.get("status"), **asked))


def _event(event: WatchEvent) -> Any:
    return plain(event) | {"resume_token": event.resume_token}
