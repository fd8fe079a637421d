"""The tables of an engine in LMDB: one environment in one folder.

Commits are fully synchronous. Room is taken from the disk ahead of its use
(`posix_fallocate`), because LMDB, once it has failed to write a page, cannot be trusted
until it is opened again: a full disk must be met before the commit, not in it. When no
more can be taken, the map is made to end where the room does, so that LMDB finds itself
full rather than the disk.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import lmdb

from statekeeper_server.engine import (
    Cursor,
    EngineBrokenError,
    EngineFullError,
    Table,
    Usage,
)
from statekeeper_server.engine.lmdb_copy import LmdbCopy
from statekeeper_server.engine.newest import newest
from statekeeper_server.files import reserve

# Room that only deletes and reclaiming may use: they copy pages before they free some.
RESERVE_BYTES = 4 * 1024 * 1024
_GROWTH_BYTES_MIN = 8 * 1024 * 1024
_GROWTH_BYTES_MAX = 256 * 1024 * 1024
# Pages are copied on write, and a value may fill its pages badly.
_WRITE_AMPLIFICATION = 2
_SNAPSHOTS_POLL_S = 0.001
# Beside the tables there is one more, of LMDB's, that has one row.
_NOTES = len(Table)
_NOTE = b"note"
TABLES_MAX = _NOTES + 1
_FULL = (lmdb.MapFullError, lmdb.TxnFullError)
_VERIFY = """
import sys
from lmdb import verify
sys.exit("\\n".join(map(str, verify.verify(sys.argv[1]))))
"""


class LmdbCursor:
    """Implements `Cursor`."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: "lmdb.Cursor[bytes]") -> None:
        self._cursor = cursor

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        cursor = self._cursor
        return cursor.item() if cursor.set_range(key) else None

    def seek_before(self, key: bytes) -> tuple[bytes, bytes] | None:
        cursor = self._cursor
        found = cursor.prev() if cursor.set_range(key) else cursor.last()
        return cursor.item() if found else None

    def next(self) -> tuple[bytes, bytes] | None:
        cursor = self._cursor
        return cursor.item() if cursor.next() else None


class LmdbTransaction:
    """Implements `ReadTransaction`."""

    __slots__ = ("_tables", "_txn")

    def __init__(self, txn: "lmdb.Transaction[bytes]", tables: tuple[lmdb._Database, ...]) -> None:
        self._txn = txn
        self._tables = tables

    def get(self, table: Table, key: bytes) -> bytes | None:
        try:
            return self._txn.get(key, None, self._tables[table])
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def newest(self, table: Table, start: bytes) -> tuple[bytes, bytes] | None:
        return newest(self.cursor(table), start)

    def cursor(self, table: Table) -> Cursor:
        return LmdbCursor(self._txn.cursor(self._tables[table]))

    def last_key(self, table: Table) -> bytes | None:
        cursor = self._txn.cursor(self._tables[table])
        return cursor.key() if cursor.last() else None

    def count(self, table: Table) -> int:
        return int(self._txn.stat(self._tables[table])["entries"])

    @property
    def txn(self) -> "lmdb.Transaction[bytes]":
        """LMDB's own."""
        return self._txn

    @property
    def number(self) -> int:
        """Of a snapshot: the number of the last commit that it sees."""
        return self._txn.id()

    def note(self) -> bytes | None:
        """What is noted beside the tables, if anything is."""
        return self._txn.get(_NOTE, None, self._tables[_NOTES])

    def used_pages(self) -> int:
        """How many pages the tables have."""
        pages = 0
        for table in self._tables:
            stat = self._txn.stat(table)
            pages += stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return pages

    def abort(self) -> None:
        self._txn.abort()


class LmdbWriteTransaction(LmdbTransaction):
    """A transaction that writes and commits.

    Each key may be put once: LMDB would put a smaller value over a large one and leave it the
    pages of that, which its verification does not like.
    """

    __slots__ = ()

    def put(self, table: Table, rows: list[tuple[bytes, bytes]]) -> None:
        """Set keys of a table."""
        try:
            self._txn.cursor(self._tables[table]).putmulti(rows)
        except lmdb.Error as error:
            _fail(error)

    def delete(self, table: Table, keys: list[bytes]) -> None:
        """Remove keys of a table, where they are there."""
        delete, database = self._txn.delete, self._tables[table]
        try:
            for key in keys:
                delete(key, b"", database)
        except lmdb.Error as error:
            _fail(error)

    def commit(self) -> None:
        try:
            self._txn.commit()
        except lmdb.Error as error:
            _fail(error)

    def set_note(self, said: bytes) -> None:
        """Note something beside the tables."""
        try:
            self._txn.put(_NOTE, said, db=self._tables[_NOTES])
        except lmdb.Error as error:
            _fail(error)


def _fail(error: Exception) -> None:
    """Say in the port's words what LMDB says."""
    if isinstance(error, _FULL):
        raise EngineFullError from error
    if isinstance(error, lmdb.Error):
        raise EngineBrokenError(str(error)) from error


def open_tables(env: lmdb.Environment, *, create: bool) -> tuple[lmdb._Database, ...]:
    """All tables of an environment, and behind them that of the note."""
    names = [table.name.lower() for table in Table] + ["notes"]
    return tuple(env.open_db(name.encode(), create=create) for name in names)


class LmdbSnapshot(LmdbTransaction):
    """Implements `ReadTransaction`, and is in a set until it ends.

    Attributes:
        since_s: when it began, by `time.monotonic`.
    """

    __slots__ = ("_open", "since_s")

    def __init__(
        self,
        txn: "lmdb.Transaction[bytes]",
        tables: tuple[lmdb._Database, ...],
        open_: "set[LmdbSnapshot]",
    ) -> None:
        super().__init__(txn, tables)
        self.since_s = time.monotonic()
        self._open = open_
        open_.add(self)

    def abort(self) -> None:
        self._txn.abort()
        self._open.discard(self)


class LmdbEngine:
    """The tables of an engine, and a note of a few bytes beside them.

    Args:
        folder: where `data.mdb` and `lock.mdb` are, or will be.
        map_size_bytes: the most that the file can grow to; address space, not memory.
    """

    def __init__(self, folder: Path, *, map_size_bytes: int) -> None:
        try:
            self._env = lmdb.open(
                str(folder),
                map_size=map_size_bytes,
                max_dbs=TABLES_MAX,
                max_readers=1024,
                max_spare_txns=16,
                mode=0o600,
            )
            self._env.reader_check()
            self._tables = open_tables(self._env, create=True)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error
        self._page_bytes = int(self._env.stat()["psize"])
        self._map_size_bytes = map_size_bytes
        # Smaller while the disk has no more room.
        self._map_bytes = map_size_bytes
        self._snapshots: set[LmdbSnapshot] = set()
        self._copies: set[LmdbCopy] = set()
        self._entrance = threading.Lock()
        self._file = os.open(folder / "data.mdb", os.O_RDWR | os.O_CLOEXEC)
        self._reserved_bytes = 0
        try:
            # What was reserved before it was closed may be all that there is.
            self._reserve(os.fstat(self._file).st_size)
        except EngineBrokenError:
            self.close()
            raise

    def read(self) -> LmdbSnapshot:
        """A snapshot of the last commit, from any thread."""
        try:
            with self._entrance:
                return LmdbSnapshot(self._env.begin(), self._tables, self._snapshots)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def last_number(self) -> int:
        """The number of the last commit."""
        return int(self._env.info()["last_txnid"])

    def copy(self) -> LmdbCopy:
        """As the port says."""
        snapshot = self.read()

        def end(copy: LmdbCopy) -> None:
            snapshot.abort()
            self._copies.discard(copy)

        size_bytes = snapshot.used_pages() * self._page_bytes
        copy = LmdbCopy(self._env, snapshot, size_bytes, end)
        self._copies.add(copy)
        return copy

    def usage(self) -> Usage:
        """As the port says."""
        snapshot = self.read()
        try:
            used_bytes = snapshot.used_pages() * self._page_bytes
        finally:
            snapshot.abort()
        since_s = [each.since_s for each in tuple(self._snapshots)]
        return Usage(
            os.fstat(self._file).st_size,
            used_bytes,
            self._map_size_bytes,
            len(since_s),
            time.monotonic() - min(since_s) if since_s else None,
        )

    def write(self, *, reserved: bool = False) -> LmdbWriteTransaction:
        """The write transaction; there is one at a time, and it is its thread's.

        Args:
            reserved: whether `has_room_behind` was told what it will write.
        """
        if not reserved and self._map_bytes == self._map_size_bytes:
            # LMDB may go on behind what is reserved, so some must be.
            self._prepare(RESERVE_BYTES)
        try:
            return LmdbWriteTransaction(self._env.begin(write=True), self._tables)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def has_room_behind(self, size_bytes: int) -> bool:
        """Whether a transaction that has begun may write so much; reserves it if it can.

        Where the disk has no more to give the answer is no: the transaction is to end first.
        """
        if self._map_bytes != self._map_size_bytes:
            return False
        wanted = size_bytes * _WRITE_AMPLIFICATION + RESERVE_BYTES
        end = self._end()
        if end + wanted > self._reserved_bytes:
            self._reserve(end + wanted + _growth(end))
        return end + wanted <= self._reserved_bytes

    def has_room(self, size_bytes: int) -> bool:
        """As the port says."""
        wanted = size_bytes * _WRITE_AMPLIFICATION + RESERVE_BYTES
        end = self._prepare(wanted)
        if end + wanted <= self._reserved_bytes:
            return True
        # The file cannot grow: what counts are the free pages inside it. That is a guess:
        # a snapshot may still need them, or they are too scattered for a large value.
        return max(self._reserved_bytes, end) - self._live_bytes() >= wanted

    def close(self) -> None:
        """Close it; no transaction may be open."""
        os.close(self._file)
        self._env.close()

    def _prepare(self, wanted: int) -> int:
        """Reserve room behind the last page, or let the map end where it does; the page's end.

        LMDB may write behind what is reserved only while the disk is known to have more.
        """
        end = self._end()
        if end + wanted > self._reserved_bytes:
            growth = _growth(end)
            if self._reserve(end + wanted + growth):
                self._end_map_at(self._map_size_bytes)
            else:
                # The last of a disk is taken in few steps, as each moves the map.
                any(self._reserve(end + wanted + growth // part) for part in (16, 256))
                self._end_map_at(max(self._reserved_bytes, end))
        return end

    def _end(self) -> int:
        """Where the last page ends."""
        return int(self._env.info()["last_pgno"] + 1) * self._page_bytes

    def _reserve(self, target: int) -> bool:
        """Reserve the file up to there, but not behind the largest map; False if it cannot."""
        target = min(target, self._map_size_bytes)
        if target <= self._reserved_bytes:
            return True
        try:
            if not reserve(self._file, self._reserved_bytes, target):
                return False
        except OSError as error:
            raise EngineBrokenError(f"cannot reserve room: {error.strerror}") from error
        self._reserved_bytes = target
        return True

    def _end_map_at(self, end: int) -> None:
        """Change the size of the map. It may move, so nobody may be reading in it."""
        if end == self._map_bytes:
            return
        with self._entrance:
            # Looked at again and again, so that it costs a snapshot nothing to end: disks
            # are seldom full, and snapshots short.
            while self._snapshots:
                for copy in tuple(self._copies):
                    copy.give_up()
                time.sleep(_SNAPSHOTS_POLL_S)
            try:
                self._env.set_mapsize(end)
            except lmdb.Error as error:
                raise EngineBrokenError(str(error)) from error
        self._map_bytes = end

    def _live_bytes(self) -> int:
        with self._env.begin() as txn:
            return LmdbTransaction(txn, self._tables).used_pages() * self._page_bytes


def _growth(end: int) -> int:
    return min(max(end // 8, _GROWTH_BYTES_MIN), _GROWTH_BYTES_MAX)


def verify(folder: Path) -> str:
    """What is wrong with the pages of a closed environment; empty when it is sound.

    In a process of its own: reading every page of a large file takes a while, and the
    other shards must go on meanwhile.
    """
    run = subprocess.run(  # noqa: S603 - our own interpreter and a fixed program
        [sys.executable, "-c", _VERIFY, str(folder)], capture_output=True, text=True, check=False
    )
    return run.stderr.strip() if run.returncode else ""
