"""Dropping superseded versions of entries: those too old, but none that a checkpoint needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import chunk_key, split_version_key, version_key
from statekeeper_server.storage.v1.records_pb2 import EntryVersion, Head
from statekeeper_server.store.reader import Entry, Reader


@dataclass(frozen=True, slots=True)
class History:
    """How much of the past is kept: a superseded version goes when either is exceeded."""

    versions_kept: int
    window_us: int


def prune(
    txn: WriteTransaction,
    store: Reader,
    head: Head,
    newest: Entry,
    history: History,
    *,
    now_us: int,
    rows_max: int | None = None,
) -> int:
    """Drop the superseded versions of an entry that are no longer kept, the oldest first.

    Args:
        txn: where they are dropped.
        store: the same transaction.
        head: the execution; its history floor may be raised.
        newest: the version that is about to be written, here or by the caller; what was
            looked at is noted in it, so that versions that stay for a checkpoint are
            looked at once.
        history: how much to keep.
        now_us: when.
        rows_max: after so many rows the rest is left for another time; None: none is.

    Returns:
        How many rows the versions have that are passed; 0: nothing was changed.
    """
    last_unkept = newest.version.ordinal - history.versions_kept
    oldest_us = now_us - history.window_us
    rows = 0
    passed: list[Entry] = []
    older: Entry | None = None
    for entry in _versions(txn, newest):
        if older is not None:
            if older.version.ordinal > last_unkept and entry.version.time_us >= oldest_us:
                break
            if rows_max is not None and rows >= rows_max:
                break
            passed.append(older)
            rows += 1 + older.version.chunks.count
        older = entry
    if older is None or not passed:
        return 0
    # A state from before the oldest version kept would lack this entry.
    head.history_floor = max(head.history_floor, older.revision)
    newest.version.pruned_revision = older.revision
    ends = [entry.revision for entry in passed[1:]] + [older.revision]
    for entry, end in zip(passed, ends, strict=True):
        if not (head.checkpoints and store.pin(head.uid, entry.revision, end)):
            drop(txn, head.uid, entry)
    return rows


def _versions(txn: WriteTransaction, newest: Entry) -> Iterator[Entry]:
    """The versions of an entry that were not looked at yet, the oldest first."""
    cursor = txn.cursor(Table.ENTRIES)
    row = cursor.seek(version_key(newest.prefix, newest.version.pruned_revision))
    while row is not None and row[0].startswith(newest.prefix):
        revision = split_version_key(row[0])[1]
        if revision >= newest.revision:
            break
        yield Entry(newest.prefix, revision, EntryVersion.FromString(row[1]))
        row = cursor.next()
    yield newest


def drop(txn: WriteTransaction, uid: int, entry: Entry) -> None:
    """Remove a version of an entry, and its pieces."""
    if entry.version.WhichOneof("form") == "chunks":
        chunks = entry.version.chunks
        for number in range(chunks.count):
            txn.delete(Table.CHUNKS, chunk_key(uid, entry.revision, chunks.ordinal, number))
    txn.delete(Table.ENTRIES, version_key(entry.prefix, entry.revision))
