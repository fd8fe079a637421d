"""What a transaction changes: listed, and shown to whoever reads from then on."""

from typing import Protocol

from statekeeper_server.engine import REVISION_BYTES, Table

Row = tuple[Table, bytes, bytes | None]
"""A key of a table and what it is set to; None: it is removed."""
Version = tuple[int, bytes | None, "Version | None"]
"""The number of a commit; a value, or None where it was removed; what was there before."""
Places = dict[tuple[Table, bytes], bytes]
"""A table and what keys of it begin with, up to a revision: the greatest of these keys."""


class Changes(Protocol):
    """Takes the rows of a commit."""

    @property
    def rows(self) -> list[Row]:
        """All of them, in this order."""
        ...

    @property
    def size_bytes(self) -> int:
        """What they take."""
        ...

    def put(self, table: Table, key: bytes, value: bytes, /) -> None:
        """Set a key."""
        ...

    def delete(self, table: Table, key: bytes, /) -> None:
        """Remove a key, if it is there."""
        ...


class ListedChanges:
    """Implements `Changes`.

    Args:
        number: of the commit.
        versions: of each table the newest versions of its rows; gets these.
        keys: of each table the keys that have one, in the order in which they came; gets those
            that had none.
        places: gets their places, and is told of greater keys.
    """

    __slots__ = ("_keys", "_number", "_places", "_versions", "rows", "size_bytes")

    def __init__(
        self,
        number: int,
        versions: tuple[dict[bytes, Version], ...],
        keys: tuple[list[bytes], ...],
        places: Places,
    ) -> None:
        self._number = number
        self._versions = versions
        self._keys = keys
        self._places = places
        self.rows: list[Row] = []
        self.size_bytes = 0

    def put(self, table: Table, key: bytes, value: bytes, /) -> None:
        """Set a key."""
        self._add(table, key, value)
        self.size_bytes += len(value)

    def delete(self, table: Table, key: bytes, /) -> None:
        """Remove a key, if it is there."""
        self._add(table, key, None)

    def _add(self, table: Table, key: bytes, value: bytes | None) -> None:
        versions = self._versions[table]
        before = versions.get(key)
        versions[key] = (self._number, value, before)
        if before is None:
            self._keys[table].append(key)
            place = table, key[:-REVISION_BYTES]
            if key > self._places.get(place, b""):
                self._places[place] = key
        self.rows.append((table, key, value))
        self.size_bytes += len(key)
