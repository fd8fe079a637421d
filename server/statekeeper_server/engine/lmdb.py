"""The engine on LMDB: one environment in one folder.

Commits are fully synchronous by default. `metasync=False` may lose the last commit to a
power cut; nothing weaker is offered. Room is taken from the disk ahead of its use
(`posix_fallocate`), because LMDB, once it has failed to write a page, cannot be trusted
until it is opened again: a full disk must be met before the commit, not in it.
"""

import errno
import os
import subprocess
import sys
from pathlib import Path

import lmdb

from statekeeper_server.engine import (
    Cursor,
    EngineBrokenError,
    EngineFullError,
    ReadTransaction,
    Table,
    WriteTransaction,
)

# Room that only deletes and reclaiming may use: they copy pages before they free some.
RESERVE_BYTES = 4 * 1024 * 1024
_GROWTH_BYTES_MIN = 8 * 1024 * 1024
_GROWTH_BYTES_MAX = 256 * 1024 * 1024
# Pages are copied on write, and a value may fill its pages badly.
_WRITE_AMPLIFICATION = 2
_NO_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
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
    """Implements `ReadTransaction` and `WriteTransaction`."""

    __slots__ = ("_tables", "_txn")

    def __init__(self, txn: "lmdb.Transaction[bytes]", tables: tuple[lmdb._Database, ...]) -> None:
        self._txn = txn
        self._tables = tables

    def get(self, table: Table, key: bytes) -> bytes | None:
        try:
            return self._txn.get(key, None, self._tables[table])
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def cursor(self, table: Table) -> Cursor:
        return LmdbCursor(self._txn.cursor(self._tables[table]))

    def last_key(self, table: Table) -> bytes | None:
        cursor = self._txn.cursor(self._tables[table])
        return cursor.key() if cursor.last() else None

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        try:
            self._txn.put(key, value, True, True, False, self._tables[table])
        except _FULL as error:
            raise EngineFullError from error
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def delete(self, table: Table, key: bytes) -> None:
        try:
            self._txn.delete(key, b"", self._tables[table])
        except _FULL as error:
            raise EngineFullError from error
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def commit(self) -> None:
        try:
            self._txn.commit()
        except _FULL as error:
            raise EngineFullError from error
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def abort(self) -> None:
        self._txn.abort()


class LmdbEngine:
    """Implements `Engine` on an LMDB environment.

    Args:
        folder: where `data.mdb` and `lock.mdb` are, or will be.
        map_size_bytes: the most that the file can grow to; address space, not memory.
        metasync: whether a commit waits for its last page too; see above.
    """

    def __init__(self, folder: Path, *, map_size_bytes: int, metasync: bool = True) -> None:
        try:
            self._env = lmdb.open(
                str(folder),
                map_size=map_size_bytes,
                metasync=metasync,
                max_dbs=len(Table),
                max_readers=1024,
                max_spare_txns=16,
                mode=0o600,
            )
            self._env.reader_check()
            self._tables = tuple(self._env.open_db(table.name.lower().encode()) for table in Table)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error
        self._map_size_bytes = map_size_bytes
        self._page_bytes = int(self._env.stat()["psize"])
        self._file = os.open(folder / "data.mdb", os.O_RDWR | os.O_CLOEXEC)
        self._reserved_bytes = 0

    def read(self) -> ReadTransaction:
        try:
            return LmdbTransaction(self._env.begin(), self._tables)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def write(self) -> WriteTransaction:
        try:
            return LmdbTransaction(self._env.begin(write=True), self._tables)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def has_room(self, size_bytes: int) -> bool:
        wanted = size_bytes * _WRITE_AMPLIFICATION + RESERVE_BYTES
        end = (self._env.info()["last_pgno"] + 1) * self._page_bytes
        if end + wanted <= self._reserved_bytes:
            return True
        growth = min(max(end // 8, _GROWTH_BYTES_MIN), _GROWTH_BYTES_MAX)
        for target in (end + wanted + growth, end + wanted):
            if target <= self._map_size_bytes and self._reserve(target):
                return True
        # The file cannot grow: what counts are the free pages inside it.
        return max(self._reserved_bytes, end) - self._live_bytes() >= wanted

    def close(self) -> None:
        os.close(self._file)
        self._env.close()

    def _reserve(self, target: int) -> bool:
        try:
            os.posix_fallocate(self._file, self._reserved_bytes, target - self._reserved_bytes)
        except OSError as error:
            if error.errno in _NO_SPACE:
                return False
            raise EngineBrokenError(f"cannot reserve room: {error.strerror}") from error
        self._reserved_bytes = target
        return True

    def _live_bytes(self) -> int:
        pages = 0
        with self._env.begin() as txn:
            for table in self._tables:
                stat = txn.stat(table)
                pages += stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return pages * self._page_bytes


def verify(folder: Path) -> str:
    """What is wrong with the pages of a closed environment; empty when it is sound.

    In a process of its own: reading every page of a large file takes a while, and the
    other shards must go on meanwhile.
    """
    run = subprocess.run(  # noqa: S603 - our own interpreter and a fixed program
        [sys.executable, "-c", _VERIFY, str(folder)], capture_output=True, text=True, check=False
    )
    return run.stderr.strip() if run.returncode else ""
