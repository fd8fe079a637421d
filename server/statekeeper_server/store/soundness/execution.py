"""Whether all that is stored of an execution agrees with its head."""

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from statekeeper.v1.value_pb2 import Document, Value
from statekeeper_server.codec import PayloadError, digest
from statekeeper_server.documents import RESTORED_DOCUMENTS_END
from statekeeper_server.engine import EngineBrokenError, ReadTransaction, Table
from statekeeper_server.keys import (
    ExecutionKey,
    PauseNumber,
    document_of,
    expiry_key,
    inbox_key,
    pause_key,
    pin_key,
    read_entry_prefix,
    revision_key,
    split_version_key,
    timer_key,
)
from statekeeper_server.storage.v1.records_pb2 import CheckpointRow, EntryVersion, Head, PauseRow
from statekeeper_server.store.reader import Entry, Reader
from statekeeper_server.store.soundness.log import LogSoundness
from statekeeper_server.store.soundness.rows import UID_BYTES, parsed, rows


class ExecutionSoundness:
    """One execution and all that is stored under its uid."""

    def __init__(self, txn: ReadTransaction, key: ExecutionKey, head: Head) -> None:
        self._txn = txn
        self._store = Reader(txn)
        self._key = key
        self._head = head

    def problems(self, log: LogSoundness) -> Iterator[str]:
        """What is wrong with it, problem by problem."""
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
        for key, raw in rows(self._txn, Table.ENTRIES, revision_key(self._head.uid)):
            prefix, revision = split_version_key(key)
            version = parsed(EntryVersion, raw)
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
        there = sum(1 for _ in rows(self._txn, Table.CHUNKS, revision_key(self._head.uid)))
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
        for key, raw in rows(self._txn, Table.CHECKPOINTS, revision_key(uid)):
            count += 1
            name = key[UID_BYTES:].decode(errors="replace")
            row = parsed(CheckpointRow, raw)
            if row is None:
                yield f"its checkpoint {name!r} cannot be read"
            elif self._txn.get(Table.PINS, pin_key(uid, row.revision, name)) is None:
                yield f"nothing keeps the state that its checkpoint {name!r} names"
        if count != self._head.checkpoints:
            yield f"it has {count} checkpoints, not {self._head.checkpoints}"

    def _pauses(self) -> Iterator[str]:
        uid = self._head.uid
        count = 0
        for key, raw in rows(self._txn, Table.PAUSES, revision_key(uid)):
            count += 1
            if parsed(PauseRow, raw) is None:
                yield f"its pause {key[UID_BYTES:].hex()} cannot be read"
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


def _count(sizes: dict[int, list[int]], newest: Entry) -> None:
    if not newest.removed:
        size = sizes.setdefault(document_of(newest.prefix), [0, 0])
        size[0] += 1
        size[1] += newest.version.value_bytes


def _entry(prefix: bytes) -> str:
    document, name = read_entry_prefix(prefix)
    return f"the entry {name!r} of document {document}"
