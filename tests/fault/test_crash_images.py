"""Power loss at any moment of a commit: what was acknowledged is there, and it is whole.

A process commits; what it writes to its files, and when it waits for the disk, is traced.
From that follows every state that the disk may be in when the power goes: all that was
synced, and of what was not yet synced any part, in any order. Each is opened as after a
power cut.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.engine.journaled import JournaledClosed, JournaledEngine
from statekeeper_server.engine.lmdb import verify
from tests.support.chance import chance

_MAP_BYTES = 64 * 1024 * 1024
_COMMITS = 45
_ROWS = 3
_IMAGES_EACH = 6
_SECTOR_BYTES = 512
_LARGE_BYTES = 400_000
_TABLES, _JOURNAL = "data.mdb", "journal"

# Each commit rewrites one of a few values, moves a row and counts. The journal is full now
# and then, some values are too large for it, and the tables are written in between as well.
_PROGRAM = f"""
import os
import sys
from pathlib import Path
from statekeeper_server.engine import Table
from statekeeper_server.engine.journaled import JournaledEngine
from tests.fault.test_crash_images import value_of

engine = JournaledEngine(Path(sys.argv[1]), map_size_bytes={_MAP_BYTES})
for number in range({_COMMITS}):
    txn = engine.write()
    txn.put(Table.ENTRIES, b"value %d" % (number % {_ROWS}), value_of(number))
    txn.delete(Table.HEADS, b"%d" % (number - 1))
    txn.put(Table.HEADS, b"%d" % number, b"")
    txn.put(Table.LOG, b"count", b"%d" % number)
    if number % 20 == 13:
        txn.put(Table.CHUNKS, b"large", bytes([number]) * {_LARGE_BYTES})
    txn.commit()
    os.write(1, b"acknowledged %d" % number)
    if number % 8 == 3:
        engine.flush()
"""
_LINE = re.compile(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def value_of(number: int) -> bytes:
    """What a commit writes."""
    return bytes([number]) * (9_000, 100, 30_000)[number % _ROWS]


@dataclass(frozen=True)
class Write:
    """A write to a file; `synced` when it is on the disk once it returns."""

    file: str
    offset: int
    data: bytes
    synced: bool

    def torn(self, dice: Random) -> "Iterator[Write]":
        """What of it is on the disk before that: all, nothing or some sectors."""
        share = dice.choice([0.0, 1.0, dice.random()])
        place = 0
        while place < len(self.data):
            end = place + _SECTOR_BYTES - (self.offset + place) % _SECTOR_BYTES
            if dice.random() < share:
                yield Write(self.file, self.offset + place, self.data[place:end], self.synced)
            place = end


@dataclass(frozen=True)
class Growth:
    """Room was taken for a file; `end` is where it ends."""

    file: str
    end: int


@dataclass(frozen=True)
class Name:
    """A file was made in the folder."""

    file: str


@dataclass(frozen=True)
class Sync:
    """All that was written to a file before, or to the folder, is on the disk."""

    file: str


@dataclass(frozen=True)
class Acknowledged:
    """A commit was acknowledged."""

    number: int


Step = Write | Growth | Name | Sync | Acknowledged


@dataclass
class _Tracer:
    """Follows the files of a process."""

    folder: Path
    names: dict[int, tuple[str, bool]] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)

    def step(self, call: str, arguments: str, result: int) -> Step | None:
        first = arguments.split(",", maxsplit=1)[0]
        descriptor = int(first) if first.isdecimal() else -1
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
        name, synced = self.names.get(descriptor, ("", False))
        if call == "openat":
            return self._opened(Path(texts[0].decode()), arguments, result)
        if call == "lseek":
            self.positions[descriptor] = result
        elif call in {"fsync", "fdatasync"}:
            return Sync(name)
        elif call == "write" and descriptor == 1:
            return Acknowledged(int(texts[0].split()[1]))
        elif name and call == "fallocate":
            return Growth(name, sum(map(int, arguments.split(",")[2:])))
        elif name:
            data = b"".join(texts)
            assert len(data) == result, "a write was cut short, or the trace was"
            if call.startswith("pwrite"):
                offset = int(arguments.rsplit(",", 1)[1])
            else:
                offset = self.positions.get(descriptor, 0)
                self.positions[descriptor] = offset + result
            return Write(name, offset, data, synced)
        return None

    def _opened(self, path: Path, arguments: str, descriptor: int) -> Step | None:
        self.positions.pop(descriptor, None)
        name = path.name if self.folder in (path, path.parent) else ""
        self.names[descriptor] = (name, "O_DSYNC" in arguments)
        return Name(name) if name == _JOURNAL and "O_CREAT" in arguments else None


def steps(trace: Path, folder: Path) -> Iterator[Step]:
    """What a traced process did to its files, which are in a folder."""
    tracer = _Tracer(folder)
    for line in trace.read_text().splitlines():
        match = _LINE.match(line)
        if match is not None and (step := tracer.step(match[1], match[2], int(match[3]))):
            yield step


@dataclass
class Disk:
    """What is on the disk for certain, and what may be."""

    folder_name: str
    durable: dict[str, bytearray] = field(default_factory=dict)
    pending: list[Write | Growth | Name] = field(default_factory=list)

    def sync(self, file: str) -> None:
        """All that is pending of a file, or of the folder, is durable."""
        for step in tuple(self.pending):
            if file == (self.folder_name if isinstance(step, Name) else step.file):
                self.settle(step)

    def settle(self, step: Write | Growth | Name) -> None:
        """It is durable."""
        self.pending.remove(step)
        _put(self.durable, step)

    def image(self, dice: Random) -> dict[str, bytearray]:
        """What may be there after a power cut."""
        files = {name: bytearray(content) for name, content in self.durable.items()}
        kept: list[Write | Growth | Name] = []
        named = set(files)
        for step in self.pending:
            if isinstance(step, Write):
                kept += step.torn(dice)
            elif dice.random() < 0.5:
                kept.append(step)
        # A file without a name has nothing.
        named |= {_TABLES} | {step.file for step in kept if isinstance(step, Name)}
        dice.shuffle(kept)
        for step in kept:
            _put(files, step)
        return {name: content for name, content in files.items() if name in named}


def _put(files: dict[str, bytearray], step: Write | Growth | Name) -> None:
    content = files.setdefault(step.file, bytearray())
    if isinstance(step, Write):
        end = step.offset + len(step.data)
        content.extend(bytes(max(end - len(content), 0)))
        content[step.offset : end] = step.data
    elif isinstance(step, Growth) and step.file == _JOURNAL:
        content.extend(bytes(max(step.end - len(content), 0)))


def _seen(txn: ReadTransaction) -> tuple[int, list[bytes | None], list[bytes]]:
    count = int(txn.get(Table.LOG, b"count") or b"-1")
    values = [txn.get(Table.ENTRIES, b"value %d" % row) for row in range(_ROWS)]
    cursor, heads = txn.cursor(Table.HEADS), []
    row = cursor.seek(b"\0")
    while row is not None:
        heads.append(row[0])
        row = cursor.next()
    large = txn.get(Table.CHUNKS, b"large")
    txn.abort()
    return count, [*values, large], heads


def check(folder: Path, files: dict[str, bytearray], acknowledged: int) -> None:
    """Open what the disk holds after a power cut, and go on."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    unopened = None
    if acknowledged >= 0:
        with closing(JournaledClosed(folder)) as closed:
            unopened = _seen(closed.read())
    engine = JournaledEngine(folder, map_size_bytes=_MAP_BYTES)
    with closing(engine):
        count, values, heads = seen = _seen(engine.read())

        assert count >= acknowledged
        assert unopened in (None, seen)
        assert heads == ([b"%d" % count] if count >= 0 else [])
        last = max((n for n in range(count + 1) if n % 20 == 13), default=None)
        assert values.pop() == (None if last is None else bytes([last]) * _LARGE_BYTES)
        for row, value in enumerate(values):
            last = max((n for n in range(count + 1) if n % _ROWS == row), default=None)
            assert value == (None if last is None else value_of(last))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_every_acknowledged_commit_survives_a_power_cut_at_any_moment(tmp_path: Path) -> None:
    """B20."""
    trace, data, image = tmp_path / "trace", tmp_path / "data", tmp_path / "image"
    data.mkdir()
    calls = "openat,lseek,write,writev,pwrite64,pwritev,fallocate,fsync,fdatasync"
    subprocess.run(
        [
            *("strace", "-f", "-xx", "-s", "100000000", "-e", f"trace={calls}", "-o", str(trace)),
            *(sys.executable, "-c", _PROGRAM, str(data)),
        ],
        check=True,
        capture_output=True,
    )
    dice = chance("power cut")
    disk = Disk(data.name)
    acknowledged, images = -1, 0
    written = dict.fromkeys((_TABLES, _JOURNAL), 0)
    for step in steps(trace, data):
        if isinstance(step, Acknowledged):
            writes = [each for each in disk.pending if isinstance(each, Write)]
            assert not writes, "a commit was acknowledged before it was synced"
            acknowledged = step.number
            continue
        if isinstance(step, Sync):
            disk.sync(step.file)
            continue
        disk.pending.append(step)
        for _ in range(_IMAGES_EACH if _TABLES in disk.durable else 0):
            check(image, disk.image(dice), acknowledged)
            images += 1
        if isinstance(step, Write):
            written[step.file] += 1
            if step.synced:
                disk.settle(step)
    check(image, disk.durable, acknowledged)
    assert not verify(image)
    assert acknowledged == _COMMITS - 1
    assert images >= _COMMITS * _IMAGES_EACH
    # Its first block, a record for most commits; the tables several times.
    assert written[_JOURNAL] > _COMMITS // 2
    assert written[_TABLES] > _COMMITS // 2
