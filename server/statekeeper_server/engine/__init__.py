"""The ordered key-value store below everything else: a port, with adapters beside it.

An engine holds one shard: a few ordered tables of bytes, changed by one writer at a
time in transactions that are durable once committed, and read at a snapshot by any
thread. Nothing above this package may know which adapter it runs on. Two failures are
part of the port:

- `EngineFullError`: there is no room. The transaction is lost, the engine is fine.
- `EngineBrokenError`: the medium failed. Whether the transaction is kept is not known,
  and the engine must be closed, verified and opened again before anything else.
"""

import enum
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol


class Table(enum.IntEnum):
    """The tables; their keys are made in `keys`, their rows are `records_pb2` messages."""

    HEADS = 0
    ENTRIES = 1
    CHUNKS = 2
    LOG = 3
    REQUESTS = 4
    GARBAGE = 5
    META = 6
    CHECKPOINTS = 7
    PINS = 8
    UNPINNED = 9
    PAUSES = 10
    TOKENS = 11
    INBOX = 12
    TIMERS = 13
    LOCKS = 14
    BY_STATUS = 15
    BY_LABEL = 16
    EXPIRIES = 17
    ACCESSES = 18


class EngineFullError(Exception):
    """There is no room for this transaction."""


class EngineBrokenError(Exception):
    """The medium failed; the outcome of the transaction is unknown."""


class CopyGivenUpError(Exception):
    """The engine needs the room that a copy holds; the engine is fine."""


class Usage(NamedTuple):
    """How much of its medium an engine takes.

    Attributes:
        file_bytes: what it has taken from the medium.
        used_bytes: how much of that holds something, about.
        limit_bytes: the most that it may take.
        readers: how many snapshots are open, those of copies among them.
        oldest_reader_s: how long the oldest of them has been; None: there is none.
    """

    file_bytes: int
    used_bytes: int
    limit_bytes: int
    readers: int
    oldest_reader_s: float | None


REVISION_BYTES = 8
"""See `ReadTransaction.newest`."""


class Cursor(Protocol):
    """A place in a table. Lives no longer than its transaction."""

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        """Go to the first row at or after a key; None when there is none."""
        ...

    def seek_before(self, key: bytes) -> tuple[bytes, bytes] | None:
        """Go to the last row before a key; None when there is none."""
        ...

    def next(self) -> tuple[bytes, bytes] | None:
        """Go to the row after; None when there is none."""
        ...


class ReadTransaction(Protocol):
    """A snapshot: sees all that was committed when it began, and nothing after."""

    def get(self, table: Table, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        ...

    def newest(self, table: Table, start: bytes) -> tuple[bytes, bytes] | None:
        """The row whose key is a start and the greatest revision; None when there is none.

        A revision is eight bytes. Of rows that differ in nothing else those are put first
        that have the smaller one.
        """
        ...

    def cursor(self, table: Table) -> Cursor:
        """A cursor, nowhere yet."""
        ...

    def last_key(self, table: Table) -> bytes | None:
        """The greatest key of a table, or None when it is empty."""
        ...

    def count(self, table: Table) -> int:
        """How many rows a table has, at the same cost for any number."""
        ...

    def abort(self) -> None:
        """End it, and forget its writes. Harmless when it has ended already.

        A snapshot must not live long: what was freed since it began cannot be reused.
        """
        ...


class WriteTransaction(ReadTransaction, Protocol):
    """A read transaction that also sees and keeps its own writes. One thread's alone."""

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        """Set a key."""
        ...

    def delete(self, table: Table, key: bytes) -> None:
        """Remove a key, if it is there."""
        ...

    def prepare(self) -> None:
        """Do what `commit` begins with, before it waits for the medium; no write follows."""
        ...

    def commit(self) -> None:
        """Make all writes durable: they survive `kill -9` and power loss from now on."""
        ...


class Copy(Protocol):
    """A snapshot that is to be written elsewhere, as an engine's medium of its own.

    Attributes:
        size_bytes: what it will take there, about.
        snapshot: what it shows; it ends with the copy.
    """

    size_bytes: int
    snapshot: ReadTransaction

    def write(self, folder: Path, wrote: Callable[[int], None]) -> None:
        """Write it into an empty folder, durably; once.

        Args:
            folder: where.
            wrote: is told the bytes of each piece; what it raises ends the writing.

        Raises:
            OSError: the folder cannot be written to.
            CopyGivenUpError: the engine needs what the snapshot holds.
            EngineBrokenError: the engine cannot be read.
        """
        ...

    def close(self) -> None:
        """End the snapshot. Harmless when it has ended already."""
        ...


Undisturbed = Callable[[], AbstractContextManager[None]]
"""Enters a short time in which no other thread of the process takes the interpreter."""


class Engine(Protocol):
    """One shard's store."""

    def read(self) -> ReadTransaction:
        """A snapshot of now, from any thread."""
        ...

    def write(self) -> WriteTransaction:
        """The write transaction; there is one at a time.

        All are one thread's, until what is left to be done is done: see `flush`.
        """
        ...

    def copy(self) -> Copy:
        """A copy of now, from any thread; what it costs is told in `Copy.write`.

        As long as it is open, room that is freed is not used again.
        """
        ...

    def usage(self) -> Usage:
        """How much it takes, from any thread."""
        ...

    def has_room(self, size_bytes: int) -> bool:
        """Whether a transaction that writes so much would find room; reserves it if it can.

        What is freed is found again without more room than the engine keeps for that. Yes
        may still turn out to be `EngineFullError`, when all that is left is in pieces.

        It may wait for snapshots that are open, and lets none begin meanwhile; and for what is
        left to be done about what was committed, and raises like a commit then.
        """
        ...

    def flush(self) -> None:
        """Do now what is left to be done about what was committed; harmless when nothing is.

        Of the writer's thread, between its transactions. Raises like a commit, and nothing
        that was committed is lost by it.
        """
        ...

    def idle_s(self) -> float | None:
        """For how long nothing is to be committed until it is time to; None: nothing is left."""
        ...

    def close(self) -> None:
        """Close it; no transaction may be open."""
        ...
