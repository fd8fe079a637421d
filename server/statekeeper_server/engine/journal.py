"""The journal of an engine: what was committed since its tables were written last.

Two files of fixed size, taken from the disk ahead of their use and written over again and
again: one write and one sync make a commit durable, and the file system has nothing to
note down about it. Each begins with the name of the engine that it belongs to; after that
come records, each at the beginning of a block, so that no block that holds a record which
somebody relies on is ever written again.

The records of a file belong to an **epoch**, a random name. The tables name the epoch whose
records they lack. While they are being written, the next one is in the other file; its
records name the one before it, and how many records that has.
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

FILES = ("journal.0", "journal.1")
_BLOCK_BYTES = 4096
_MAGIC = b"skj2"
_SIZE_BYTES_MIN = 64 * 1024
_SIZE_BYTES_MAX = 16 * 1024 * 1024
_GROWTH = 4
# Larger ones are written once rather than twice.
RECORD_BYTES_MAX = 4 * 1024 * 1024
# The next epoch is begun before a record finds no room.
_ENOUGH = 0.75
_NAME_BYTES = 16

# Magic, engine.
_FIRST_BLOCK = struct.Struct("<4s16s")
# Checksum of all that follows, magic, epoch, the epoch before and how many records that has,
# number of the record in its epoch, bytes that follow.
_HEADER = struct.Struct("<I4s16s16sIII")
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
        return cls(secrets.token_bytes(_NAME_BYTES), secrets.token_bytes(_NAME_BYTES))

    @classmethod
    def of(cls, said: bytes | None) -> "Note":
        """What `said` gave. Raises EngineBrokenError: nothing was said."""
        if said is None:
            raise EngineBrokenError("its tables know of no journal")
        return cls(said[:_NAME_BYTES], said[_NAME_BYTES:])

    @property
    def said(self) -> bytes:
        """As it is kept."""
        return self.engine + self.epoch


class Epoch(NamedTuple):
    """Some records, one after the other.

    Attributes:
        name: see above.
        before: the name of the epoch before it; of nobody where there was none.
        records_before: how many records that has.
    """

    name: bytes
    before: bytes = bytes(_NAME_BYTES)
    records_before: int = 0

    @classmethod
    def first(cls) -> "Epoch":
        """One that has none before it."""
        return cls(secrets.token_bytes(_NAME_BYTES))

    def next(self, records: int) -> "Epoch":
        """The one after this, which has so many records."""
        return Epoch(secrets.token_bytes(_NAME_BYTES), self.name, records)


class Header(NamedTuple):
    """What a record begins with."""

    checksum: int
    magic: bytes
    epoch: bytes
    before: bytes
    records_before: int
    number: int
    size_bytes: int


def encode(epoch: Epoch, number: int, rows: list[Row]) -> bytes:
    """A record.

    Args:
        epoch: see above.
        number: how many records the epoch has before it.
        rows: what it changes, in this order.
    """
    body = native.encode_rows(rows) if native else b"".join(map(_encode, rows))
    header = _HEADER.pack(0, _MAGIC, *epoch, number, len(body))[_CHECKSUM_BYTES:]
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


class Found(NamedTuple):
    """What journals have that tables lack.

    Attributes:
        commits: the rows of each record, in order.
        used: whether anything was ever written of the epoch that the tables name.
    """

    commits: list[list[Row]]
    used: bool


def read(folder: Path, note: Note) -> Found:
    """The records that tables lack.

    The last one that was written may have reached the disk in part, when the machine
    stopped before anybody was told of it: it is passed over.

    Raises:
        EngineBrokenError: there are no such journals, they belong to another engine, or a
            record that somebody may rely on is damaged.
    """
    files = [_File(folder / name, note.engine) for name in FILES]
    headers = [header for file in files for header in file.headers.values()]
    commits = [rows for file in files for rows in file.commits(note.epoch)]
    used = any(note.epoch in {header.epoch, header.before} for header in headers)
    after = {
        Epoch(header.epoch, header.before, header.records_before)
        for header in headers
        if header.before == note.epoch
    }
    later = [rows for epoch in after for file in files for rows in file.commits(epoch.name)]
    # No record of the epoch after it is written before all of this are on the disk.
    if len(after) > 1 or (later and after.pop().records_before != len(commits)):
        raise EngineBrokenError(f"a journal in {folder} is damaged: it lacks records")
    return Found(commits + later, used)


class _File:
    """A journal, to be read.

    Attributes:
        headers: what looks like one, by where it is: where no record begins there is none, but
            for a chance in 2**32.

    Raises:
        EngineBrokenError: it is none of this engine.
    """

    def __init__(self, path: Path, engine: bytes) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise EngineBrokenError(f"cannot read {path}: {error.strerror}") from error
        if content[: _FIRST_BLOCK.size] != _FIRST_BLOCK.pack(_MAGIC, engine):
            raise EngineBrokenError(f"{path} belongs to something else")
        if len(content) < _SIZE_BYTES_MIN:
            raise EngineBrokenError(f"{path} is cut short")
        self._path = path
        self._view = memoryview(content)
        self.headers = {
            place: header
            for place in range(_BLOCK_BYTES, len(content) - _HEADER.size + 1, _BLOCK_BYTES)
            if (header := Header(*_HEADER.unpack_from(content, place))).magic == _MAGIC
        }

    def commits(self, epoch: bytes) -> list[list[Row]]:
        """The rows of the records of an epoch, in order.

        Raises:
            EngineBrokenError: a record that somebody may rely on is damaged.
        """
        commits: list[list[Row]] = []
        place = _BLOCK_BYTES
        while (body := self._body(place, epoch, len(commits))) is not None:
            commits.append(list(_decode(body)))
            place += _blocks(_HEADER.size + len(body))
        # No record is begun that does not go into the file.
        header = self.headers.get(place)
        if (
            header is not None
            and (header.epoch, header.number) == (epoch, len(commits))
            and place + _HEADER.size + header.size_bytes > len(self._view)
        ):
            raise EngineBrokenError(f"{self._path} is cut short")
        # Whoever writes a record knows that the one before it is on the disk.
        for later, header in self.headers.items():
            if later > place and header.epoch == epoch and header.number > len(commits):
                raise EngineBrokenError(f"{self._path} is damaged at byte {place}")
        return commits

    def _body(self, place: int, epoch: bytes, number: int) -> memoryview | None:
        """What follows the header of a record at a place; None when that record is not there."""
        header = self.headers.get(place)
        if header is None or (header.epoch, header.number) != (epoch, number):
            return None
        end = place + _HEADER.size + header.size_bytes
        if end > len(self._view):
            return None
        if crc32(self._view[place + _CHECKSUM_BYTES : end]) != header.checksum:
            return None
        return self._view[place + _HEADER.size : end]


def file_bytes(record: bytes) -> int:
    """What journals that are made with a record take."""
    return _SIZE_BYTES_MIN + _first_bytes(record)


def _first_bytes(record: bytes) -> int:
    return max(_SIZE_BYTES_MIN, _BLOCK_BYTES + _blocks(len(record)))


def make(folder: Path, engine: bytes, record: bytes = b"") -> None:
    """Make journals where there are none, durably but for their names.

    Args:
        folder: where.
        engine: the name of the engine.
        record: what they have.

    Raises:
        OSError: they cannot be written.
    """
    for name, content in zip(FILES, (record, b""), strict=True):
        with (folder / name).open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            os.posix_fallocate(file.fileno(), 0, _first_bytes(content))
            file.write(_FIRST_BLOCK.pack(_MAGIC, engine).ljust(_BLOCK_BYTES, b"\0") + content)
            file.flush()
            os.fsync(file.fileno())


class Journal:
    """One of the files of an open engine, at the beginning of an epoch. Of one thread.

    Attributes:
        size_bytes: what it takes.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        # Each write waits for the disk.
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_DSYNC)
        self.size_bytes = os.fstat(self._file).st_size
        self._place = _BLOCK_BYTES
        self._was_full = False

    def has_room(self, size_bytes: int) -> bool:
        """Whether a record goes into it, and is not so large that the tables had better."""
        if size_bytes > RECORD_BYTES_MAX:
            return False
        if self._place + size_bytes <= self.size_bytes:
            return True
        self._was_full = True
        return False

    @property
    def has_enough(self) -> bool:
        """Whether it is time for another epoch."""
        if self._place < self.size_bytes * _ENOUGH:
            return False
        self._was_full = True
        return True

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
            size_bytes = min(self.size_bytes * _GROWTH, _SIZE_BYTES_MAX)
            try:
                if reserve(self._file, self.size_bytes, size_bytes):
                    # A record may be on the disk in part: never behind the end of the file.
                    os.fsync(self._file)
                    self.size_bytes = size_bytes
            except OSError as error:
                raise EngineBrokenError(
                    f"cannot reserve room for the journal: {error.strerror}"
                ) from error
        self._was_full = False
        self._place = _BLOCK_BYTES

    def close(self) -> None:
        """Close it."""
        os.close(self._file)
