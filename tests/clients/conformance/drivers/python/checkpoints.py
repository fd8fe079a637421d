"""Checkpoints: made, restored, listed, removed."""

from typing import Any

from .results import plain
from .session import Command, Session
from .values import options, write_options


async def checkpoint(session: Session, command: Command) -> Any:
    """Makes a checkpoint."""
    return plain(
        await session.manager(command).checkpoint(command["name"], **write_options(command))
    )


async def restore(session: Session, command: Command) -> Any:
    """Brings an earlier state back."""
    asked = options(command, "name", "revision") | write_options(command)
    return plain(await session.manager(command).restore(**asked))


async def list_checkpoints(session: Session, command: Command) -> Any:
    """Lists the checkpoints."""
    asked = options(command, "include_state")
    return plain(await session.manager(command).list_checkpoints(**asked))


async def delete_checkpoint(session: Session, command: Command) -> Any:
    """Removes a checkpoint."""
    asked = write_options(command)
    return plain(await session.manager(command).delete_checkpoint(command["name"], **asked))
