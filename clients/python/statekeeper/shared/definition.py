"""What a shared state is made of: keys with schemas, initial values, who may do what."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from statekeeper.arguments import checked_name, invalid
from statekeeper.errors import StateAccessDeniedError
from statekeeper.shared.frozen import freeze
from statekeeper.shared.schema import WEIGHT_MAX, Expanded, expand
from statekeeper.shared.templates import check_templates, fill

KEYS_MAX = 256
MEMBERS_MAX = 256
NAME_BYTES_MAX = 256
DEFINITION_BYTES_MAX = 64 * 1024
_INITIAL_DEPTH_MAX = 64

OnUndeclared = Literal["reject", "drop"]


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """The keys that a member declares.

    Attributes:
        use: It sees these.
        set: It may write these.
    """

    use: tuple[str, ...] = ()
    set: tuple[str, ...] = ()


NO_ACCESS = MemberAccess()


class Divided(NamedTuple):
    """The keys of a write: those that a member may write, and those that it may not."""

    allowed: tuple[str, ...]
    dropped: tuple[str, ...]


class StateDefinition:
    """The keys of a shared state, their schemas and initial values, and the members' access.

    ::

        StateDefinition(
            schema={"company": {"type": "object", "properties": {"name": "string"}},
                    "analysis": "object"},
            initial={"company": {"name": "${input.name}"}},
            members={"analyze": {"use": ["company"], "set": ["analysis"]}},
        )

    A key is declared by a schema or by an initial value. It is checked when it is made,
    and never changes.

    Args:
        schema: By key, a type (`"object"`) or a JSON Schema (2020-12), in which types
            may stand for schemas too.
        initial: By key, the value to begin with; `${input.path}` in texts is filled in.
            null is allowed under any schema, until something else is written.
        members: By name, the keys that each `use`s and may `set`. A member that is not
            named here sees nothing and may write nothing.

    Raises:
        InvalidRequestError: Something is of no use; names where it stands.
    """

    __slots__ = ("initial", "keys", "members", "schema", "schemas")

    initial: Mapping[str, Any]
    """The initial values as they were given."""
    keys: tuple[str, ...]
    """The declared keys, in the order of their names."""
    members: Mapping[str, MemberAccess]
    """By name, what each declares."""
    schema: Mapping[str, Any]
    """The schemas as they were given."""
    schemas: Mapping[str, Expanded]
    """The same in long form."""

    def __init__(
        self,
        *,
        schema: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        given = _plain_json({"schema": schema, "initial": initial, "members": members})
        self.schema = freeze(given["schema"])
        self.initial = freeze(given["initial"])
        self.keys = tuple(sorted({*self.schema, *self.initial}))
        for name, keys in (("schema", self.schema), ("initial", self.initial)):
            for key in keys:
                _check_name(f"{name}.{key}", key)
        if len(self.keys) > KEYS_MAX:
            raise invalid("schema", f"declares {len(self.keys)} keys, the limit is {KEYS_MAX}")
        self.schemas = MappingProxyType(dict(_expanded(given["schema"])))
        for key, value in given["initial"].items():
            check_templates(f"initial.{key}", value)
        self.members = MappingProxyType(dict(self._members(given["members"])))

    @property
    def weight(self) -> int:
        """About how much its compiled schemas take."""
        return sum(expanded.weight for expanded in self.schemas.values())

    def to_json(self) -> str:
        """Gives the definition as JSON text: equal definitions give equal texts."""
        members = {
            name: {"use": list(access.use), "set": list(access.set)}
            for name, access in self.members.items()
        }
        return _to_json(
            {"schema": dict(self.schema), "initial": dict(self.initial), "members": members}
        )

    @classmethod
    def from_json(cls, text: str) -> "StateDefinition":
        """Reads what `to_json` gave."""
        return cls(**json.loads(text))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StateDefinition):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        return f"<StateDefinition of {', '.join(self.keys)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return StateDefinition.from_json, (self.to_json(),)

    def initial_values(self, given: Any) -> dict[str, Any]:
        """Gives the initial values with the input filled in.

        Raises:
            InvalidRequestError: A path leads to nothing in the input; names it.
        """
        return {key: fill(f"initial.{key}", value, given) for key, value in self.initial.items()}

    def used_by(self, member: str) -> tuple[str, ...]:
        """Gives the keys that a member sees, where they have a value."""
        return self.members.get(member, NO_ACCESS).use

    def divide(self, member: str, keys: Iterable[str], on_undeclared: OnUndeclared) -> Divided:
        """Divides what a member wants to write.

        Raises:
            StateAccessDeniedError: It may not write a key, and nothing is to be dropped.
        """
        allowed_keys = self.members.get(member, NO_ACCESS).set
        allowed: list[str] = []
        dropped: list[str] = []
        # However they came: a message has no order of keys.
        for key in sorted(keys):
            (allowed if key in allowed_keys else dropped).append(key)
        if dropped and on_undeclared != "drop":
            problem = "is not among the keys that it may set"
            raise StateAccessDeniedError(
                f"member {member!r} may not write {dropped[0]!r}: it {problem}",
                member=member,
                key=dropped[0],
            )
        return Divided(tuple(allowed), tuple(dropped))

    def _members(self, members: Mapping[str, Any]) -> Iterator[tuple[str, MemberAccess]]:
        if len(members) > MEMBERS_MAX:
            raise invalid("members", f"are {len(members)}, the limit is {MEMBERS_MAX}")
        for name, access in members.items():
            at = f"members.{name}"
            _check_name(at, name)
            if not isinstance(access, Mapping):
                raise invalid(at, "must be a mapping with use, set or both")
            for part in access:
                if part not in ("use", "set"):
                    raise invalid(f"{at}.{part}", "is neither use nor set")
            yield (
                name,
                MemberAccess(
                    self._declared(f"{at}.use", access.get("use")),
                    self._declared(f"{at}.set", access.get("set")),
                ),
            )

    def _declared(self, at: str, keys: Any) -> tuple[str, ...]:
        if keys is None:
            return ()
        if not isinstance(keys, list):
            raise invalid(at, "must be a list of keys")
        for number, key in enumerate(keys):
            if key not in self.keys:
                raise invalid(f"{at}[{number}]", f"{key!r} is not declared by schema or initial")
        return tuple(dict.fromkeys(keys))


def to_definition(
    given: StateDefinition | Mapping[str, Any] | None, **parts: Mapping[str, Any] | None
) -> StateDefinition:
    """Gives the definition of what a caller gave.

    Args:
        given: A definition, or a mapping of its parts.
        **parts: Its parts, where `given` is None.

    Raises:
        InvalidRequestError: It is none, or both are given.
    """
    if given is None:
        return StateDefinition(**parts)
    if any(part is not None for part in parts.values()):
        raise invalid("definition", "cannot be given together with its parts")
    if isinstance(given, StateDefinition):
        return given
    if not isinstance(given, Mapping):
        raise invalid(
            "definition", f"must be a StateDefinition or a mapping, not {type(given).__name__}"
        )
    for name in given:
        if name not in ("schema", "initial", "members"):
            raise invalid(str(name), "is none of schema, initial and members")
    return StateDefinition(**given)


def _expanded(schemas: Mapping[str, Any]) -> Iterator[tuple[str, Expanded]]:
    weight = 0
    for key, given in schemas.items():
        expanded = expand(f"schema.{key}", given)
        weight += expanded.weight
        if weight > WEIGHT_MAX:
            raise invalid(
                f"schema.{key}", f"makes the schemas too large: beyond {WEIGHT_MAX} rules together"
            )
        yield key, expanded


def _plain_json(given: dict[str, Any]) -> dict[str, Any]:
    """A copy of what was given, as JSON would bring it back."""
    for name, part in given.items():
        if part is not None and not isinstance(part, Mapping):
            raise invalid(name, f"must be a mapping, not {type(part).__name__}")
    given["members"] = {
        name: {"use": access.use, "set": access.set} if isinstance(access, MemberAccess) else access
        for name, access in (given["members"] or {}).items()
    }
    plain: dict[str, Any] = {}
    size_bytes = 0
    for name, part in given.items():
        _check_depth(name, part)
        try:
            text = _to_json(part or {})
            size_bytes += len(text.encode())
        except (TypeError, ValueError, RecursionError) as error:
            raise invalid(name, f"is not JSON: {error}") from None
        plain[name] = json.loads(text)
    if size_bytes > DEFINITION_BYTES_MAX:
        raise invalid(
            "schema",
            f"has {size_bytes} bytes together with initial values and members, "
            f"the limit is {DEFINITION_BYTES_MAX}",
        )
    return plain


def _check_depth(name: str, value: Any) -> None:
    level = [value]
    for _ in range(2 * _INITIAL_DEPTH_MAX):
        below: list[Any] = []
        for each in level:
            if isinstance(each, Mapping):
                for key in each:
                    if not isinstance(key, str):
                        raise invalid(name, f"has the key {key!r}, and keys must be texts")
                below += each.values()
            elif isinstance(each, list | tuple):
                below += each
        if not below:
            return
        if len(below) > DEFINITION_BYTES_MAX:
            raise invalid(name, "is too large")
        level = below
    raise invalid(name, f"is nested too deeply, the limit is {2 * _INITIAL_DEPTH_MAX} levels")


def _check_name(at: str, name: str) -> None:
    checked_name(at, name)
    if len(name.encode()) > NAME_BYTES_MAX:
        raise invalid(at[:NAME_BYTES_MAX], f"is longer than {NAME_BYTES_MAX} bytes")
    if not name.isprintable():
        raise invalid(ascii(at), "has a character that cannot be printed")


def _to_json(value: Any) -> str:
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    )
