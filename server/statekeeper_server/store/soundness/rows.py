"""Rows of a table as they are, and as what they should be."""

from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from statekeeper_server.engine import ReadTransaction, Table

M = TypeVar("M", bound=Message)

FIRST = b"\0"
"""Before the first key."""
UID_BYTES = 8


def rows(txn: ReadTransaction, table: Table, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
    """The rows whose keys begin so, in order."""
    cursor = txn.cursor(table)
    row = cursor.seek(prefix or FIRST)
    while row is not None and row[0].startswith(prefix):
        yield row
        row = cursor.next()


def parsed(kind: type[M], raw: bytes) -> M | None:
    """What a row says; None: it cannot be read."""
    try:
        return kind.FromString(raw)
    except DecodeError:
        return None


def unreadable(txn: ReadTransaction, table: Table, kind: type[Message]) -> Iterator[str]:
    """The rows of a table that cannot be read."""
    for key, raw in rows(txn, table):
        if parsed(kind, raw) is None:
            yield f"the row {key.hex()} of the table {table.name.lower()} cannot be read"
