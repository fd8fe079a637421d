"""Reading executions, in a snapshot or in the shard's own write transaction."""

from collections.abc import Iterator
from typing import NamedTuple

from statekeeper_server.codec import decompress
from statekeeper_server.engine import EngineBrokenError, ReadTransaction, Table
from statekeeper_server.keys import (
    ExecutionKey,
    after,
    chunk_key,
    read_entry_prefix,
    read_revision_key,
    revision_key,
    split_version_key,
    version_key,
)
from statekeeper_server.storage.v1.records_pb2 import (
    Chunks,
    DoneRequest,
    EntryVersion,
    Event,
    Head,
)

_LATEST = 0xFFFF_FFFF_FFFF_FFFF


class Entry(NamedTuple):
    """One version of one entry."""

    prefix: bytes
    revision: int
    version: EntryVersion

    @property
    def removed(self) -> bool:
        """Whether this version says that the entry is gone."""
        return self.version.WhichOneof("form") is None


StoredValue = tuple[int, str, bytes]
"""Document, entry and serialised Value."""


class Reader:
    """What is stored, at the transaction's snapshot. Expiry is the operations' business."""

    __slots__ = ("_txn",)

    def __init__(self, txn: ReadTransaction) -> None:
        self._txn = txn

    def head(self, key: ExecutionKey) -> Head | None:
        """The execution as it is, expired or not."""
        row = self._txn.get(Table.HEADS, key.row)
        return None if row is None else Head.FromString(row)

    def event(self, revision: int) -> Event | None:
        """What happened at a position of the log."""
        row = self._txn.get(Table.LOG, revision_key(revision))
        return None if row is None else Event.FromString(row)

    def last_revision(self) -> int:
        """The newest position of the log, 0 while it is empty."""
        key = self._txn.last_key(Table.LOG)
        return 0 if key is None else read_revision_key(key)

    def done_request(self, row_key: bytes) -> DoneRequest | None:
        """The write that was done under a request_id."""
        row = self._txn.get(Table.REQUESTS, row_key)
        return None if row is None else DoneRequest.FromString(row)

    def entry(self, prefix: bytes, at: int = _LATEST) -> Entry | None:
        """An entry's newest version, or the newest one not after the revision `at`."""
        row = self._txn.cursor(Table.ENTRIES).seek_before(_just_after(prefix, at))
        if row is None:
            return None
        found, revision = split_version_key(row[0])
        return Entry(prefix, revision, EntryVersion.FromString(row[1])) if found == prefix else None

    def entries(self, prefix: bytes, at: int = _LATEST) -> Iterator[Entry]:
        """The same for all entries whose keys begin so: an execution's or a document's.

        The last entry comes first, as the newest version is the last of its entry.
        """
        cursor = self._txn.cursor(Table.ENTRIES)
        row = cursor.seek_before(after(prefix))
        while row is not None and row[0].startswith(prefix):
            entry, revision = split_version_key(row[0])
            if revision > at:
                row = cursor.seek_before(_just_after(entry, at))
                continue
            yield Entry(entry, revision, EntryVersion.FromString(row[1]))
            # Step over its older versions, all of them at once.
            row = cursor.seek_before(version_key(entry, 0))

    def values(
        self, uid: int, prefix: bytes, at: int = _LATEST, count: int | None = None
    ) -> Iterator[StoredValue]:
        """The live values of the entries whose keys begin so; `count` of them, where known."""
        if count == 0:
            return
        found = 0
        for entry in self.entries(prefix, at):
            value = self.value(uid, entry)
            if value is not None:
                yield (*read_entry_prefix(entry.prefix), value)
                found += 1
                if found == count:
                    # Spares the search for one more.
                    break

    def value(self, uid: int, entry: Entry) -> bytes | None:
        """The serialised Value of a version; None when it says that the entry is gone."""
        version = entry.version
        form = version.WhichOneof("form")
        if form == "plain":
            return version.plain
        if form == "zstd":
            return decompress(version.zstd)
        return None if form is None else self._join(uid, entry.revision, version.chunks)

    def _join(self, uid: int, revision: int, chunks: Chunks) -> bytes:
        pieces: list[bytes] = []
        for number in range(chunks.count):
            row = self._txn.get(Table.CHUNKS, chunk_key(uid, revision, chunks.ordinal, number))
            if row is None:
                raise EngineBrokenError("a piece of a value is missing")
            pieces.append(row)
        payload = b"".join(pieces)
        return decompress(payload) if chunks.zstd else payload


def _just_after(prefix: bytes, revision: int) -> bytes:
    """The smallest key after that of an entry's version."""
    return version_key(prefix, revision) + b"\0"
