"""One shared state, in memory or on a server: what the tests of its rules use."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, TypeVar

from statekeeper import AsyncStateManager, StateManager
from statekeeper.shared import AccessReport, SharedState, StateDefinition
from statekeeper.shared.definition import OnUndeclared
from statekeeper.shared.misfit import Misfit

T = TypeVar("T")
Given = StateDefinition | Mapping[str, Any]


class World(Protocol):
    """A shared state, wherever it is."""

    def define(self, definition: Given, given: Mapping[str, Any] | None = None) -> list[Misfit]:
        """Define it, or define it anew; what does not fit any more."""
        ...

    def read(self, member: str) -> Mapping[str, Any]:
        """What a member sees."""
        ...

    def write(
        self, member: str, updates: Mapping[str, Any], on_undeclared: OnUndeclared = "reject"
    ) -> tuple[str, ...]:
        """Write as a member; what was dropped."""
        ...

    def report(self) -> AccessReport:
        """Who has read and written what."""
        ...


class MemoryWorld:
    """In memory: the last of a row of instances."""

    def __init__(self) -> None:
        self.state: SharedState | None = None

    @property
    def now(self) -> SharedState:
        assert self.state is not None
        return self.state

    def define(self, definition: Given, given: Mapping[str, Any] | None = None) -> list[Misfit]:
        if self.state is None:
            self.state = SharedState(definition, given)
        else:
            self.state = self.state.redefined(definition, given)
        return list(self.state.misfits)

    def read(self, member: str) -> Mapping[str, Any]:
        reader = self.now.member(member)
        view = reader.state
        self.state = self.now.apply_pending_updates(reader)
        return view

    def write(
        self, member: str, updates: Mapping[str, Any], on_undeclared: OnUndeclared = "reject"
    ) -> tuple[str, ...]:
        writer = self.now.member(member)
        dropped = writer.set_state(updates, on_undeclared=on_undeclared)
        self.state = self.now.apply_pending_updates(writer)
        return dropped

    def report(self) -> AccessReport:
        return self.now.get_access_report()


class ServerWorld:
    """On a server: that of one execution."""

    def __init__(self, sm: StateManager) -> None:
        self.sm = sm

    def define(self, definition: Given, given: Mapping[str, Any] | None = None) -> list[Misfit]:
        return list(self.sm.define_state(definition, input=given).misfits)

    def read(self, member: str) -> Mapping[str, Any]:
        return self.sm.member(member).state

    def write(
        self, member: str, updates: Mapping[str, Any], on_undeclared: OnUndeclared = "reject"
    ) -> tuple[str, ...]:
        return self.sm.member(member).set_state(updates, on_undeclared=on_undeclared).dropped

    def report(self) -> AccessReport:
        return self.sm.access_report()


class AsyncServerWorld:
    """The same, by the asyncio client."""

    def __init__(self, sm: AsyncStateManager, loop: asyncio.AbstractEventLoop) -> None:
        self.sm = sm
        self._loop = loop

    def _wait(self, awaitable: Awaitable[T]) -> T:
        async def wait() -> T:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(30)

    def define(self, definition: Given, given: Mapping[str, Any] | None = None) -> list[Misfit]:
        return list(self._wait(self.sm.define_state(definition, input=given)).misfits)

    def read(self, member: str) -> Mapping[str, Any]:
        return self._wait(self.sm.member(member).state)

    def write(
        self, member: str, updates: Mapping[str, Any], on_undeclared: OnUndeclared = "reject"
    ) -> tuple[str, ...]:
        writer = self.sm.member(member)
        return self._wait(writer.set_state(updates, on_undeclared=on_undeclared)).dropped

    def report(self) -> AccessReport:
        return self._wait(self.sm.access_report())
