"""Removing what nobody can reach any more, a bounded number of rows at a time.

Deleting an execution takes its head away, whatever its size; its other rows go here, in
steps that delay no commit. So do the versions that only a removed checkpoint needed.
"""

from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import (
    after,
    read_pin_key,
    read_revision_key,
    revision_key,
    split_version_key,
    version_key,
)
from statekeeper_server.storage.v1.records_pb2 import PauseRow
from statekeeper_server.store.prune import drop
from statekeeper_server.store.reader import Reader

_TABLES = (
    Table.ENTRIES,
    Table.CHUNKS,
    Table.CHECKPOINTS,
    Table.PINS,
    Table.UNPINNED,
    Table.ACCESSES,
)
_FIRST = b"\0"
# Looking at an entry takes a few steps in the tree, where removing a row takes one.
_ROWS_EACH_ENTRY = 4


def reclaim(txn: WriteTransaction, rows_max: int) -> bool:
    """Remove up to about `rows_max` rows; whether any are left to remove."""
    left = rows_max
    while left > 0:
        garbage = txn.cursor(Table.GARBAGE).seek(_FIRST)
        if garbage is not None:
            left -= _reclaim_execution(txn, garbage[0], left)
            continue
        unpinned = txn.cursor(Table.UNPINNED).seek(_FIRST)
        if unpinned is None:
            return False
        left -= _reclaim_versions(txn, *unpinned, left)
    return True


def _reclaim_execution(txn: WriteTransaction, uid: bytes, rows_max: int) -> int:
    done = 0
    for table in _TABLES:
        done += len(_remove(txn, table, uid, rows_max - done))
        if done >= rows_max:
            return done
    for row in _remove(txn, Table.PAUSES, uid, rows_max - done):
        token_hash = PauseRow.FromString(row).token_hash
        if token_hash:
            txn.delete(Table.TOKENS, token_hash)
        done += 1
    if done < rows_max:
        txn.delete(Table.GARBAGE, uid)
    return done + 1


def _remove(txn: WriteTransaction, table: Table, prefix: bytes, rows_max: int) -> list[bytes]:
    """Remove rows whose keys begin so; what they were."""
    stop = after(prefix)
    keys: list[bytes] = []
    values: list[bytes] = []
    cursor = txn.cursor(table)
    row = cursor.seek(prefix)
    while row is not None and row[0] < stop and len(keys) < rows_max:
        keys.append(row[0])
        values.append(row[1])
        row = cursor.next()
    for key in keys:
        txn.delete(table, key)
    return values


def _reclaim_versions(txn: WriteTransaction, job: bytes, position: bytes, rows_max: int) -> int:
    """Drop what was kept for a checkpoint at a revision, from an entry on."""
    uid, (revision, _) = read_revision_key(job[:8]), read_pin_key(job)
    store, cursor = Reader(txn), txn.cursor(Table.ENTRIES)
    end = after(revision_key(uid))
    done = 1
    row = cursor.seek(position or revision_key(uid))
    while row is not None and row[0] < end:
        if done >= rows_max:
            txn.put(Table.UNPINNED, job, row[0])
            return done
        prefix, _ = split_version_key(row[0])
        _drop_unless_needed(txn, store, uid, prefix, revision)
        done += _ROWS_EACH_ENTRY
        row = txn.cursor(Table.ENTRIES).seek(after(prefix))
    txn.delete(Table.UNPINNED, job)
    return done


def _drop_unless_needed(
    txn: WriteTransaction, store: Reader, uid: int, prefix: bytes, revision: int
) -> None:
    entry, newest = store.entry(prefix, revision), store.entry(prefix)
    if entry is None or newest is None or entry.revision >= newest.version.pruned_revision:
        return  # kept as a part of the history, until pruning comes to it
    successor = txn.cursor(Table.ENTRIES).seek(version_key(prefix, entry.revision + 1))
    if successor is None:
        return
    if store.pin(uid, entry.revision, split_version_key(successor[0])[1]) is None:
        drop(txn, uid, entry)
