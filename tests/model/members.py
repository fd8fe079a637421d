"""What is shared by the members of an execution."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.model.requests import Member

_NOBODY = Member((), ())


@dataclass(frozen=True)
class Shared:
    """A shared state: how it was defined last, and its values."""

    schema: Mapping[str, str]
    initial: Mapping[str, str]
    members: Mapping[str, Member]
    values: Mapping[str, str]

    @property
    def definition(self) -> tuple[Mapping[str, object], ...]:
        """All but the values."""
        return (self.schema, self.initial, self.members)

    def member(self, name: str) -> Member:
        """What a member may do; one that is not declared: nothing (B93)."""
        return self.members.get(name, _NOBODY)

    def broken_rule(self, key: str, value: str) -> str:
        """The rule that a value breaks (B88); empty: it fits."""
        if key not in self.schema:
            return "declared"
        return "" if fits(self.schema[key], value) else "type"


def fits(kind: str, value: str) -> bool:
    """Whether a value is of a type, of those that are chosen from."""
    return kind == "any" or {"1": "integer", '"x"': "string"}.get(value) == kind


def what_changed_of_shared(before: Shared | None, after: Shared | None) -> list[str]:
    """What a write really changed of it."""
    old, new = before.values if before else {}, after.values if after else {}
    names = [f"shared_state.{key}" for key in {**old, **new} if old.get(key) != new.get(key)]
    if (before and before.definition) != (after and after.definition):
        names.append("shared_state_definition")
    return names
