"""One shared state, in memory or on a server: what the tests of its rules use."""

from collections.abc import Mapping
from typing import Any, Protocol

from statekeeper.shared import AccessReport, SharedState, StateDefinition
from statekeeper.shared.definition import OnUndeclared
from statekeeper.shared.misfit import Misfit

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
