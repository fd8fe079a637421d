"""Ids of executions in their order, as an index has them: those in one, in any, in all."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from statekeeper_server.engine import Cursor


class Ids(Protocol):
    """A set of ids, walked from the smallest on."""

    def seek(self, least: bytes) -> bytes | None:
        """The first id from `least` on, which is never smaller than at the call before."""
        ...


class IndexIds:
    """The ids behind a prefix of a table's keys; implements `Ids`."""

    __slots__ = ("_at", "_cursor", "_prefix")

    def __init__(self, cursor: Cursor, prefix: bytes) -> None:
        self._cursor = cursor
        self._prefix = prefix
        # No id is empty.
        self._at: bytes | None = b""

    def seek(self, least: bytes) -> bytes | None:
        """The first id from `least` on."""
        if self._at is not None and self._at < least:
            row = self._cursor.seek(self._prefix + least)
            inside = row is not None and row[0].startswith(self._prefix)
            self._at = row[0][len(self._prefix) :] if row is not None and inside else None
        return self._at


class AnyIds:
    """The ids that are in any of some sets; implements `Ids`."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[Ids]) -> None:
        self._parts = parts

    def seek(self, least: bytes) -> bytes | None:
        """The first id from `least` on."""
        return min(
            (at for part in self._parts if (at := part.seek(least)) is not None), default=None
        )


def in_all(parts: Sequence[Ids], least: bytes) -> Iterator[tuple[bytes, bool]]:
    """The ids from `least` on that are in all of some sets, and some that are not.

    Gives the ids that were looked at, and whether they are in all: so whoever walks sees
    how much is looked at, and may stop.
    """
    first, *others = parts
    while (at := first.seek(least)) is not None:
        least = at
        for part in others:
            found = part.seek(least)
            if found is None:
                return
            # Nothing before it is in this set: the others may jump too.
            least = max(least, found)
        is_in_all = least == at
        yield at, is_in_all
        if is_in_all:
            least += b"\0"
