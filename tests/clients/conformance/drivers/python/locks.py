"""The lock: taken, renewed, released."""

from typing import Any

from .results import plain
from .session import Command, Session
from .values import options


async def lock(session: Session, command: Command) -> Any:
    """Asks for the lock."""
    taken = await session.manager(command).lock(**_lock_options(command))
    session.locks[command["lock"]] = taken
    owner = taken.owner if taken.holder is None else taken.holder.owner
    return {"acquired": bool(taken), "fencing_token": taken.fencing_token, "owner": owner}


async def renew(session: Session, command: Command) -> None:
    """Prolongs a lease."""
    await session.locks[command["lock"]].renew(**options(command, "lease"))


async def release(session: Session, command: Command) -> Any:
    """Gives a lock back."""
    return {"released": await session.locks[command["lock"]].unlock()}


async def unlock(session: Session, command: Command) -> Any:
    """Gives back what the handle holds."""
    return {"released": await session.manager(command).unlock()}


async def is_locked(session: Session, command: Command) -> Any:
    """Tells whether anybody holds the lock."""
    return await session.manager(command).is_locked()


async def get_lock(session: Session, command: Command) -> Any:
    """Tells who holds the lock."""
    return plain(await session.manager(command).get_lock())


async def locked(session: Session, command: Command) -> Any:
    """Does commands in a block that holds the lock."""
    async with session.manager(command).lock(**_lock_options(command)):
        return [await session.do(step) for step in command["steps"]]


def _lock_options(command: Command) -> dict[str, Any]:
    return options(command, "timeout", "retry", "lease", "exclusive", "owner")
