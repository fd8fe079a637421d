"""Whether the rows of a shard agree with each other: for a shard that nobody writes to.

Every row is read. What is wrong is told in sentences for people, a few of each kind.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar
from zlib import crc32

from google.protobuf.message import DecodeError, Message

from statekeeper.v1.value_pb2 import Document, Value
from statekeeper_server.codec import PayloadError, digest
from statekeeper_server.documents import RESTORED_DOCUMENTS_END
from statekeeper_server.engine import EngineBrokenError, ReadTransaction, Table
from statekeeper_server.keys import (
    ExecutionKey,
    PauseNumber,
    after,
    document_of,
    expiry_key,
    inbox_key,
    pause_key,
    pin_key,
    read_entry_prefix,
    read_revision_key,
    revision_key,
    split_version_key,
    timer_key,
)
from statekeeper_server.storage.v1.records_pb2 import (
    AccessRow,
    CheckpointRow,
    DoneRequest,
    EntryVersion,
    Event,
    Head,
    LockRow,
    PauseRef,
    PauseRow,
    TokenRow,
)
from statekeeper_server.store.index import index_rows
from statekeeper_server.store.reader import Entry, Reader

M = TypeVar("M", bound=Message)

_FIRST = b"\0"
_UID_BYTES = 8
# The tables whose keys begin with the uid of an execution.
_OF_EXECUTIONS = (
    Table.ENTRIES,
    Table.CHUNKS,
    Table.CHECKPOINTS,
    Table.PINS,
    Table.UNPINNED,
    Table.PAUSES,
    Table.ACCESSES,
)
_INDEXES = (Table.BY_STATUS, Table.BY_LABEL)
# The tables whose rows lead to a pause.
_LEADING = (Table.INBOX, Table.TIMERS)
_LEADS_NOWHERE = "the table {} has a row that leads to nobody"


class Placement(NamedTuple):
    """Which executions a shard has: those whose hash leaves its number."""

    shard: int
    shards: int

    def has(self, key: ExecutionKey) -> bool:
        """Whether an execution belongs there."""
        return crc32(key.row) % self.shards == self.shard


def problems(txn: ReadTransaction, placement: Placement, read: Callable[[], None]) -> Iterator[str]:
    """What is wrong with a shard, problem by problem.

    Args:
        txn: a snapshot of it.
        placement: which shard it is.
        read: called for each execution and each event that was read.
    """
    log = _Log(txn)
    yield from log.problems(read)
    uids: dict[int, None] = {}
    index_rows_count = expiries_count = 0
    for row, raw in _rows(txn, Table.HEADS):
        read()
        try:
            head = Head.FromString(raw)
            key = ExecutionKey.of_row(row)
        except (DecodeError, ValueError):
            yield f"the head of {row!r} cannot be read"
            continue
        name = f"{key.namespace}/{key.execution_id}"
        if head.uid in uids:
            yield f"{name}: another execution has its uid {head.uid}"
        uids[head.uid] = None
        if not placement.has(key):
            yield f"{name}: it belongs into another shard"
        yield from (f"{name}: {problem}" for problem in _Execution(txn, key, head).problems(log))
        expiries_count += head.sweep_time_us > 0
        indexed = index_rows(key, head.execution.state)
        index_rows_count += len(indexed)
        if any(txn.get(table, index_row) is None for table, index_row in indexed):
            yield f"{name}: it is not found by its status or a label"
    found = sum(txn.count(table) for table in _INDEXES)
    if found != index_rows_count:
        yield f"executions are found by {found} statuses and labels, they have {index_rows_count}"
    if txn.count(Table.EXPIRIES) != expiries_count:
        yield f"{txn.count(Table.EXPIRIES)} executions are looked at in time, not {expiries_count}"
    yield from _rows_of_nobody(txn, uids)
    yield from _tokens_and_requests(txn, uids)
    yield from _unreadable(txn, Table.LOCKS, LockRow)
    yield from _unreadable(txn, Table.ACCESSES, AccessRow)


class _Log:
    """The events of a shard."""

    def __init__(self, txn: ReadTransaction) -> None:
        self._txn = txn
        store = Reader(txn)
        self.compacted = store.compacted_revision()
        self.last = store.last_revision()
        self._due = store.positions().count()

    def event(self, revision: int) -> Event | None:
        """An event, if it is there and can be read."""
        row = self._txn.get(Table.LOG, revision_key(revision))
        return None if row is None else _parsed(Event, row)

    def problems(self, read: Callable[[], None]) -> Iterator[str]:
        kept = 0
        for key, raw in _rows(self._txn, Table.LOG):
            read()
            revision = read_revision_key(key)
            event = _parsed(Event, raw)
            if event is None:
                yield f"the event at revision {revision} cannot be read"
            elif event.previous_revision >= revision or event.uid > revision:
                yield f"the event at revision {revision} says that it follows a later one"
            kept += revision > self.compacted
        if kept != self._due:
            yield f"{self._due - kept} events of the log are missing"


class _Execution:
    """One execution and all that is stored under its uid."""

    def __init__(self, txn: ReadTransaction, key: ExecutionKey, head: Head) -> None:
        self._txn = txn
        self._store = Reader(txn)
        self._key = key
        self._head = head

    def problems(self, log: _Log) -> Iterator[str]:
        head, execution = self._head, self._head.execution
        named = (execution.key.namespace, execution.key.execution_id)
        if named != (self._key.namespace, self._key.execution_id):
            yield f"its head is that of {'/'.join(named)}"
        if not 0 < head.uid <= execution.revision <= log.last:
            yield (
                f"its uid {head.uid}, its revision {execution.revision} and the end of the log "
                f"({log.last}) are not in this order"
            )
        # However long ago that was, it is kept.
        event = log.event(execution.revision)
        if event is None:
            yield f"the log lacks its last change, at revision {execution.revision}"
        elif (event.uid, event.execution.revision) != (head.uid, execution.revision):
            yield f"the event at its revision {execution.revision} is another execution's"
        sweep_us = head.sweep_time_us
        if (sweep_us or head.expire_time_us) and (
            not 0 < sweep_us <= head.expire_time_us
            or self._txn.get(Table.EXPIRIES, expiry_key(sweep_us, head.uid)) != self._key.row
        ):
            yield "nobody looks at it when it expires"
        yield from self._entries()
        yield from self._checkpoints()
        yield from self._pauses()

    def _entries(self) -> Iterator[str]:
        sizes: dict[int, list[int]] = {}
        pieces = 0
        last: Entry | None = None
        for key, raw in _rows(self._txn, Table.ENTRIES, revision_key(self._head.uid)):
            prefix, revision = split_version_key(key)
            version = _parsed(EntryVersion, raw)
            if version is None:
                yield f"a version of {_entry(prefix)} cannot be read"
                continue
            entry = Entry(prefix, revision, version)
            if last is not None and last.prefix != prefix:
                _count(sizes, last)
            elif last is not None and last.version.ordinal >= version.ordinal:
                yield f"the versions of {_entry(prefix)} are not in order"
            if not self._head.uid <= revision <= self._head.execution.revision:
                yield f"a version of {_entry(prefix)} is of revision {revision}, not one of its own"
            last = entry
            pieces += version.chunks.count
            problem = self._value_problem(entry)
            if problem:
                yield f"the value of {_entry(prefix)} at revision {revision} {problem}"
        if last is not None:
            _count(sizes, last)
        told = {s.document: [s.entries, s.value_bytes] for s in self._head.sizes if s.entries}
        if told != {document: size for document, size in sizes.items() if size[0]}:
            yield "its entries are not those that its head counts"
        there = sum(1 for _ in _rows(self._txn, Table.CHUNKS, revision_key(self._head.uid)))
        if there != pieces:
            yield f"it has {there} pieces of large values, not {pieces}"

    def _value_problem(self, entry: Entry) -> str:
        """What is wrong with a value; empty when it is sound."""
        try:
            if entry.version.WhichOneof("form") == "chunks":
                stored = b"".join(self._store.encoded(self._head.uid, entry).pieces)
                if digest(stored) != entry.version.chunks.digest:
                    return "is not what was written"
            value = self._store.value(self._head.uid, entry)
            if value is not None:
                kind = Document if document_of(entry.prefix) >= RESTORED_DOCUMENTS_END else Value
                kind.FromString(value)
        except EngineBrokenError as error:
            return f"cannot be put together: {error}"
        except (PayloadError, DecodeError):
            return "cannot be read"
        return ""

    def _checkpoints(self) -> Iterator[str]:
        count = 0
        uid = self._head.uid
        for key, raw in _rows(self._txn, Table.CHECKPOINTS, revision_key(uid)):
            count += 1
            name = key[_UID_BYTES:].decode(errors="replace")
            row = _parsed(CheckpointRow, raw)
            if row is None:
                yield f"its checkpoint {name!r} cannot be read"
            elif self._txn.get(Table.PINS, pin_key(uid, row.revision, name)) is None:
                yield f"nothing keeps the state that its checkpoint {name!r} names"
        if count != self._head.checkpoints:
            yield f"it has {count} checkpoints, not {self._head.checkpoints}"

    def _pauses(self) -> Iterator[str]:
        uid = self._head.uid
        count = 0
        for key, raw in _rows(self._txn, Table.PAUSES, revision_key(uid)):
            count += 1
            if _parsed(PauseRow, raw) is None:
                yield f"its pause {key[_UID_BYTES:].hex()} cannot be read"
        if count != self._head.pauses:
            yield f"it has {count} pauses, not {self._head.pauses}"
        for pause in self._head.open_pauses:
            number = PauseNumber(pause.revision, pause.ordinal)
            waiting = inbox_key(self._key.namespace, pause.create_time_us, number)
            if self._txn.get(Table.PAUSES, pause_key(uid, number)) is None:
                yield f"its open pause {number.pause_id} is not there"
            if self._txn.get(Table.INBOX, waiting) is None:
                yield f"its open pause {number.pause_id} is not in the inbox"
            due_us = pause.expire_time_us
            if due_us and self._txn.get(Table.TIMERS, timer_key(due_us, number)) is None:
                yield f"nothing happens when the time of its pause {number.pause_id} is over"
            if pause.token_hash and self._txn.get(Table.TOKENS, pause.token_hash) is None:
                yield f"the token of its open pause {number.pause_id} leads nowhere"


def _rows_of_nobody(txn: ReadTransaction, uids: dict[int, None]) -> Iterator[str]:
    """Rows of an execution that neither is there nor waits to be cleared away."""
    for table in _OF_EXECUTIONS:
        cursor = txn.cursor(table)
        row = cursor.seek(_FIRST)
        while row is not None:
            uid = row[0][:_UID_BYTES]
            if not _is_there(txn, read_revision_key(uid), uids):
                yield f"the table {table.name.lower()} has rows of nobody, with the uid {uid.hex()}"
            row = cursor.seek(after(uid))
    for table in _LEADING:
        for _, raw in _rows(txn, table):
            ref = _parsed(PauseRef, raw)
            if ref is None or not _is_there(txn, ref.uid, uids):
                yield _LEADS_NOWHERE.format(table.name.lower())


def _tokens_and_requests(txn: ReadTransaction, uids: dict[int, None]) -> Iterator[str]:
    """A token leads to a pause, or to what is remembered of the answer to one."""
    astray: set[bytes] = set()
    for key, raw in _rows(txn, Table.TOKENS):
        token = _parsed(TokenRow, raw)
        if token is None:
            yield f"the row {key.hex()} of the table tokens cannot be read"
        elif not _is_there(txn, token.uid, uids):
            astray.add(key)
    for key, raw in _rows(txn, Table.REQUESTS):
        done = _parsed(DoneRequest, raw)
        if done is None:
            yield f"the row {key.hex()} of the table requests cannot be read"
        elif done.token_hash:
            if txn.get(Table.TOKENS, done.token_hash) is None:
                yield f"no token leads to the row {key.hex()} of the table requests any more"
            astray.discard(done.token_hash)
    yield from [_LEADS_NOWHERE.format("tokens")] * len(astray)


def _is_there(txn: ReadTransaction, uid: int, uids: dict[int, None]) -> bool:
    """Whether an execution is, or waits to be cleared away."""
    return uid in uids or txn.get(Table.GARBAGE, revision_key(uid)) is not None


def _unreadable(txn: ReadTransaction, table: Table, kind: type[Message]) -> Iterator[str]:
    for key, raw in _rows(txn, table):
        if _parsed(kind, raw) is None:
            yield f"the row {key.hex()} of the table {table.name.lower()} cannot be read"


def _rows(txn: ReadTransaction, table: Table, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
    cursor = txn.cursor(table)
    row = cursor.seek(prefix or _FIRST)
    while row is not None and row[0].startswith(prefix):
        yield row
        row = cursor.next()


def _parsed(kind: type[M], raw: bytes) -> M | None:
    try:
        return kind.FromString(raw)
    except DecodeError:
        return None


def _count(sizes: dict[int, list[int]], newest: Entry) -> None:
    if not newest.removed:
        size = sizes.setdefault(document_of(newest.prefix), [0, 0])
        size[0] += 1
        size[1] += newest.version.value_bytes


def _entry(prefix: bytes) -> str:
    document, name = read_entry_prefix(prefix)
    return f"the entry {name!r} of document {document}"
