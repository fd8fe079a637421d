"""Pruning the history of executions that nobody writes any more.

Writing an entry prunes its history, so what is not written keeps what it had. Here one
looks at all executions of a shard, a bounded number of rows at a time.
"""

from typing import NamedTuple

from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import (
    ExecutionKey,
    after,
    revision_key,
    split_version_key,
    version_key,
)
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.prune import prune
from statekeeper_server.store.writer import Writer


class Place(NamedTuple):
    """How far a sweep has come; rows that are written meanwhile do no harm.

    Attributes:
        head: key of the head to go on at.
        entry: prefix of the entry to go on at, if the execution is the same then.
    """

    head: bytes = b"\0"
    entry: bytes = b""


def sweep(
    txn: WriteTransaction, store: Writer, place: Place, now_us: int, rows_max: int
) -> Place | None:
    """Look at about so many rows from a place on; where to go on, or None at the end."""
    left = rows_max
    while (row := txn.cursor(Table.HEADS).seek(place.head)) is not None:
        head = Head.FromString(row[1])
        # One that was written once has nothing but newest versions.
        if head.execution.revision != head.uid:
            begin = revision_key(head.uid)
            floor = head.history_floor
            execution = _Execution(txn, store, head, now_us, left)
            entry = execution.sweep(place.entry if place.entry.startswith(begin) else begin)
            left = execution.left
            if head.history_floor != floor:
                store.put_head(ExecutionKey.of_row(row[0]), head)
            if entry is not None:
                return Place(row[0], entry)
        place = Place(row[0] + b"\0")
        left -= 1
        if left <= 0:
            return place
    return None


class _Execution:
    """One execution, and how many rows may still be looked at."""

    def __init__(
        self, txn: WriteTransaction, store: Writer, head: Head, now_us: int, left: int
    ) -> None:
        self._txn = txn
        self._store = store
        self._head = head
        self._now_us = now_us
        self.left = left

    def sweep(self, begin: bytes) -> bytes | None:
        """Look at its entries from a prefix on; where to go on, or None at the end."""
        end = after(revision_key(self._head.uid))
        cursor = self._txn.cursor(Table.ENTRIES)
        row = cursor.seek(begin)
        while row is not None and row[0] < end:
            prefix, _ = split_version_key(row[0])
            if self.left <= 0:
                return prefix
            self.left -= 1
            row = cursor.next()
            if row is None or split_version_key(row[0])[0] != prefix:
                continue
            is_whole = self._prune(prefix)
            cursor = self._txn.cursor(Table.ENTRIES)
            row = cursor.seek(after(prefix) if is_whole else prefix)
        return None

    def _prune(self, prefix: bytes) -> bool:
        """Prune an entry; False when there may be more of it to prune."""
        newest = self._store.entry(prefix)
        if newest is None:
            return True
        history = self._store.rules.history
        # One at least, or a sweep would stay where it is.
        rows_max = max(self.left, 1)
        rows = prune(
            self._txn,
            self._store,
            self._head,
            newest,
            history,
            now_us=self._now_us,
            rows_max=rows_max,
        )
        if rows:
            key = version_key(prefix, newest.revision)
            self._txn.put(Table.ENTRIES, key, newest.version.SerializeToString())
            self.left -= rows
        return rows < rows_max
