"""Transactions and migrations."""

from collections.abc import Sequence
from typing import Any

from statekeeper import ExecutionState, TransactionState

from . import edits
from .edits import Edit
from .results import plain
from .session import Command, Session
from .values import options


async def transaction(session: Session, command: Command) -> Any:
    """Changes the state all or nothing."""
    attempts = 0
    changed: TransactionState | None = None

    async def change(state: TransactionState) -> None:
        nonlocal attempts, changed
        attempts, changed = attempts + 1, state
        for edit in command["edits"]:
            if "meanwhile" not in edit:
                edits.apply(edit, state)
            elif attempts == 1:
                await session.do(edit["meanwhile"])

    sm = session.manager(command)
    result = None
    if command.get("form") == "block":
        async with sm.transaction(**options(command, "ttl", "actor")) as state:
            await change(state)
    else:
        result = await sm.transaction(change, **options(command, "timeout", "ttl", "actor"))
    return {"state": plain(changed), "result": plain(result), "attempts": attempts}


async def migrate(session: Session, command: Command) -> Any:
    """Brings the state to a newer layout."""

    def transformer(steps: Sequence[Edit]) -> Any:
        def transform(state: ExecutionState) -> ExecutionState:
            edits.apply_all(steps, state)
            return state

        return transform

    migrated = await session.manager(command).migrate(
        command["from_version"],
        command["to_version"],
        [transformer(steps) for steps in command["transformers"]],
        **options(command, "dry_run"),
    )
    return plain(migrated)
