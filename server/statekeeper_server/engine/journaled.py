"""The engine of a server: tables in LMDB, and before them a journal.

A commit to LMDB writes each page that it touches, all over the file, and waits for the
disk twice. So a commit is a record in the journal, which is one write behind the one
before; its rows are put into a transaction of LMDB that stays open, and that is committed
when the journal is full or nothing has happened for a while: what is changed again and
again is written once. Readers see the rows at once, from memory, over LMDB's snapshot.

What was acknowledged is on the disk at any moment: in the tables, or in a record of the
epoch that the tables name.
"""

import time
from collections.abc import Callable
from pathlib import Path

from statekeeper_server.engine import (
    Copy,
    Cursor,
    EngineBrokenError,
    EngineFullError,
    ReadTransaction,
    Table,
    Usage,
    WriteTransaction,
)
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.journal import Journal, Note
from statekeeper_server.engine.lmdb import LmdbEngine, LmdbWriteTransaction
from statekeeper_server.engine.lmdb_closed import LmdbClosed
from statekeeper_server.engine.lmdb_copy import LmdbCopy
from statekeeper_server.engine.overlay import OverlaidTransaction, Overlay
from statekeeper_server.files import sync_folder

# How long nothing happens until the tables are written.
_IDLE_S = 0.2
# Each place that is touched costs a page, and room for it until the tables are written.
_PLACES_MAX = 8192
_PLACE_BYTES = 4096
# Instead of a record: the tables are to be written.
_TABLES = b""


class JournaledTransaction:
    """Implements `WriteTransaction`.

    Args:
        engine: whose.
        tables: the transaction that stays open.
    """

    __slots__ = (
        "_changes",
        "_engine",
        "_record",
        "count",
        "cursor",
        "delete",
        "get",
        "last_key",
        "put",
    )

    def __init__(self, engine: "JournaledEngine", tables: LmdbWriteTransaction) -> None:
        self._engine = engine
        self._changes = tables.changes()
        self._record: bytes | None = None
        # A call for each row counts: none of these has one more in between.
        self.put: Callable[[Table, bytes, bytes], None] = self._changes.put
        self.delete: Callable[[Table, bytes], None] = self._changes.delete
        self.get: Callable[[Table, bytes], bytes | None] = tables.get
        self.cursor: Callable[[Table], Cursor] = tables.cursor
        self.last_key: Callable[[Table], bytes | None] = tables.last_key
        self.count: Callable[[Table], int] = tables.count

    def prepare(self) -> None:
        rows = self._changes.rows
        if rows and self._record is None:
            self._record = self._engine.prepare(rows)

    def commit(self) -> None:
        self.prepare()
        if self._record is not None:
            record, self._record = self._record, None
            self._changes.rows.clear()
            self._engine.commit(record)

    def abort(self) -> None:
        if self._changes.rows:
            self._record = None
            self._changes.rows.clear()
            self._engine.roll_back()


class JournaledEngine:
    """Implements `Engine`.

    Args:
        folder: where `data.mdb`, `lock.mdb` and `journal` are, or will be.
        map_size_bytes: the most that `data.mdb` can grow to; address space, not memory.

    Raises:
        EngineBrokenError: it cannot be opened.
        OSError: its folder cannot be read or written.
    """

    def __init__(self, folder: Path, *, map_size_bytes: int) -> None:
        self._tables = LmdbEngine(folder, map_size_bytes=map_size_bytes)
        # The transaction that stays open: it has what the overlay shows, when there is one.
        self._txn: LmdbWriteTransaction | None = None
        self._committed_s = 0.0
        try:
            self._note = _recover(folder, self._tables)
            self._journal = Journal(folder)
        except BaseException:
            self._tables.close()
            raise
        self._overlay = Overlay(self._tables.last_number())

    def read(self) -> ReadTransaction:
        overlay = self._overlay
        snapshot = self._tables.read()
        if snapshot.number != overlay.base or not overlay.commits:
            # The tables have been written meanwhile: they hold all that was in the overlay.
            return snapshot
        return OverlaidTransaction(snapshot, overlay, overlay.commits)

    def copy(self) -> Copy:
        overlay = self._overlay
        copy = self._tables.copy()
        if copy.snapshot.number != overlay.base:
            overlay = Overlay(copy.snapshot.number)
        return JournaledCopy(copy, overlay)

    def usage(self) -> Usage:
        usage = self._tables.usage()
        return usage._replace(file_bytes=usage.file_bytes + self._journal.size_bytes)

    def write(self) -> WriteTransaction:
        return JournaledTransaction(self, self._transaction())

    def has_room(self, size_bytes: int) -> bool:
        overlay = self._overlay
        if overlay.commits and self._tables.has_room_behind(_room(overlay) + size_bytes):
            return True
        self.flush()
        return self._tables.has_room(size_bytes)

    def idle_s(self) -> float | None:
        if not self._overlay.commits:
            return None
        return max(self._committed_s + _IDLE_S - time.monotonic(), 0.0)

    def flush(self) -> None:
        if self._overlay.commits:
            self._write_tables()
        else:
            self._end()

    def close(self) -> None:
        # After a failure it is not known what the open transaction has: there is none then,
        # and what was acknowledged stays in the journal. So it does where this fails.
        try:
            if self._txn is not None:
                self.flush()
        except (EngineBrokenError, EngineFullError):
            pass
        finally:
            self._journal.close()
            self._tables.close()

    def prepare(self, rows: list[Row]) -> bytes:
        """What to commit, after these rows were put into the open transaction."""
        record = journals.encode(self._note.epoch, self._overlay.commits, rows)
        if not self._journal.has_room(len(record)):
            return _TABLES
        overlay = self._overlay
        overlay.add(rows)
        # What the journal takes the tables must take later: nobody can be refused then.
        roomy = self._tables.has_room_behind(_room(overlay))
        return record if roomy and overlay.places < _PLACES_MAX else _TABLES

    def commit(self, record: bytes) -> None:
        """Make what was prepared durable.

        Raises:
            EngineFullError: it is lost, for want of room.
            EngineBrokenError: whether it is kept is not known.
        """
        try:
            if record is _TABLES:
                self._write_tables()
                return
            self._journal.append(record)
        except BaseException:
            self.roll_back()
            raise
        self._overlay.commits += 1
        self._committed_s = time.monotonic()

    def roll_back(self) -> None:
        """Forget what was put into the open transaction since the last commit."""
        self._overlay = self._overlay.committed()
        self._end()

    def _end(self) -> None:
        """End the open transaction."""
        if self._txn is not None:
            self._txn.abort()
            self._txn = None

    def _transaction(self) -> LmdbWriteTransaction:
        """The open transaction."""
        if self._txn is None:
            self._txn = self._tables.write()
            try:
                _put(self._txn, self._overlay)
            except BaseException:
                # Nobody may take it for whole.
                self._end()
                raise
        return self._txn

    def _write_tables(self) -> None:
        """Commit the open transaction, and begin an epoch."""
        note = self._note.next()
        try:
            txn = self._transaction()
            txn.set_note(note.said)
            txn.commit()
        finally:
            self._end()
        self._note = note
        self._overlay = Overlay(self._tables.last_number())
        self._journal.restart()


class JournaledCopy:
    """Implements `Copy`.

    Args:
        tables: the tables' copy.
        overlay: what is over them.
    """

    def __init__(self, tables: LmdbCopy, overlay: Overlay) -> None:
        self._tables = tables
        self._note = Note.of(tables.snapshot.note())
        self._record = b""
        self.snapshot: ReadTransaction = tables.snapshot
        if commits := overlay.commits:
            self.snapshot = OverlaidTransaction(tables.snapshot, overlay, commits)
            self._record = journals.encode(self._note.epoch, 0, list(overlay.rows(commits)))
        self.size_bytes = tables.size_bytes + journals.file_bytes(self._record)

    def write(self, folder: Path, wrote: Callable[[int], None]) -> None:
        self._tables.write(folder, wrote)
        journals.make(folder, self._note.engine, self._record)
        wrote(journals.file_bytes(self._record))

    def close(self) -> None:
        self._tables.close()


class JournaledClosed:
    """An engine that nobody has open, to be read without changing anything of it.

    Args:
        folder: where its files are.

    Raises:
        EngineBrokenError: it is no engine of ours, or cannot be read.
        OSError: its files cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._tables = LmdbClosed(folder)
        try:
            snapshot = self._tables.read()
            try:
                note = Note.of(snapshot.note())
                self._overlay = Overlay.of(snapshot.number, journals.read(folder, note))
            finally:
                snapshot.abort()
        except BaseException:
            self._tables.close()
            raise

    def read(self) -> ReadTransaction:
        """A snapshot of what is there."""
        return OverlaidTransaction(self._tables.read(), self._overlay, self._overlay.commits)

    def close(self) -> None:
        """Close it; no transaction may be open."""
        self._tables.close()


def _recover(folder: Path, tables: LmdbEngine) -> Note:
    """Bring what the journal has into the tables, or make one for tables that are new."""
    snapshot = tables.read()
    try:
        said = snapshot.note()
    finally:
        snapshot.abort()
    overlay = Overlay(tables.last_number())
    if said is None:
        note = Note.new()
        journals.make(folder, note.engine)
        sync_folder(folder)
    else:
        note = Note.of(said)
        overlay = Overlay.of(overlay.base, journals.read(folder, note))
        if not overlay.commits:
            return note
        note = note.next()
    # For what it reserves: whether there is room is seen when it is used.
    tables.has_room(_room(overlay))
    txn = tables.write()
    try:
        _put(txn, overlay)
        txn.set_note(note.said)
        txn.commit()
    except EngineFullError as error:
        raise EngineBrokenError(
            "there is no room for what its journal has: give it some"
        ) from error
    finally:
        txn.abort()
    return note


def _put(txn: LmdbWriteTransaction, overlay: Overlay) -> None:
    for table, key, value in overlay.rows(overlay.commits):
        if value is None:
            txn.delete(table, key)
        else:
            txn.put(table, key, value)


def _room(overlay: Overlay) -> int:
    """What it takes to write its rows into the tables, about, in bytes."""
    return overlay.size_bytes + overlay.places * _PLACE_BYTES
