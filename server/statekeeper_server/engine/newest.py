"""Finding the newest of the rows that differ in nothing but their revision."""

from statekeeper_server.engine import REVISION_BYTES, Cursor

_BEHIND_REVISIONS = b"\xff" * REVISION_BYTES + b"\0"


def newest(cursor: Cursor, start: bytes) -> tuple[bytes, bytes] | None:
    """As `ReadTransaction.newest`, by a cursor of the table."""
    row = cursor.seek_before(start + _BEHIND_REVISIONS)
    if row is None or len(row[0]) != len(start) + REVISION_BYTES or not row[0].startswith(start):
        return None
    return row
