"""Pauses: opened, answered, looked up, listed."""

from typing import Any

from statekeeper import AsyncClient, AsyncStateManager, ResumeToken

from .results import plain
from .session import Command, Session
from .values import document, instant, options, write_options


async def pause(session: Session, command: Command) -> Any:
    """Pauses."""
    token = await session.manager(command).pause(
        member=command["member"],
        reason=command["reason"],
        **pause_options(command),
        **write_options(command),
    )
    return token_of(token)


async def resume(session: Session, command: Command) -> Any:
    """Answers a pause."""
    asked = options(command, "token", "pause_id") | write_options(command)
    if "input" in command:
        asked["input"] = document(command["input"])
    return plain(await _at(session, command).resume(**asked))


async def get_pause(session: Session, command: Command) -> Any:
    """Looks a pause up."""
    return plain(await _at(session, command).get_pause(**options(command, "token", "pause_id")))


async def list_pauses(session: Session, command: Command) -> Any:
    """Lists the pauses that wait."""
    asked = options(command, "namespace", "page_size")
    return [plain(each) async for each in session.clients[command["client"]].list_pauses(**asked)]


def pause_options(command: Command) -> dict[str, Any]:
    """What may be said of a pause."""
    said = options(command, "on_expiry")
    for name in ("data", "default_input"):
        if name in command:
            said[name] = document(command[name])
    if "expires_at" in command:
        said["expires_at"] = instant(command["expires_at"])
    return said


def token_of(token: ResumeToken) -> dict[str, Any]:
    """What a token tells."""
    return {"token": str(token), "pause_id": token.pause_id, "result": plain(token.result)}


def _at(session: Session, command: Command) -> AsyncStateManager | AsyncClient:
    if "manager" in command:
        return session.manager(command)
    return session.clients[command["client"]]
