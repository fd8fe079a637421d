"""Reading executions, in a snapshot or in the shard's own write transaction."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from statekeeper_server.codec import EncodedEntry, decompress
from statekeeper_server.documents import STATE_DOCUMENTS_END
from statekeeper_server.engine import Cursor, EngineBrokenError, ReadTransaction, Table
from statekeeper_server.keys import (
    COMPACTED_KEY,
    GAPS_KEY,
    GENERATION_KEY,
    ExecutionKey,
    PauseNumber,
    access_key,
    after,
    checkpoint_key,
    chunk_key,
    expiry_key,
    label_prefix,
    namespace_prefix,
    pause_key,
    pin_key,
    read_entry_prefix,
    read_expiry_key,
    read_inbox_key,
    read_pin_key,
    read_revision_key,
    read_timer_key,
    restored_end,
    revision_key,
    split_version_key,
    state_end,
    status_prefix,
    timer_key,
    version_key,
)
from statekeeper_server.native_part import native
from statekeeper_server.storage.v1.records_pb2 import (
    AccessRow,
    CheckpointRow,
    Chunks,
    EntryVersion,
    Event,
    Head,
    LockRow,
    LogGaps,
    PauseRef,
    PauseRow,
    RequestGeneration,
    TokenRow,
)
from statekeeper_server.store.ids import Ids, IndexIds
from statekeeper_server.store.positions import Positions, Span

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

    __slots__ = ("_newest", "_txn")

    def __init__(self, txn: ReadTransaction) -> None:
        self._txn = txn
        # Where the newest versions of entries are looked for, made when it is needed.
        self._newest: Cursor | None = None

    def head(self, key: ExecutionKey) -> Head | None:
        """The execution as it is, expired or not."""
        row = self._txn.get(Table.HEADS, key.row)
        return None if row is None else Head.FromString(row)

    def loaded(
        self, key: ExecutionKey, now_us: int, *, entries_max: int, value_bytes_max: int
    ) -> bytes | None:
        """A LoadResponse with all of an execution, as it is, serialised.

        None where it is not plainly there: it may be absent, have pauses or large values,
        or more entries or bytes than these.
        """
        if native:
            row = self._txn.get(Table.HEADS, key.row)
            if row is not None:
                seek = self._versions().seek_before
                return native.load(row, seek, now_us, entries_max, value_bytes_max)
        return None

    def event(self, revision: int) -> Event | None:
        """What happened at a position of the log."""
        row = self._txn.get(Table.LOG, revision_key(revision))
        return None if row is None else Event.FromString(row)

    def executions_count(self) -> int:
        """How many heads there are: expired executions have one until they are cleared away."""
        return self._txn.count(Table.HEADS)

    def log(self, after: int) -> Iterator[tuple[int, bytes]]:
        """The rows of the log behind a position: where each is, and its Event, serialised."""
        for key, row in self._rows(Table.LOG, b"", revision_key(after + 1)):
            yield read_revision_key(key), row

    def compacted_revision(self) -> int:
        """Up to which position the log is not kept any more; 0: all of it is."""
        row = self._txn.get(Table.META, COMPACTED_KEY)
        return 0 if row is None else read_revision_key(row)

    def heads(self, prefix: bytes, since: bytes) -> Iterator[Head]:
        """The executions whose rows begin so, expired or not, from a key on."""
        for _, row in self._rows(Table.HEADS, prefix, since):
            yield Head.FromString(row)

    def gaps(self) -> list[Span]:
        """The positions of the log that were passed over, the oldest first."""
        row = self._txn.get(Table.META, GAPS_KEY)
        return [] if row is None else [Span(g.after, g.until) for g in LogGaps.FromString(row).gaps]

    def positions(self) -> Positions:
        """The positions of the log that have an event."""
        return Positions(self.compacted_revision(), self.gaps(), self.last_revision())

    def last_revision(self) -> int:
        """The newest position of the log, kept or not; 0 while nothing has happened."""
        gaps = self.gaps()
        return max(
            self._last_event_revision(), self.compacted_revision(), gaps[-1].until if gaps else 0
        )

    def last_event(self) -> Event | None:
        """The newest event that is kept."""
        return self.event(self._last_event_revision())

    def _last_event_revision(self) -> int:
        key = self._txn.last_key(Table.LOG)
        return 0 if key is None else read_revision_key(key)

    def last_revision_by(self, time_us: int) -> int:
        """The newest position of the log that is not after a time.

        Where all that is kept is after it: up to where it is not kept, or 0.
        """
        # The times of the log never go back.
        for span in self.positions().newest_first():
            low, high = span
            while low < high:
                middle = (low + high + 1) // 2
                event = self.event(middle)
                if event is None or event.time_us <= time_us:
                    low = middle
                else:
                    high = middle - 1
            if low > span.after:
                return low
        return self.compacted_revision()

    def ids(self, namespace: str) -> Ids:
        """The executions of a namespace, expired or not."""
        return IndexIds(self._txn.cursor(Table.HEADS), namespace_prefix(namespace))

    def ids_of_status(self, namespace: str, status: int) -> Ids:
        """Those of a status."""
        return IndexIds(self._txn.cursor(Table.BY_STATUS), status_prefix(namespace, status))

    def ids_of_label(self, namespace: str, name: str, text: str) -> Ids:
        """Those of a label."""
        return IndexIds(self._txn.cursor(Table.BY_LABEL), label_prefix(namespace, name, text))

    def request_generation(self) -> RequestGeneration:
        """To which generation requests belong that are done now."""
        return RequestGeneration.FromString(self._txn.get(Table.META, GENERATION_KEY) or b"")

    def entry(self, prefix: bytes, at: int = _LATEST) -> Entry | None:
        """An entry's newest version, or the newest one not after the revision `at`."""
        if at == _LATEST:
            row = self._txn.newest(Table.ENTRIES, prefix)
        else:
            row = self._versions().seek_before(_just_after(prefix, at))
        if row is None:
            return None
        found, revision = split_version_key(row[0])
        return Entry(prefix, revision, EntryVersion.FromString(row[1])) if found == prefix else None

    def _versions(self) -> Cursor:
        cursor = self._newest
        if cursor is None:
            cursor = self._newest = self._txn.cursor(Table.ENTRIES)
        return cursor

    def entries(self, prefix: bytes, at: int = _LATEST) -> Iterator[Entry]:
        """The same for all entries of a document, the last one first."""
        return self._entries(prefix, after(prefix), at)

    def state_entries(self, uid: int, at: int = _LATEST) -> Iterator[Entry]:
        """The same for all entries of an execution's state."""
        return self._entries(revision_key(uid), state_end(uid), at)

    def restored_entries(self, uid: int, at: int = _LATEST) -> Iterator[Entry]:
        """The same for all entries that restoring brings back: those of the shared state, too."""
        return self._entries(revision_key(uid), restored_end(uid), at)

    def live_state_entries(self, head: Head) -> Iterator[Entry]:
        """The newest version of each entry of an execution's state that is not removed."""
        left = state_entries_count(head)
        if not left:
            return
        for entry in self.state_entries(head.uid):
            if not entry.removed:
                yield entry
                left -= 1
                if not left:
                    # Spares the search for one more.
                    return

    def _entries(self, prefix: bytes, end: bytes, at: int) -> Iterator[Entry]:
        # Backwards, as the newest version is the last of its entry.
        cursor = self._txn.cursor(Table.ENTRIES)
        row = cursor.seek_before(end)
        while row is not None and row[0].startswith(prefix):
            entry, revision = split_version_key(row[0])
            if revision > at:
                row = cursor.seek_before(_just_after(entry, at))
                continue
            yield Entry(entry, revision, EntryVersion.FromString(row[1]))
            # Step over its older versions, all of them at once.
            row = cursor.seek_before(version_key(entry, 0))

    def values(self, uid: int, entries: Iterable[Entry]) -> Iterator[StoredValue]:
        """The live values among entries."""
        for entry in entries:
            value = self.value(uid, entry)
            if value is not None:
                yield (*read_entry_prefix(entry.prefix), value)

    def value(self, uid: int, entry: Entry) -> bytes | None:
        """The serialised Value of a version; None when it says that the entry is gone."""
        version = entry.version
        form = version.WhichOneof("form")
        if form == "plain":
            return version.plain
        if form == "zstd":
            return decompress(version.zstd)
        return None if form is None else self._join(uid, entry.revision, version.chunks)

    def encoded(self, uid: int, entry: Entry) -> EncodedEntry:
        """The value of a version as it is stored, to be written once more."""
        version = entry.version
        form = version.WhichOneof("form")
        assert form is not None, "a removed entry has no value"  # noqa: S101 - a broken caller
        if form != "chunks":
            content: bytes = getattr(version, form)
            return EncodedEntry(form, content, version.value_bytes, len(content))
        pieces = tuple(self._pieces(uid, entry.revision, version.chunks))
        chunks = Chunks.FromString(version.chunks.SerializeToString())
        chunks.ClearField("ordinal")
        stored_bytes = sum(map(len, pieces))
        content = chunks.SerializeToString()
        return EncodedEntry(form, content, version.value_bytes, stored_bytes, pieces)

    def checkpoint(self, uid: int, name: str) -> CheckpointRow | None:
        """A checkpoint of an execution."""
        row = self._txn.get(Table.CHECKPOINTS, checkpoint_key(uid, name))
        return None if row is None else CheckpointRow.FromString(row)

    def checkpoints(self, uid: int) -> Iterator[tuple[str, CheckpointRow]]:
        """All checkpoints of an execution, by name."""
        for key, row in self._rows(Table.CHECKPOINTS, revision_key(uid)):
            yield key[len(revision_key(uid)) :].decode(), CheckpointRow.FromString(row)

    def pin(self, uid: int, since: int, before: int) -> tuple[int, str] | None:
        """The first checkpoint of a revision from `since` on and before `before`, and its name."""
        row = self._txn.cursor(Table.PINS).seek(pin_key(uid, since))
        if row is None or row[0] >= pin_key(uid, before):
            return None
        return read_pin_key(row[0])

    def pause(self, uid: int, number: PauseNumber) -> PauseRow | None:
        """A pause of an execution, without its documents."""
        row = self._txn.get(Table.PAUSES, pause_key(uid, number))
        return None if row is None else PauseRow.FromString(row)

    def pauses(self, uid: int) -> Iterator[PauseRow]:
        """All pauses kept of an execution, the oldest first."""
        for _, row in self._rows(Table.PAUSES, revision_key(uid)):
            yield PauseRow.FromString(row)

    def token(self, token_hash: bytes) -> TokenRow | None:
        """Whose a token is, or was."""
        row = self._txn.get(Table.TOKENS, token_hash)
        return None if row is None else TokenRow.FromString(row)

    def waiting(self, namespace: str, since: bytes) -> Iterator[tuple[int, PauseNumber, PauseRef]]:
        """The pauses of a namespace that wait, from a key on: since when, which and whose."""
        for key, row in self._rows(Table.INBOX, namespace_prefix(namespace), since):
            yield (*read_inbox_key(key), PauseRef.FromString(row))

    def next_timer(self) -> tuple[int, PauseNumber, PauseRef] | None:
        """The pause whose time is over next: when that is, which and whose."""
        row = self._txn.cursor(Table.TIMERS).seek(timer_key(0, PauseNumber(0, 0)))
        return None if row is None else (*read_timer_key(row[0]), PauseRef.FromString(row[1]))

    def next_expiry(self) -> tuple[int, int, ExecutionKey] | None:
        """The execution to look at next: when that is, its uid and which it is."""
        row = self._txn.cursor(Table.EXPIRIES).seek(expiry_key(0, 0))
        return None if row is None else (*read_expiry_key(row[0]), ExecutionKey.of_row(row[1]))

    def next_due_us(self) -> int | None:
        """When something has to happen by itself next, to a pause or an execution."""
        timer, expiry = self.next_timer(), self.next_expiry()
        return min([each[0] for each in (timer, expiry) if each is not None], default=None)

    def accesses(self, uid: int, name: str) -> AccessRow | None:
        """Who has accessed a key of the shared state."""
        row = self._txn.get(Table.ACCESSES, access_key(uid, name))
        return None if row is None else AccessRow.FromString(row)

    def all_accesses(self, uid: int) -> Iterator[tuple[str, AccessRow]]:
        """The same for all its keys that were accessed, by name."""
        for key, row in self._rows(Table.ACCESSES, revision_key(uid)):
            yield key[len(revision_key(uid)) :].decode(), AccessRow.FromString(row)

    def lock(self, key: ExecutionKey) -> LockRow | None:
        """The lock of an execution, its lease over or not."""
        row = self._txn.get(Table.LOCKS, key.row)
        return None if row is None else LockRow.FromString(row)

    def lock_rows(self) -> Iterator[tuple[bytes, LockRow]]:
        """All locks of the shard, by the rows of their executions."""
        for key, row in self._rows(Table.LOCKS, b""):
            yield key, LockRow.FromString(row)

    def _rows(
        self, table: Table, prefix: bytes, since: bytes = b""
    ) -> Iterator[tuple[bytes, bytes]]:
        """The rows whose keys begin so, from a key on."""
        cursor = self._txn.cursor(table)
        row = cursor.seek(max(prefix, since) or b"\0")
        while row is not None and row[0].startswith(prefix):
            yield row
            row = cursor.next()

    def _join(self, uid: int, revision: int, chunks: Chunks) -> bytes:
        payload = b"".join(self._pieces(uid, revision, chunks))
        return decompress(payload) if chunks.zstd else payload

    def _pieces(self, uid: int, revision: int, chunks: Chunks) -> Iterator[bytes]:
        for number in range(chunks.count):
            row = self._txn.get(Table.CHUNKS, chunk_key(uid, revision, chunks.ordinal, number))
            if row is None:
                raise EngineBrokenError("a piece of a value is missing")
            yield row


def state_entries_count(head: Head) -> int:
    """How many entries the documents of an execution's state have together."""
    return sum([size.entries for size in head.sizes if size.document < STATE_DOCUMENTS_END])


def entries_count(head: Head) -> int:
    """How many entries all documents of an execution have together."""
    return sum([size.entries for size in head.sizes])


def value_bytes(head: Head) -> int:
    """How many bytes their values have together."""
    return sum([size.value_bytes for size in head.sizes])


def _just_after(prefix: bytes, revision: int) -> bytes:
    """The smallest key after that of an entry's version."""
    return version_key(prefix, revision) + b"\0"
