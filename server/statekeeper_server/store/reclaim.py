"""Removing what deleted executions have left, a bounded number of rows at a time.

Deleting an execution takes its head away, whatever its size; its entries and chunks are
reachable by nobody from then on and go here, in steps that delay no commit.
"""

from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import after, read_revision_key, revision_key


def reclaim(txn: WriteTransaction, rows_max: int) -> bool:
    """Remove up to `rows_max` rows; whether any are left to remove."""
    left = rows_max
    garbage = txn.cursor(Table.GARBAGE)
    while (row := garbage.seek(revision_key(0))) is not None:
        uid = revision_key(read_revision_key(row[0]))
        for table in (Table.ENTRIES, Table.CHUNKS):
            left -= _remove(txn, table, uid, left)
            if left <= 0:
                return True
        txn.delete(Table.GARBAGE, row[0])
    return False


def _remove(txn: WriteTransaction, table: Table, prefix: bytes, rows_max: int) -> int:
    stop = after(prefix)
    keys: list[bytes] = []
    cursor = txn.cursor(table)
    row = cursor.seek(prefix)
    while row is not None and row[0] < stop and len(keys) < rows_max:
        keys.append(row[0])
        row = cursor.next()
    for key in keys:
        txn.delete(table, key)
    return len(keys)
