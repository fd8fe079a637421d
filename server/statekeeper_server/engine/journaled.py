"""The engine of a server: tables in LMDB, and before them a journal.

A commit to LMDB writes each page that it touches, all over the file, and waits for the
disk twice. So a commit is a record in the journal, which is one write behind the one
before, and its rows stay in memory, over LMDB's snapshot. They are written into LMDB when
the journal has enough of them, by a thread of its own: meanwhile commits go on, into the
journal's other file. What is changed again and again is written once.

What was acknowledged is on the disk at any moment: in the tables, or in a record of the
epoch that the tables name or of the one after it.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TypeVar

from statekeeper_server.engine import (
    Copy,
    Cursor,
    EngineBrokenError,
    EngineFullError,
    ReadTransaction,
    Table,
    Undisturbed,
    Usage,
    WriteTransaction,
)
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.changes import Changes
from statekeeper_server.engine.journal import Epoch, Journal, Note
from statekeeper_server.engine.journaled_copy import JournaledCopy
from statekeeper_server.engine.layers import lacking, over
from statekeeper_server.engine.lmdb import LmdbEngine, LmdbTransaction, LmdbWriteTransaction
from statekeeper_server.engine.overlay import OverlaidTransaction, Overlay, View
from statekeeper_server.files import sync_folder

# How long nothing happens until the tables are written.
_IDLE_S = 0.2
# Each place that is touched costs a page, and room for it until the tables are written.
_PLACES_ENOUGH = 8192
_PLACES_MAX = 2 * _PLACES_ENOUGH
_PLACE_BYTES = 4096
# So many rows go into the tables at a time.
_ROWS_AT_A_TIME = 256
_R = TypeVar("_R")
# Instead of a record: the tables are to be written.
_TABLES = b""


@dataclass(frozen=True, slots=True)
class _Layer:
    """The commits of an epoch, in memory and in a journal."""

    epoch: Epoch
    overlay: Overlay
    journal: Journal


class JournaledTransaction:
    """Implements `WriteTransaction`.

    Args:
        engine: whose.
        tables: a snapshot of its tables.
        view: what was committed since then; it begins with the newest layer.
    """

    __slots__ = (
        "_changes",
        "_engine",
        "_record",
        "_tables",
        "count",
        "cursor",
        "delete",
        "get",
        "last_key",
        "newest",
        "put",
    )

    def __init__(self, engine: "JournaledEngine", tables: LmdbTransaction, view: View) -> None:
        self._engine = engine
        self._tables = tables
        (overlay, commits), *below = view
        self._changes = overlay.changes()
        self._record: bytes | None = None
        # It sees its own changes: those of the next commit.
        shown = OverlaidTransaction(tables, ((overlay, commits + 1), *below))
        # A call for each row counts: none of these has one more in between.
        self.put: Callable[[Table, bytes, bytes], None] = self._changes.put
        self.delete: Callable[[Table, bytes], None] = self._changes.delete
        self.get: Callable[[Table, bytes], bytes | None] = shown.get
        self.newest: Callable[[Table, bytes], tuple[bytes, bytes] | None] = shown.newest
        self.cursor: Callable[[Table], Cursor] = shown.cursor
        self.last_key: Callable[[Table], bytes | None] = shown.last_key
        self.count: Callable[[Table], int] = shown.count

    def prepare(self) -> None:
        if self._changes.rows and self._record is None:
            self._record = self._engine.prepare(self._changes)

    def commit(self) -> None:
        self.prepare()
        # Before the tables can be written all snapshots may have to end.
        self._tables.abort()
        if self._record is not None:
            record, self._record = self._record, None
            self._changes.rows.clear()
            self._engine.commit(record, self._changes)

    def abort(self) -> None:
        self._tables.abort()
        if self._changes.rows:
            self._record = None
            self._changes.rows.clear()
            self._engine.roll_back()


class JournaledEngine:
    """Implements `Engine`.

    Args:
        folder: where its files are, or will be.
        map_size_bytes: the most that `data.mdb` can grow to; address space, not memory.
        undisturbed: what to enter while some rows go into the tables.

    Raises:
        EngineBrokenError: it cannot be opened.
        OSError: its folder cannot be read or written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        map_size_bytes: int,
        undisturbed: Undisturbed = nullcontext,
    ) -> None:
        self._undisturbed = undisturbed
        self._tables = LmdbEngine(folder, map_size_bytes=map_size_bytes)
        try:
            note = _recover(folder, self._tables)
            self._journals = tuple(Journal(folder / name) for name in journals.FILES)
        except BaseException:
            self._tables.close()
            raise
        self._name = note.engine
        overlay = Overlay(self._tables.last_number())
        # The newest first. There is another one while that is being written into the tables.
        self._layers: tuple[_Layer, ...] = (_Layer(Epoch(note.epoch), overlay, self._journals[0]),)
        self._lock = Lock()
        # A transaction of LMDB's is one thread's: this one's are all that write.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="statekeeper tables")
        self._writing: Future[None] | None = None
        self._committed_s = 0.0
        # The medium has failed: what it has is not known, and nothing may be written to it.
        self._broken = False

    def read(self) -> ReadTransaction:
        layers = self._layers
        if len(layers) == 1 and not layers[0].overlay.commits:
            return self._tables.read()
        view = self._view()
        return over(self._tables.read(), view)

    def copy(self) -> Copy:
        view = self._view()
        return JournaledCopy(self._tables.copy(), view)

    def usage(self) -> Usage:
        usage = self._tables.usage()
        journal_bytes = sum(journal.size_bytes for journal in self._journals)
        return usage._replace(file_bytes=usage.file_bytes + journal_bytes)

    def write(self) -> WriteTransaction:
        newest, *below = self._view()
        tables = self._tables.read()
        return JournaledTransaction(self, tables, (newest, *lacking(tables, tuple(below))))

    def has_room(self, size_bytes: int) -> bool:
        self._have_journal(min(size_bytes, journals.RECORD_BYTES_MAX))
        if self._waits() and self._tables.has_room_behind(self._room() + size_bytes):
            return True
        try:
            self.flush()
        except EngineFullError:
            return False
        return self._tables.has_room(size_bytes)

    def idle_s(self) -> float | None:
        if not self._waits():
            return None
        return max(self._committed_s + _IDLE_S - time.monotonic(), 0.0)

    def flush(self) -> None:
        self._write_below()
        if commits := self._layers[0].overlay.commits:
            self._write_newest(commits)

    def close(self) -> None:
        # What was acknowledged stays in the journal where this fails or is not tried.
        try:
            if not self._broken:
                self.flush()
        except (EngineBrokenError, EngineFullError):
            pass
        finally:
            self._thread.shutdown()
            for journal in self._journals:
                journal.close()
            self._tables.close()

    def prepare(self, changes: Changes) -> bytes:
        """What to commit, after these changes were made."""
        newest = self._layers[0]
        overlay = newest.overlay
        record = journals.encode(newest.epoch, overlay.commits, changes.rows)
        if (
            self._is_stuck()
            or overlay.places > _PLACES_MAX
            or not newest.journal.has_room(len(record))
            # What the journal takes the tables must take later: nobody can be refused then.
            or not self._tables.has_room_behind(self._room() + changes.size_bytes)
        ):
            return _TABLES
        return record

    def commit(self, record: bytes, changes: Changes) -> None:
        """Make what was prepared durable.

        Raises:
            EngineFullError: it is lost, for want of room.
            EngineBrokenError: whether it is kept is not known.
        """
        newest = self._layers[0]
        try:
            if record is _TABLES:
                self._write_below()
                self._write_newest(newest.overlay.commits + 1)
                return
            newest.journal.append(record)
        except BaseException as error:
            self._broken |= isinstance(error, EngineBrokenError)
            self.roll_back()
            raise
        newest.overlay.count(changes)
        self._committed_s = time.monotonic()
        if newest.journal.has_enough or newest.overlay.places >= _PLACES_ENOUGH:
            self._begin_layer()

    def roll_back(self) -> None:
        """Forget what was changed since the last commit."""
        newest = self._layers[0]
        overlay = newest.overlay.committed()
        with self._lock:
            self._layers = (replace(newest, overlay=overlay), *self._layers[1:])

    def _view(self) -> View:
        """What there is over the tables: to be taken before the snapshot of these."""
        return tuple((layer.overlay, layer.overlay.commits) for layer in self._layers)

    def _waits(self) -> bool:
        """Whether there is anything that is not in the tables."""
        return any(commits for _, commits in self._view())

    def _room(self) -> int:
        """What all layers take in the tables."""
        return sum(_room(overlay) for overlay, _ in self._view())

    def _have_journal(self, size_bytes: int) -> None:
        """Wait for the other journal, if that is to be free soon and this one has no room.

        Otherwise a commit would wait for it too, and then until this one's rows are written.
        """
        if self._writing is not None and not self._layers[0].journal.has_room(size_bytes):
            self._writing.exception()
            if not self._is_stuck():
                self._begin_layer()

    def _begin_layer(self) -> None:
        """Have the newest layer written, and go on with another one; not where there are two."""
        if len(self._layers) > 1:
            return
        newest = self._layers[0]
        commits = newest.overlay.commits
        free = next(journal for journal in self._journals if journal is not newest.journal)
        # Each commit to the tables has the number after that of the one before.
        layer = _Layer(newest.epoch.next(commits), Overlay(newest.overlay.base + 1), free)
        with self._lock:
            self._layers = (layer, newest)
        self._writing = self._thread.submit(
            self._write, newest, commits, layer.epoch, reserved=True
        )

    def _is_stuck(self) -> bool:
        """Whether the layer below could not be written, for want of room.

        Raises:
            EngineBrokenError: the medium has failed, then or before.
        """
        if self._writing is not None and self._writing.done():
            writing, self._writing = self._writing, None
            if not isinstance(writing.exception(), EngineFullError):
                writing.result()
        if self._broken:
            raise EngineBrokenError("the medium has failed before")
        return self._writing is None and len(self._layers) > 1

    def _write_below(self) -> None:
        """Wait until the layer below is written, or write it, if there is one."""
        if self._writing is not None:
            self._writing.exception()
        if self._is_stuck():
            newest, below = self._layers
            self._thread.submit(self._write, below, below.overlay.commits, newest.epoch).result()

    def _write_newest(self, commits: int) -> None:
        """Write so many commits of the only layer, and begin with another one."""
        newest = self._layers[0]
        epoch = Epoch.first()
        self._thread.submit(self._write, newest, commits, epoch).result()
        overlay = Overlay(self._tables.last_number())
        self._layers = (replace(newest, epoch=epoch, overlay=overlay),)

    def _write(self, layer: _Layer, commits: int, after: Epoch, *, reserved: bool = False) -> None:
        """Write so many commits of the lowest layer into the tables. On a thread of its own.

        Args:
            layer: which.
            commits: how many.
            after: the epoch that the tables lack then.
            reserved: whether there is room for certain.
        """
        try:
            txn = self._tables.write(reserved=reserved)
            try:
                _put(txn, layer.overlay, commits, self._undisturbed)
                txn.set_note(Note(self._name, after.name).said)
                txn.commit()
            finally:
                txn.abort()
            layer.journal.restart()
        except EngineBrokenError:
            self._broken = True
            raise
        with self._lock:
            if len(self._layers) > 1:
                self._layers = self._layers[:-1]


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
        found = journals.read(folder, note)
        if not found.used:
            return note
        overlay = Overlay.of(overlay.base, found.commits)
        note = note._replace(epoch=Epoch.first().name)
    # For what it reserves: whether there is room is seen when it is used.
    tables.has_room(_room(overlay))
    txn = tables.write()
    try:
        _put(txn, overlay, overlay.commits)
        txn.set_note(note.said)
        txn.commit()
    except EngineFullError as error:
        raise EngineBrokenError(
            "there is no room for what its journal has: give it some"
        ) from error
    finally:
        txn.abort()
    return note


def _put(
    txn: LmdbWriteTransaction,
    overlay: Overlay,
    commits: int,
    undisturbed: Undisturbed = nullcontext,
) -> None:
    """Put the rows of so many commits, a few at a time."""
    for table in Table:
        rows = overlay.rows_of(table, commits)
        gone = [key for key, value in rows if value is None]
        for some in _parts([(key, value) for key, value in rows if value is not None]):
            with undisturbed():
                txn.put(table, some)
        for keys in _parts(gone):
            with undisturbed():
                txn.delete(table, keys)


def _parts(rows: list[_R]) -> Iterator[list[_R]]:
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        yield rows[start : start + _ROWS_AT_A_TIME]


def _room(overlay: Overlay) -> int:
    """What it takes to write its rows into the tables, about, in bytes."""
    return overlay.size_bytes + overlay.places * _PLACE_BYTES
