"""The rows that a transaction changes, listed while they are put into the tables."""

from typing import Protocol

from statekeeper_server.engine import Table

Row = tuple[Table, bytes, bytes | None]
"""A key of a table and what it is set to; None: it is removed."""


class Tables(Protocol):
    """What takes rows."""

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        """Set a key."""
        ...

    def delete(self, table: Table, key: bytes) -> None:
        """Remove a key, if it is there."""
        ...


class Changes(Protocol):
    """Puts rows into a transaction."""

    @property
    def rows(self) -> list[Row]:
        """All of them, in this order."""
        ...

    def put(self, table: Table, key: bytes, value: bytes, /) -> None:
        """Set a key."""
        ...

    def delete(self, table: Table, key: bytes, /) -> None:
        """Remove a key, if it is there."""
        ...


class ListedChanges:
    """Implements `Changes`."""

    __slots__ = ("_tables", "rows")

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.rows: list[Row] = []

    def put(self, table: Table, key: bytes, value: bytes, /) -> None:
        self.rows.append((table, key, value))
        self._tables.put(table, key, value)

    def delete(self, table: Table, key: bytes, /) -> None:
        self.rows.append((table, key, None))
        self._tables.delete(table, key)
