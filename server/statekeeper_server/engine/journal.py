"""The journal of an engine: what was committed since its tables were written last.

A file of fixed size, taken from the disk ahead of its use and written over again and
again: one write and one sync make a commit durable, and the file system has nothing to
note down about it. It begins with the name of the engine that it belongs to; after that
come records, each at the beginning of a block, so that no block that holds a record which
somebody relies on is ever written again.

A record belongs to an **epoch**, a random number that the tables have too: once they
hold what the records say, they get another, and all records there are mean nothing.
"""

import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from statekeeper_server.engine import EngineBrokenError, Table
from statekeeper_server.engine.changes import Row
from statekeeper_server.files import reserve
from statekeeper_server.native_part import native

FILE = "journal"
_BLOCK_BYTES = 4096
_MAGIC = b"skj1"
_SIZE_BYTES_MIN = 64 * 1024
_SIZE_BYTES_MAX = 16 * 1024 * 1024
_GROWTH = 4
# Larger ones are written once rather than twice.
_RECORD_BYTES_MAX = 1024 * 1024

# Magic, engine.
_FIRST_BLOCK = struct.Struct("<4s16s")
# Checksum of all that follows, magic, epoch, number of the record in it, bytes that follow.
_HEADER = struct.Struct("<I4s16sII")
_CHECKSUM_BYTES = 4
# Table, bytes of the key, bytes of the value; then the key and the value.
_ROW = struct.Struct("<BHI")
_GONE = 0xFFFFFFFF


class Note(NamedTuple):
    """What the tables say of their journal.

    Attributes:
        engine: the name of both.
        epoch: whose records they lack.
    """

    engine: bytes
    epoch: bytes

    @classmethod
    def new(cls) -> "Note":
        """That of an engine that has none."""
        return cls(secrets.token_bytes(16), secrets.token_bytes(16))

    @classmethod
    def of(cls, said: bytes | None) -> "Note":
        """What `said` gave. Raises EngineBrokenError: nothing was said."""
        if said is None:
            raise EngineBrokenError("its tables know of no journal")
        return cls(said[:16], said[16:])

    @property
    def said(self) -> bytes:
        """As it is kept."""
        return self.engine + self.epoch

    def next(self) -> "Note":
        """Of tables that lack nothing."""
        return self._replace(epoch=secrets.token_bytes(16))


def encode(epoch: bytes, number: int, rows: list[Row]) -> bytes:
    """A record.

    Args:
        epoch: see above.
        number: how many records the epoch has before it.
        rows: what it changes, in this order.
    """
    body = native.encode_rows(rows) if native else b"".join(map(_encode, rows))
    header = _HEADER.pack(0, _MAGIC, epoch, number, len(body))[_CHECKSUM_BYTES:]
    checksum = crc32(body, crc32(header))
    return b"".join((checksum.to_bytes(_CHECKSUM_BYTES, "little"), header, body))


def _encode(row: Row) -> bytes:
    table, key, value = row
    if value is None:
        return _ROW.pack(table, len(key), _GONE) + key
    return b"".join((_ROW.pack(table, len(key), len(value)), key, value))


def _decode(body: memoryview) -> Iterator[Row]:
    place = 0
    while place < len(body):
        table, key_bytes, value_bytes = _ROW.unpack_from(body, place)
        place += _ROW.size
        key = bytes(body[place : place + key_bytes])
        place += key_bytes
        if value_bytes == _GONE:
            yield Table(table), key, None
        else:
            yield Table(table), key, bytes(body[place : place + value_bytes])
            place += value_bytes


def _blocks(size_bytes: int) -> int:
    """What something takes in the file."""
    return -(-size_bytes // _BLOCK_BYTES) * _BLOCK_BYTES


def read(folder: Path, note: Note) -> list[list[Row]]:
    """The records of an epoch, in order.

    The last one that was written may have reached the disk in part, when the machine
    stopped before anybody was told of it: it is passed over.

    Raises:
        EngineBrokenError: there is no such journal, it belongs to another engine, or a record
            that somebody may rely on is damaged.
    """
    try:
        content = (folder / FILE).read_bytes()
    except OSError as error:
        raise EngineBrokenError(f"cannot read {folder / FILE}: {error.strerror}") from error
    if content[: _FIRST_BLOCK.size] != _FIRST_BLOCK.pack(_MAGIC, note.engine):
        raise EngineBrokenError(f"{folder / FILE} belongs to something else")
    if len(content) < _SIZE_BYTES_MIN:
        raise EngineBrokenError(f"{folder / FILE} is cut short")
    view = memoryview(content)
    records: list[list[Row]] = []
    place = _BLOCK_BYTES
    while (body := _body(view, place, note.epoch, len(records))) is not None:
        records.append(list(_decode(body)))
        place += _blocks(_HEADER.size + len(body))
    # No record is begun that does not go into the file.
    _, magic, epoch, number, size_bytes = _header(view, place)
    if (magic, epoch, number) == (_MAGIC, note.epoch, len(records)) and (
        place + _HEADER.size + size_bytes > len(view)
    ):
        raise EngineBrokenError(f"{folder / FILE} is cut short")
    # Whoever writes a record knows that the one before it is on the disk.
    for later in range(place + _BLOCK_BYTES, len(view), _BLOCK_BYTES):
        _, magic, epoch, number, _ = _header(view, later)
        if magic == _MAGIC and epoch == note.epoch and number > len(records):
            raise EngineBrokenError(f"{folder / FILE} is damaged at byte {place}")
    return records


def _header(view: memoryview, place: int) -> tuple[int, bytes, bytes, int, int]:
    if place + _HEADER.size > len(view):
        return 0, b"", b"", 0, 0
    return _HEADER.unpack_from(view, place)


def _body(view: memoryview, place: int, epoch: bytes, number: int) -> memoryview | None:
    """What follows the header of a record at a place; None when that record is not there."""
    checksum, magic, its_epoch, its_number, size_bytes = _header(view, place)
    end = place + _HEADER.size + size_bytes
    if (magic, its_epoch, its_number) != (_MAGIC, epoch, number) or end > len(view):
        return None
    if crc32(view[place + _CHECKSUM_BYTES : end]) != checksum:
        return None
    return view[place + _HEADER.size : end]


def file_bytes(record: bytes) -> int:
    """What a journal that is made with a record takes."""
    return max(_SIZE_BYTES_MIN, _BLOCK_BYTES + _blocks(len(record)))


def make(folder: Path, engine: bytes, record: bytes = b"") -> None:
    """Make a journal where there is none, durably but for its name.

    Args:
        folder: where.
        engine: the name of the engine.
        record: what it has.

    Raises:
        OSError: it cannot be written.
    """
    with (folder / FILE).open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        os.posix_fallocate(file.fileno(), 0, file_bytes(record))
        file.write(_FIRST_BLOCK.pack(_MAGIC, engine).ljust(_BLOCK_BYTES, b"\0") + record)
        file.flush()
        os.fsync(file.fileno())


class Journal:
    """The journal of an open engine, at the beginning of an epoch. Of one thread.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        # Each write waits for the disk.
        self._file = os.open(folder / FILE, os.O_RDWR | os.O_CLOEXEC | os.O_DSYNC)
        self.size_bytes = os.fstat(self._file).st_size
        self._place = _BLOCK_BYTES
        self._was_full = False

    def has_room(self, size_bytes: int) -> bool:
        """Whether a record goes into it, and is not so large that the tables had better."""
        if size_bytes > _RECORD_BYTES_MAX:
            return False
        self._was_full = self._place + size_bytes > self.size_bytes
        return not self._was_full

    def append(self, record: bytes) -> None:
        """Write a record that has room, durably.

        Raises:
            EngineBrokenError: whether it is kept is not known.
        """
        try:
            written = os.pwrite(self._file, record, self._place)
        except OSError as error:
            raise EngineBrokenError(f"cannot write the journal: {error.strerror}") from error
        if written != len(record):
            raise EngineBrokenError("cannot write the journal: it was written in part")
        self._place += _blocks(len(record))

    def restart(self) -> None:
        """Begin with another epoch, with more room where there was not enough."""
        if self._was_full and self.size_bytes < _SIZE_BYTES_MAX:
            self._was_full = False
            size_bytes = min(self.size_bytes * _GROWTH, _SIZE_BYTES_MAX)
            try:
                if reserve(self._file, self.size_bytes, size_bytes):
                    self.size_bytes = size_bytes
            except OSError as error:
                raise EngineBrokenError(
                    f"cannot reserve room for the journal: {error.strerror}"
                ) from error
        self._place = _BLOCK_BYTES

    def close(self) -> None:
        """Close it."""
        os.close(self._file)
