"""Writing executions: each change is new versions of entries, a new head, a row in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from statekeeper_server.codec import EncodedEntry
from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import (
    ExecutionKey,
    PauseNumber,
    access_key,
    checkpoint_key,
    chunk_key,
    expiry_key,
    inbox_key,
    pause_key,
    pin_key,
    read_revision_key,
    request_key,
    revision_key,
    timer_key,
    version_key,
)
from statekeeper_server.limits import TTL_DEFAULT_US, StateLimits
from statekeeper_server.native_part import PlainWriter, Write
from statekeeper_server.storage.v1.records_pb2 import (
    AccessRow,
    CheckpointRow,
    DoneRequest,
    EntryVersion,
    Head,
    LockRow,
    PauseRef,
    PauseRow,
    TokenRow,
)
from statekeeper_server.store.compact import Retention
from statekeeper_server.store.index import IndexRow
from statekeeper_server.store.lock_table import LockChanges
from statekeeper_server.store.prune import History, drop, prune
from statekeeper_server.store.reader import Entry, Reader
from statekeeper_server.store.rows import timed, version_row

# Old versions are looked for at every so many versions of an entry, so that looking
# costs little per write; up to so many more than asked for are kept meanwhile.
_PRUNE_EVERY = 16


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all executions of a shard."""

    limits: StateLimits
    history: History
    retention: Retention


Appended = Sequence[tuple[int, bytes]]
"""Where events of the log are, and each Event, serialised."""


class EntryChange(NamedTuple):
    """An entry that gets another value, or none; `old` is its newest version so far."""

    prefix: bytes
    value: EncodedEntry | None
    old: Entry | None


Moved = tuple[int, int, int, int]
"""By what else an execution is found after a plain write: its name in the tables; when it is to
be looked at for being over, 0: as it was; its status before, 0: it was not there; and now."""


class Writer(Reader):
    """The shard's write transaction of one batch; positions of the log are given out here.

    Attributes:
        locks: the locks, as this batch sees and changes them.
        rules: what holds for all executions.
        limits: of those, how much an execution may hold.
        appended: what this batch has added to the log, and where.
        next_revision: the next position of the log.
        log_time_us: the time of its newest event.
        has_garbage: whether this batch has left something to reclaim.
        timers_moved: whether the next thing to happen may be another one now.
        rows_written: how many events and pieces of values this batch has written.
    """

    __slots__ = (
        "_generations",
        "_plain",
        "_write",
        "appended",
        "has_garbage",
        "limits",
        "locks",
        "log_time_us",
        "next_revision",
        "rows_written",
        "rules",
        "timers_moved",
    )

    def __init__(
        self,
        txn: WriteTransaction,
        rules: Rules,
        locks: LockChanges,
        next_revision: int,
        log_time_us: int,
    ) -> None:
        super().__init__(txn)
        self._write = txn
        # Made for the first of the plain writes.
        self._plain: PlainWriter | None = None
        current = self.request_generation().generation
        # What the keys begin with of requests that are remembered, those of now first.
        self._generations = tuple(
            request_key(generation) for generation in range(current, max(current - 2, -1), -1)
        )
        self.rules = rules
        self.limits = rules.limits
        self.appended: list[tuple[int, bytes]] = []
        self.locks = locks
        self.next_revision = next_revision
        self.log_time_us = log_time_us
        self.has_garbage = False
        self.timers_moved = False
        self.rows_written = 0

    @property
    def txn(self) -> WriteTransaction:
        """What it writes to, for what is not about one execution."""
        return self._write

    def put_head(self, key: ExecutionKey, head: Head) -> None:
        """Set what the execution is now."""
        self._write.put(Table.HEADS, key.row, head.SerializeToString())

    def remove_head(self, key: ExecutionKey) -> None:
        """Make the execution absent."""
        self._write.delete(Table.HEADS, key.row)

    def reindex(self, before: frozenset[IndexRow], after: frozenset[IndexRow]) -> None:
        """Bring the rows by which an execution is found up to date."""
        for table, key in before - after:
            self._write.delete(table, key)
        for table, key in after - before:
            self._write.put(table, key, b"")

    def discard(self, uid: int) -> None:
        """Leave all that was stored under a uid to be reclaimed in small steps."""
        self._write.put(Table.GARBAGE, revision_key(uid), b"")
        self.has_garbage = True

    def append(self, event: bytes, now_us: int) -> int:
        """Write an Event at the next position of the log, and give that.

        Args:
            event: serialised, without its time.
            now_us: its time.
        """
        revision = self.next_revision
        self.log_time_us = max(self.log_time_us, now_us)
        row = timed(event, self.log_time_us)
        self._write.put(Table.LOG, revision_key(revision), row)
        self._count_events(((revision, row),))
        return revision

    def _count_events(self, events: Appended) -> None:
        """These were written at the next positions of the log."""
        self.appended += events
        self.next_revision += len(events)
        self.rows_written += len(events)

    def done_request(self, request: bytes) -> DoneRequest | None:
        """The write that was done under a request_id, if it was lately."""
        for generation in self._generations:
            row = self._txn.get(Table.REQUESTS, generation + request)
            if row is not None:
                return DoneRequest.FromString(row)
        return None

    def remember(self, request: bytes, done: bytes) -> None:
        """Remember what was done under a request_id: a DoneRequest, serialised."""
        self._write.put(Table.REQUESTS, self._generations[0] + request, done)

    def forget(self, request: bytes) -> None:
        """Remember it no more."""
        for generation in self._generations:
            self._write.delete(Table.REQUESTS, generation + request)

    def write_plain(self, write: Write, now_us: int) -> tuple[bytes, Moved | None] | None:
        """Write the entries, the head and the event of a plain write, and remember it.

        What its caller is told, serialised, and what else is to be done, if anything is. None,
        and nothing is written, where that takes the general way, as where it was done before.

        Args:
            write: the request.
            now_us: the time of the batch.
        """
        plain = self._plain or self._begin_plain()
        outcome = plain.write(write, self.next_revision, self.log_time_us, now_us)
        if outcome is None:
            return None
        response, event, self.log_time_us, versions, moved = outcome
        self._count_events(((self.next_revision, event),))
        self.rows_written += versions
        return response, moved

    def write_all_plain(
        self, writes: Sequence[Write], at: int, now_us: int
    ) -> tuple[int, bytes, Moved | None]:
        """The same for writes from a place on, as far as they are plain ones.

        How many were written; their results, as fields of a BatchResponse; and what else is to
        be done about the last of them, behind which it stops for that.
        """
        plain = self._plain or self._begin_plain()
        results, events, self.log_time_us, versions, moved = plain.write_all(
            writes, at, self.next_revision, self.log_time_us, now_us
        )
        self._count_events(events)
        self.rows_written += versions
        return len(events), results, moved

    def _begin_plain(self) -> PlainWriter:
        txn, rules = self._write, self.rules
        start, end = rules.limits.warning
        self._plain = PlainWriter(
            Write,
            txn.get,
            txn.newest,
            txn.cursor,
            txn.put,
            txn.delete,
            partial(_prune_plain, txn, rules.history),
            Table.HEADS,
            Table.ENTRIES,
            Table.LOG,
            Table.REQUESTS,
            self._generations,
            rules.limits.entries_max,
            rules.limits.state_bytes_warn,
            start.encode(),
            end.encode(),
            rules.limits.state_bytes_max,
            _PRUNE_EVERY,
            rules.history.versions_kept,
            rules.history.window_us,
            TTL_DEFAULT_US,
        )
        return self._plain

    def put_entry(self, head: Head, change: EntryChange, number: int, now_us: int) -> None:
        """Write a version of an entry at the next position of the log.

        Args:
            head: the execution after the change; its history floor may be raised.
            change: what to write.
            number: of the value among those of this revision, from 0.
            now_us: the head's time.
        """
        prefix, value, old = change
        self.rows_written += 1 if value is None else 1 + len(value.pieces)
        revision = self.next_revision
        if value is not None and value.pieces:
            for piece_number, piece in enumerate(value.pieces):
                key = chunk_key(head.uid, revision, number, piece_number)
                self._write.put(Table.CHUNKS, key, piece)
        ordinal = 1 if old is None else old.version.ordinal + 1
        pruned_revision = 0 if old is None else old.version.pruned_revision
        row = version_row(
            value, number=number, ordinal=ordinal, time_us=now_us, pruned_revision=pruned_revision
        )
        if ordinal % _PRUNE_EVERY == 0:
            newest = Entry(prefix, revision, EntryVersion.FromString(row))
            prune(self._write, self, head, newest, self.rules.history, now_us=now_us)
            row = newest.version.SerializeToString()
        self._write.put(Table.ENTRIES, version_key(prefix, revision), row)

    def drop_entry(self, uid: int, entry: Entry) -> None:
        """Remove a version of an entry as if it had never been."""
        drop(self._write, uid, entry)

    def put_checkpoint(self, uid: int, name: str, row: CheckpointRow) -> None:
        """Name a revision, whose state is kept from now on."""
        self._write.put(Table.CHECKPOINTS, checkpoint_key(uid, name), row.SerializeToString())
        self._write.put(Table.PINS, pin_key(uid, row.revision, name), b"")

    def remove_checkpoint(self, head: Head, name: str, row: CheckpointRow) -> None:
        """Take the name away, and leave what only it needs to be reclaimed in small steps."""
        uid = head.uid
        self._write.delete(Table.CHECKPOINTS, checkpoint_key(uid, name))
        self._write.delete(Table.PINS, pin_key(uid, row.revision, name))
        if row.revision < head.history_floor:
            # Pruning has been there: nothing else will look at those versions again.
            self._write.put(Table.UNPINNED, pin_key(uid, row.revision), b"")
            self.has_garbage = True

    def put_pause(self, uid: int, number: PauseNumber, row: PauseRow) -> None:
        """Set what a pause is now."""
        self._write.put(Table.PAUSES, pause_key(uid, number), row.SerializeToString())

    def remove_pause(self, uid: int, number: PauseNumber) -> None:
        """Forget a pause."""
        self._write.delete(Table.PAUSES, pause_key(uid, number))

    def put_token(self, token_hash: bytes, row: TokenRow) -> None:
        """Let a token lead to its pause."""
        self._write.put(Table.TOKENS, token_hash, row.SerializeToString())

    def remove_token(self, token_hash: bytes) -> None:
        """Let it lead nowhere."""
        self._write.delete(Table.TOKENS, token_hash)

    def put_waiting(
        self, namespace: str, create_time_us: int, number: PauseNumber, ref: PauseRef
    ) -> None:
        """Show a pause among those that wait."""
        key = inbox_key(namespace, create_time_us, number)
        self._write.put(Table.INBOX, key, ref.SerializeToString())

    def remove_waiting(self, namespace: str, create_time_us: int, number: PauseNumber) -> None:
        """Show it there no more."""
        self._write.delete(Table.INBOX, inbox_key(namespace, create_time_us, number))

    def put_timer(self, due_us: int, number: PauseNumber, ref: PauseRef) -> None:
        """Have something done about a pause at a time."""
        self._write.put(Table.TIMERS, timer_key(due_us, number), ref.SerializeToString())
        self.timers_moved = True

    def remove_timer(self, due_us: int, number: PauseNumber) -> None:
        """Have nothing done."""
        self._write.delete(Table.TIMERS, timer_key(due_us, number))
        self.timers_moved = True

    def put_expiry(self, due_us: int, uid: int, key: ExecutionKey) -> None:
        """Have it looked at at a time whether an execution has expired."""
        self._write.put(Table.EXPIRIES, expiry_key(due_us, uid), key.row)
        self.timers_moved = True

    def remove_expiry(self, due_us: int, uid: int) -> None:
        """Have it not looked at."""
        self._write.delete(Table.EXPIRIES, expiry_key(due_us, uid))
        self.timers_moved = True

    def put_accesses(self, uid: int, name: str, row: AccessRow) -> None:
        """Set who has accessed a key of the shared state."""
        self._write.put(Table.ACCESSES, access_key(uid, name), row.SerializeToString())

    def put_lock(self, key: ExecutionKey, row: LockRow) -> None:
        """Write down who holds a lock."""
        self._write.put(Table.LOCKS, key.row, row.SerializeToString())

    def remove_lock(self, key: ExecutionKey) -> None:
        """Write down that nobody does."""
        self._write.delete(Table.LOCKS, key.row)


def _prune_plain(  # noqa: PLR0917 - native code calls it by position
    txn: WriteTransaction,
    history: History,
    prefix: bytes,
    revision: int,
    ordinal: int,
    pruned_revision: int,
    checkpoints: int,
    now_us: int,
) -> int:
    """Drop old versions of an entry before one more is written; the pruned_revision of that."""
    version = EntryVersion(ordinal=ordinal, time_us=now_us, pruned_revision=pruned_revision)
    newest = Entry(prefix, revision, version)
    head = Head(uid=read_revision_key(prefix[:8]), checkpoints=checkpoints)
    prune(txn, Reader(txn), head, newest, history, now_us=now_us)
    return version.pruned_revision
