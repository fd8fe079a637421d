"""States: saved, loaded, updated, deleted, listed."""

from typing import Any

from .results import plain
from .session import Command, Session
from .values import document, fields, instant, options, write_options


async def save(session: Session, command: Command) -> Any:
    """Saves a state."""
    sm = session.manager(command)
    return plain(await sm.save(fields(command["state"]), **write_options(command)))


async def save_loaded(session: Session, command: Command) -> Any:
    """Saves a state that `load` has kept."""
    state = session.states[command["state"]]
    for name, value in fields(command.get("set", {})).items():
        setattr(state, name, value)
    return plain(await session.manager(command).save(state, **write_options(command)))


async def load(session: Session, command: Command) -> Any:
    """Loads the state."""
    state = await session.manager(command).load(
        **options(command, "revision", "checkpoint", "fields")
    )
    if state is not None and "keep" in command:
        session.states[command["keep"]] = state
    return plain(state)


async def update(session: Session, command: Command) -> Any:
    """Changes what is named."""
    result = await session.manager(command).update(
        fields(command.get("changes", {})),
        **options(command, "replace", "remove"),
        **write_options(command),
    )
    return plain(result)


async def delete(session: Session, command: Command) -> Any:
    """Removes the execution."""
    return plain(await session.manager(command).delete(**write_options(command)))


async def list_revisions(session: Session, command: Command) -> Any:
    """Tells the history."""
    revisions = session.manager(command).list_revisions(**options(command, "page_size"))
    return [plain(each) async for each in revisions]


async def list_states(session: Session, command: Command) -> Any:
    """Lists executions."""
    asked = options(command, "namespace", "status", "id_prefix", "fields", "page_size")
    if "labels" in command:
        asked["labels"] = document(command["labels"])
    if "updated_after" in command:
        asked["updated_after"] = instant(command["updated_after"])
    return [plain(each) async for each in session.clients[command["client"]].list(**asked)]
