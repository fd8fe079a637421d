"""Which parts of a state are to be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read of an execution; the id and the status always are."""

    attributes: frozenset[str] = frozenset()
    documents: frozenset[int] = frozenset()
    entries: frozenset[tuple[int, str]] = frozenset()
    pauses: bool = False
