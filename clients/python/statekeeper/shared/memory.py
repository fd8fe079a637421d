"""A shared state in memory: the same rules as on a server, and none needed.

Nothing ever changes: what writes gives a new `SharedState`, and the old one is what it
was. So members may work side by side, and any earlier state can be looked at again.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from statekeeper.arguments import checked_name, invalid
from statekeeper.errors import StateTooLargeError
from statekeeper.shared.access import (
    Access,
    AccessOperation,
    AccessReport,
    KeyAccesses,
    report,
)
from statekeeper.shared.compiled import CompiledDefinition
from statekeeper.shared.definition import OnUndeclared, StateDefinition, to_definition
from statekeeper.shared.frozen import FrozenDict, freeze
from statekeeper.shared.misfit import Misfit
from statekeeper.values import json_text, json_value

STATE_BYTES_MAX = 10 * 1024 * 1024
STATE_BYTES_WARN = 128 * 1024
HISTORY_KEPT = 64

Clock = Callable[[], dt.datetime]


class _Stored(NamedTuple):
    """A value that nobody can change, and the size of its JSON text."""

    value: Any
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _World:
    """All that one instance shows; shares what has not changed with its predecessors."""

    compiled: CompiledDefinition
    revision: int
    values: Mapping[str, _Stored]
    log: Mapping[str, KeyAccesses]
    warnings: tuple[str, ...] = ()
    misfits: tuple[Misfit, ...] = ()


class SharedState:
    """A shared state in memory, one instance for each revision of it.

    ::

        state = SharedState(load_definition(text), {"name": "Acme"})
        with_data = state.with_updates({"company": {...}}, member="fetch")
        with_data.member("analyze").state["company"]

    Args:
        definition: The keys, their schemas and who may do what: a StateDefinition, or a
            mapping with `schema`, `initial` and `members`.
        input: What `${input.path}` in the initial values leads into.
        clock: What time it is, for the log of accesses.

    Raises:
        InvalidRequestError: The definition is of no use, or an initial value leads to
            nothing in the input.
        SchemaViolationError: An initial value does not fit its schema.
        StateTooLargeError: The initial values take more than 10 MiB.
    """

    __slots__ = ("_clock", "_past", "_world")

    def __init__(
        self,
        definition: StateDefinition | Mapping[str, Any],
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what templates call it
        *,
        clock: Clock = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        compiled = CompiledDefinition(to_definition(definition))
        values = _initial(compiled, input)
        world = _World(compiled, 1, MappingProxyType(values), MappingProxyType({}))
        self._set(_sized(world, grown=True), (), clock)

    def _set(self, world: _World, past: tuple[_World, ...], clock: Clock) -> None:
        self._world = world
        self._past = past
        self._clock = clock

    def _with(self, world: _World) -> "SharedState":
        made = SharedState.__new__(SharedState)
        made._set(world, (*self._past, self._world)[-HISTORY_KEPT:], self._clock)  # noqa: SLF001 - its own kind
        return made

    @property
    def definition(self) -> StateDefinition:
        """The keys, their schemas and who may do what."""
        return self._world.compiled.definition

    @property
    def revision(self) -> int:
        """The number of this instance, from 1."""
        return self._world.revision

    @property
    def values(self) -> Mapping[str, Any]:
        """All declared keys that have a value; nobody is noted as having read them."""
        keys = self.definition.keys
        stored = self._world.values
        return FrozenDict({key: stored[key].value for key in keys if key in stored})

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for people: what was done but had better be changed."""
        return self._world.warnings

    @property
    def misfits(self) -> tuple[Misfit, ...]:
        """Of an instance that `redefined` gave: the values that no longer fit."""
        return self._world.misfits

    def member(self, name: str) -> "Member":
        """Gives what one member sees and writes, beginning with this instance."""
        return Member(self, name)

    def with_updates(
        self, updates: Mapping[str, Any], *, member: str, on_undeclared: OnUndeclared = "reject"
    ) -> "SharedState":
        """Gives the state after one write of a member.

        Args:
            updates: Values by key.
            member: Who writes.
            on_undeclared: What becomes of keys that it may not set: all is refused, or
                they are dropped.

        Raises:
            StateAccessDeniedError: It may not set a key.
            SchemaViolationError: A value does not fit; names key, path and rule.
            SerializationError: A value is not JSON.
            StateTooLargeError: The state would take more than 10 MiB.
        """
        writer = self.member(member)
        writer.set_state(updates, on_undeclared=on_undeclared)
        return self.apply_pending_updates(writer)

    def apply_pending_updates(self, pending: "Member | Mapping[str, Any]") -> "SharedState":
        """Gives the state after what a member has read and set, or after plain updates.

        A member may have begun with an earlier instance: what others have written since
        stays, but for the keys that it has set.

        Args:
            pending: A member; or values by key, which no member has written.

        Raises:
            InvalidRequestError: A key is not declared.
            SchemaViolationError: A value does not fit; names key, path and rule.
            SerializationError: A value is not JSON.
            StateTooLargeError: The state would take more than 10 MiB.
        """
        world = self._world
        revision = world.revision + 1
        if isinstance(pending, Member):
            written = pending._pending  # noqa: SLF001 - made by this module
            log = _noted(world.log, pending._accesses(revision, self._clock()))  # noqa: SLF001 - made by this module
        else:
            written = _checked(world.compiled, pending)
            log = world.log
        for key in written:
            if key not in world.compiled.definition.keys:
                raise invalid(f"updates.{key}", "is not declared by schema or initial")
        values = MappingProxyType({**world.values, **written})
        next_world = replace(world, revision=revision, values=values, log=log, misfits=())
        return self._with(_sized(next_world, grown=_size(values) > _size(world.values)))

    def clear_access_log(self) -> "SharedState":
        """Gives the same state, of which nobody has read or written anything."""
        world = self._world
        return self._with(replace(world, revision=world.revision + 1, log=MappingProxyType({})))

    def get_access_report(self) -> AccessReport:
        """Tells who has read and written what, and what nobody has."""
        return report(self.definition.keys, self._world.log)

    def redefined(
        self,
        definition: StateDefinition | Mapping[str, Any],
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what templates call it
    ) -> "SharedState":
        """Gives the same state under another definition.

        No value is lost: what no longer fits is told by `misfits`, and stays. Initial
        values are for keys that have none yet.

        Raises:
            InvalidRequestError, SchemaViolationError, StateTooLargeError: As when made.
        """
        world = self._world
        compiled = CompiledDefinition(to_definition(definition))
        values = {**_initial(compiled, input), **world.values}
        misfits = tuple(
            Misfit(key, *violation)
            for key, (value, size_bytes) in world.values.items()
            if (violation := compiled.misfit(key, value, size_bytes)) is not None
        )
        next_world = _World(
            compiled, world.revision + 1, MappingProxyType(values), world.log, (), misfits
        )
        return self._with(_sized(next_world, grown=_size(values) > _size(world.values)))

    @property
    def revisions(self) -> tuple[int, ...]:
        """The revisions that `at` can give, the oldest first: the last 64, and this one."""
        return (*(world.revision for world in self._past), self.revision)

    def at(self, revision: int) -> "SharedState":
        """Gives the state as it was at an earlier revision.

        Raises:
            InvalidRequestError: There was none, or it is not kept any more.
        """
        for number, world in enumerate((*self._past, self._world)):
            if world.revision == revision:
                made = SharedState.__new__(SharedState)
                made._set(world, self._past[:number], self._clock)  # noqa: SLF001 - its own kind
                return made
        kept = self.revisions
        raise invalid("revision", f"{revision} is not kept; {kept[0]} to {kept[-1]} are")

    def __repr__(self) -> str:
        return f"<SharedState {', '.join(self.values)} at revision {self.revision}>"


class Member:
    """What one member sees of a shared state, and what it sets.

    What it sees does not change under it: what it sets, all see after
    `SharedState.apply_pending_updates`.

    Made by `SharedState.member`.
    """

    __slots__ = ("_name", "_pending", "_read", "_state", "_view")

    def __init__(self, state: SharedState, name: str) -> None:
        self._state = state
        self._name = checked_name("member", name)
        self._pending: dict[str, _Stored] = {}
        self._read: list[tuple[str, dt.datetime]] = []
        self._view: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The member's name."""
        return self._name

    @property
    def state(self) -> Mapping[str, Any]:
        """The keys that it uses and that have a value; cannot be changed, at any depth.

        The first look is noted as one read of each of them.
        """
        if self._view is None:
            values, used = self._state.values, self._state.definition.used_by(self._name)
            self._view = FrozenDict({key: values[key] for key in used if key in values})
            now = self._state._clock()  # noqa: SLF001 - made by this module
            self._read = [(key, now) for key in self._view]
        return self._view

    @property
    def pending(self) -> Mapping[str, Any]:
        """What it has set so far."""
        return FrozenDict({key: stored.value for key, stored in self._pending.items()})

    def set_state(
        self,
        updates: Mapping[str, Any] | None = None,
        /,
        *,
        on_undeclared: OnUndeclared = "reject",
        **values: Any,
    ) -> tuple[str, ...]:
        """Sets values; of what is set twice, the last counts.

        Args:
            updates: Values by key, in place of or beside the keywords.
            on_undeclared: What becomes of keys that it may not set: all is refused, or
                they are dropped.
            **values: Values by key.

        Returns:
            The keys that were dropped.

        Raises:
            StateAccessDeniedError: It may not set a key.
            SchemaViolationError: A value does not fit; names key, path and rule.
            SerializationError: A value is not JSON.
        """
        wanted = {**_mapping(updates), **values}
        compiled = self._state._world.compiled  # noqa: SLF001 - made by this module
        allowed, dropped = compiled.definition.divide(self._name, wanted, on_undeclared)
        self._pending.update(_checked(compiled, {key: wanted[key] for key in allowed}))
        return dropped

    def _accesses(self, revision: int, now: dt.datetime) -> Iterable[Access]:
        for key, time in self._read:
            yield Access(
                key=key,
                member=self._name,
                operation=AccessOperation.READ,
                timestamp=time,
                revision=self._state.revision,
            )
        for key in self._pending:
            yield Access(
                key=key,
                member=self._name,
                operation=AccessOperation.WRITE,
                timestamp=now,
                revision=revision,
            )


def _initial(compiled: CompiledDefinition, given: Mapping[str, Any] | None) -> dict[str, _Stored]:
    plain = json_value(json_text(_mapping(given, "input"), "input"))
    return {
        key: _Stored(freeze(value), len(json_text(value, f"initial.{key}").encode()))
        for key, value in compiled.initial_values(plain).items()
    }


def _checked(compiled: CompiledDefinition, updates: Mapping[str, Any]) -> dict[str, _Stored]:
    """Values that fit, as JSON would bring them back."""
    checked: dict[str, _Stored] = {}
    for key, value in _mapping(updates).items():
        text = json_text(value, f"updates.{key}")
        plain, size_bytes = json_value(text), len(text.encode())
        compiled.check(key, plain, size_bytes)
        checked[key] = _Stored(freeze(plain), size_bytes)
    return checked


def _mapping(given: Mapping[str, Any] | None, name: str = "updates") -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise invalid(name, f"must be a mapping, not {type(given).__name__}")
    return given


def _noted(log: Mapping[str, KeyAccesses], accesses: Iterable[Access]) -> Mapping[str, KeyAccesses]:
    noted = dict(log)
    for access in accesses:
        noted[access.key] = noted.get(access.key, KeyAccesses()).plus(access)
    return MappingProxyType(noted)


def _size(values: Mapping[str, _Stored]) -> int:
    return sum(stored.size_bytes for stored in values.values())


def _sized(world: _World, *, grown: bool) -> _World:
    """The same, with a warning when it is large. Raises StateTooLargeError."""
    size_bytes = _size(world.values)
    if size_bytes <= STATE_BYTES_WARN:
        return replace(world, warnings=())
    advice = "keep large values elsewhere and store references"
    if size_bytes > STATE_BYTES_MAX and grown:
        raise StateTooLargeError(
            f"the state would take {size_bytes} bytes, the limit is {STATE_BYTES_MAX}: {advice}",
            size=size_bytes,
            limit=STATE_BYTES_MAX,
        )
    warning = (
        f"the state takes {size_bytes} bytes, more than the recommended "
        f"{STATE_BYTES_WARN}: {advice}"
    )
    return replace(world, warnings=(warning,))
