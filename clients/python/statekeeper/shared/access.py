"""Who read and wrote which key: the log of accesses, and the report of it.

The log is bounded: of each key the last accesses are kept one by one, and all of them
are counted.
"""

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

RECENT_MAX = 32
"""How many accesses of a key are kept one by one."""


class AccessOperation(enum.StrEnum):
    """What was done with a key."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One access to one key.

    Attributes:
        key: The key.
        member: Who.
        operation: What was done.
        timestamp: When (UTC).
        revision: The revision that was read, or that the write has made.
    """

    key: str
    member: str
    operation: AccessOperation
    timestamp: dt.datetime
    revision: int


@dataclass(frozen=True, slots=True)
class AccessCounts:
    """How often a member has accessed a key.

    Attributes:
        reads: How often it has read it.
        writes: How often it has written it.
    """

    reads: int = 0
    writes: int = 0

    def plus(self, operation: AccessOperation) -> "AccessCounts":
        """Gives the counts after one more."""
        if operation is AccessOperation.READ:
            return AccessCounts(self.reads + 1, self.writes)
        return AccessCounts(self.reads, self.writes + 1)


@dataclass(frozen=True, slots=True)
class KeyAccesses:
    """The accesses to one key.

    Attributes:
        recent: The last ones, the oldest first.
        counts: All of them, by member.
    """

    recent: tuple[Access, ...] = ()
    counts: Mapping[str, AccessCounts] = field(default_factory=dict)

    def plus(self, access: Access) -> "KeyAccesses":
        """Gives the accesses after one more."""
        count = self.counts.get(access.member, AccessCounts()).plus(access.operation)
        recent = (*self.recent, access)[-RECENT_MAX:]
        return KeyAccesses(recent, {**self.counts, access.member: count})


@dataclass(frozen=True, slots=True)
class AccessReport:
    """How the keys of a shared state are used.

    Attributes:
        unused_keys: Declared and never accessed, in the order of their names.
        access_patterns: By key, the last 32 accesses of each, the oldest first.
        counts: By key and member, how often; exact, whatever is kept one by one.
    """

    unused_keys: tuple[str, ...]
    access_patterns: Mapping[str, tuple[Access, ...]]
    counts: Mapping[str, Mapping[str, AccessCounts]]

    @property
    def member_patterns(self) -> dict[str, tuple[Access, ...]]:
        """The same accesses by member, in the order of their times."""
        accesses = sorted(
            (access for each in self.access_patterns.values() for access in each),
            key=lambda access: access.timestamp,
        )
        return _grouped(accesses, lambda access: access.member)

    @property
    def member_counts(self) -> dict[str, dict[str, AccessCounts]]:
        """The same counts by member and key."""
        members: dict[str, dict[str, AccessCounts]] = {}
        for key, counts in self.counts.items():
            for member, count in counts.items():
                members.setdefault(member, {})[key] = count
        return members


def report(declared: Iterable[str], log: Mapping[str, KeyAccesses]) -> AccessReport:
    """Gives the report of a log."""
    return AccessReport(
        tuple(key for key in declared if key not in log),
        {key: accesses.recent for key, accesses in log.items()},
        {key: dict(accesses.counts) for key, accesses in log.items()},
    )


def _grouped(
    accesses: Iterable[Access], name_of: Callable[[Access], str]
) -> dict[str, tuple[Access, ...]]:
    groups: dict[str, list[Access]] = {}
    for access in accesses:
        groups.setdefault(name_of(access), []).append(access)
    return {name: tuple(group) for name, group in groups.items()}
