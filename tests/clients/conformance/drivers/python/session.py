"""What the commands have given names to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from statekeeper import AsyncClient, AsyncStateManager, ExecutionState
from statekeeper.aio_state_manager.lock import AsyncLock
from statekeeper.aio_state_manager.shared_state import AsyncMember
from statekeeper.aio_watch import AsyncWatch

Command = Mapping[str, Any]
Act = Callable[["Session", Command], Awaitable[Any]]


class Session:
    """The clients of this driver, and what was made with them.

    Args:
        commands: What does each command, by its name.
    """

    def __init__(self, commands: Mapping[str, Act]) -> None:
        self._commands = commands
        self.under_way: dict[int, asyncio.Task[None]] = {}
        self.clients: dict[str, AsyncClient] = {}
        self.managers: dict[str, AsyncStateManager] = {}
        self.states: dict[str, ExecutionState] = {}
        self.locks: dict[str, AsyncLock] = {}
        self.watches: dict[str, AsyncWatch] = {}
        self.members: dict[str, AsyncMember] = {}

    async def do(self, command: Command) -> Any:
        """Does a command; gives its result.

        Raises:
            StateError: What the client has raised.
        """
        name = command["do"]
        if name not in self._commands:
            raise ValueError(f"there is no command {name!r}")
        return await self._commands[name](self, command)

    def manager(self, command: Command) -> AsyncStateManager:
        """Gives the handle that a command names."""
        return self.managers[command["manager"]]

    async def reset(self) -> None:
        """Closes and forgets everything."""
        for watch in self.watches.values():
            await watch.close()
        for client in self.clients.values():
            await client.close()
        for names in (self.clients, self.managers, self.states, self.locks):
            names.clear()
        self.watches.clear()
        self.members.clear()
