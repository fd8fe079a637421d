"""Writing executions: each change is new versions of entries, a new head, a row in the log."""

from dataclasses import dataclass
from typing import NamedTuple

from statekeeper_server.codec import EncodedEntry
from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import (
    ExecutionKey,
    chunk_key,
    revision_key,
    split_version_key,
    version_key,
)
from statekeeper_server.storage.v1.records_pb2 import DoneRequest, EntryVersion, Event, Head
from statekeeper_server.store.reader import Entry, Reader

# Old versions are looked for at every so many versions of an entry, so that looking
# costs little per write; up to so many more than asked for are kept meanwhile.
_PRUNE_EVERY = 16


@dataclass(frozen=True, slots=True)
class History:
    """How much of the past is kept: a superseded version goes when either is exceeded."""

    versions_kept: int
    window_us: int


class EntryChange(NamedTuple):
    """An entry that gets another value, or none; `old` is its newest version so far."""

    prefix: bytes
    value: EncodedEntry | None
    old: Entry | None


class Writer(Reader):
    """The shard's write transaction of one batch; positions of the log are given out here."""

    __slots__ = ("_history", "_write", "discarded", "next_revision")

    def __init__(self, txn: WriteTransaction, history: History, next_revision: int) -> None:
        super().__init__(txn)
        self._write = txn
        self._history = history
        self.next_revision = next_revision
        self.discarded = False
        """Whether there is something to reclaim now."""

    def put_head(self, key: ExecutionKey, head: Head) -> None:
        """Set what the execution is now."""
        self._write.put(Table.HEADS, key.row, head.SerializeToString())

    def remove_head(self, key: ExecutionKey) -> None:
        """Make the execution absent."""
        self._write.delete(Table.HEADS, key.row)

    def discard(self, uid: int) -> None:
        """Leave all that was stored under a uid to be reclaimed in small steps."""
        self._write.put(Table.GARBAGE, revision_key(uid), b"")
        self.discarded = True

    def append(self, event: Event) -> None:
        """Write the event at the next position of the log."""
        self._write.put(Table.LOG, revision_key(self.next_revision), event.SerializeToString())
        self.next_revision += 1

    def remember(self, row_key: bytes, done: DoneRequest) -> None:
        """Remember what was done under a request_id."""
        self._write.put(Table.REQUESTS, row_key, done.SerializeToString())

    def put_entry(self, head: Head, change: EntryChange, ordinal: int, now_us: int) -> None:
        """Write a version of an entry at the head's revision.

        Args:
            head: the execution after the change; its history floor may be raised.
            change: what to write.
            ordinal: number of the value among those of this revision, from 0.
            now_us: the head's time.
        """
        prefix, value, old = change
        revision = head.execution.revision
        version = EntryVersion() if value is None else value.version
        version.ordinal = 1 if old is None else old.version.ordinal + 1
        version.time_us = now_us
        if value is not None and value.pieces:
            version.chunks.ordinal = ordinal
            for number, piece in enumerate(value.pieces):
                key = chunk_key(head.uid, revision, ordinal, number)
                self._write.put(Table.CHUNKS, key, piece)
        self._write.put(Table.ENTRIES, version_key(prefix, revision), version.SerializeToString())
        if version.ordinal % _PRUNE_EVERY == 0:
            self._prune(head, prefix, version.ordinal, now_us)

    def _prune(self, head: Head, prefix: bytes, newest_ordinal: int, now_us: int) -> None:
        """Drop superseded versions of an entry that are no longer kept, the oldest first."""
        last_unkept = newest_ordinal - self._history.versions_kept
        oldest_us = now_us - self._history.window_us
        cursor = self._write.cursor(Table.ENTRIES)
        row = cursor.seek(prefix)
        dropped: list[Entry] = []
        older: Entry | None = None
        while row is not None and row[0].startswith(prefix):
            revision = split_version_key(row[0])[1]
            entry = Entry(prefix, revision, EntryVersion.FromString(row[1]))
            if older is not None:
                superseded_us = entry.version.time_us
                if older.version.ordinal > last_unkept and superseded_us >= oldest_us:
                    break
                dropped.append(older)
            older = entry
            row = cursor.next()
        if older is not None and dropped:
            # A state from before the oldest version kept would lack this entry.
            head.history_floor = max(head.history_floor, older.revision)
        for entry in dropped:
            self._drop(head.uid, entry)

    def _drop(self, uid: int, entry: Entry) -> None:
        if entry.version.WhichOneof("form") == "chunks":
            chunks = entry.version.chunks
            for number in range(chunks.count):
                key = chunk_key(uid, entry.revision, chunks.ordinal, number)
                self._write.delete(Table.CHUNKS, key)
        self._write.delete(Table.ENTRIES, version_key(entry.prefix, entry.revision))
