"""Power loss at any moment of a commit: what was acknowledged is there, and it is whole.

A process commits; what it writes to its files, and when it waits for the disk, is traced.
From that follows every state that the disk may be in when the power goes: all that was
synced, and of what was not yet synced any part, in any order. Each is opened as after a
power cut. The tables are written by a thread of their own while commits go on, so what both
threads do is pending at the same time.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.engine.journaled_closed import JournaledClosed
from statekeeper_server.engine.lmdb import verify
from tests.support.chance import chance

_MAP_BYTES = 64 * 1024 * 1024
_COMMITS = 90
_RUNS = 2
_ROWS = 3
_IMAGES_EACH = 4
_SECTOR_BYTES = 512
_LARGE_BYTES = 400_000
_JOURNAL_BYTES = 128 * 1024
_TABLES, _JOURNALS = "data.mdb", journals.FILES

# Each commit rewrites one of a few values, moves a row and counts. A journal has enough
# after a few of them: then the next goes into the other one, while the tables are written.
# Some values are too large for a journal, and the tables are written in between as well. It
# ends without closing, so that the next run begins with what the journals have.
_PROGRAM = f"""
import os
import sys
from pathlib import Path
from statekeeper_server.engine import Table
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.journaled import JournaledEngine
from tests.fault.test_crash_images import value_of

journals._SIZE_BYTES_MAX = {_JOURNAL_BYTES}
engine = JournaledEngine(Path(sys.argv[1]), map_size_bytes={_MAP_BYTES})
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    if number % 4 == 1:
        # It is given up, whatever is being written meanwhile.
        txn = engine.write()
        txn.put(Table.LOG, b"count", b"1000000")
        txn.delete(Table.HEADS, b"%d" % (number - 1))
        txn.prepare()
        txn.abort()
    txn = engine.write()
    txn.put(Table.ENTRIES, b"value %d" % (number % {_ROWS}), value_of(number))
    txn.delete(Table.HEADS, b"%d" % (number - 1))
    txn.put(Table.HEADS, b"%d" % number, b"")
    txn.put(Table.LOG, b"count", b"%d" % number)
    if number % 20 == 13:
        txn.put(Table.CHUNKS, b"large", bytes([number]) * {_LARGE_BYTES})
    txn.commit()
    os.write(1, b"acknowledged %d" % number)
    if number % 30 == 23:
        engine.flush()
os._exit(0)
"""
_WHOLE = re.compile(r"(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+)")
_UNFINISHED = re.compile(r"(\d+)\s+(\w+)\((.*)<unfinished \.\.\.>$")
_RESUMED = re.compile(r"(\d+)\s+<\.\.\. \w+ resumed>.*\)\s+= (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def value_of(number: int) -> bytes:
    """What a commit writes."""
    return bytes([number]) * (9_000, 100, 30_000)[number % _ROWS]


@dataclass(frozen=True)
class Write:
    """A write to a file was begun; `synced` when it is on the disk once it returns."""

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
    """Room is taken for a file; `end` is where it ends."""

    file: str
    end: int


@dataclass(frozen=True)
class Name:
    """A file is made in the folder."""

    file: str


@dataclass(frozen=True)
class Sync:
    """All that has been written to a file, or to the folder, is waited for."""

    file: str


@dataclass(frozen=True)
class Acknowledged:
    """A commit is acknowledged."""

    number: int


Change = Write | Growth | Name
Step = Change | Sync | Acknowledged


@dataclass(frozen=True, eq=False)
class Call:
    """A call of a process that matters.

    Attributes:
        step: what it does from now on, until it returns.
    """

    step: Step


@dataclass
class _Tracer:
    """Follows the files of a process."""

    folder: Path
    names: dict[int, tuple[str, bool]] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)

    def begin(self, call: str, arguments: str) -> Step | None:
        """A call was begun; what it does, if that matters."""
        first = arguments.split(",", maxsplit=1)[0].strip()
        descriptor = int(first) if first.isdecimal() else -1
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
        name, synced = self.names.get(descriptor, ("", False))
        if call == "openat":
            file = self._file_of(arguments)
            return Name(file) if file in _JOURNALS and "O_CREAT" in arguments else None
        if call == "close":
            self.names.pop(descriptor, None)
        elif call == "write" and descriptor == 1:
            return Acknowledged(int(texts[0].split()[1]))
        elif name and call in {"fsync", "fdatasync"}:
            return Sync(name)
        elif name and call == "fallocate":
            return Growth(name, sum(map(int, arguments.split(",")[2:])))
        elif name and "write" in call:
            data = b"".join(texts)
            if call.startswith("pwrite"):
                offset = int(arguments.rsplit(",", 1)[1])
            else:
                offset = self.positions.get(descriptor, 0)
                self.positions[descriptor] = offset + len(data)
            return Write(name, offset, data, synced)
        return None

    def end(self, call: str, arguments: str, step: Step | None, result: int) -> None:
        """It has returned."""
        if call == "openat":
            self.positions.pop(result, None)
            self.names[result] = (self._file_of(arguments), "O_DSYNC" in arguments)
        elif call == "lseek":
            self.positions[int(arguments.split(",", maxsplit=1)[0])] = result
        elif isinstance(step, Write):
            assert len(step.data) == result, "a write was cut short, or the trace was"
        elif step is not None and not isinstance(step, Acknowledged):
            assert result == 0, f"{call} failed"

    def _file_of(self, arguments: str) -> str:
        path = Path(bytes.fromhex(_TEXT.findall(arguments)[0].replace("\\x", "")).decode())
        return path.name if self.folder in (path, path.parent) else ""


def calls(trace: Path, folder: Path) -> Iterator[Call]:
    """What a traced process did to its files, which are in a folder; each call twice.

    It is there when it begins and when it returns: between, other threads go on.
    """
    tracer = _Tracer(folder)
    unfinished: dict[str, tuple[str, str, Call | None]] = {}
    for line in trace.read_text().splitlines():
        thread, result = "", 0
        if match := _RESUMED.match(line):
            thread, result = match[1], int(match[2])
        elif match := _WHOLE.match(line) or _UNFINISHED.match(line):
            thread, name, arguments = match[1], match[2], match[3]
            step = tracer.begin(name, arguments)
            call = None if step is None else Call(step)
            unfinished[thread] = name, arguments, call
            if call is not None:
                yield call
            if match.re is _UNFINISHED:
                continue
            result = int(match[4])
        if thread not in unfinished:
            continue
        name, arguments, call = unfinished.pop(thread)
        tracer.end(name, arguments, None if call is None else call.step, result)
        if call is not None:
            yield call


@dataclass
class Disk:
    """What is on the disk for certain, and what may be.

    Attributes:
        durable: the content of the files.
        running: the calls that have begun, with what each will have on the disk.
        pending: what was begun and is not certain yet.
    """

    folder_name: str
    durable: dict[str, bytearray] = field(default_factory=dict)
    running: dict[Call, list[Change]] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)

    def take(self, call: Call) -> bool:
        """A call begins, or returns; whether it begins."""
        if call in self.running:
            for change in self.running.pop(call):
                self._settle(change)
            return False
        step, waited_for = call.step, list[Change]()
        if isinstance(step, Sync):
            # What is being written by somebody else just now need not be waited for.
            going_on = {id(each.step) for each in self.running}
            waited_for = [
                change
                for change in self.pending
                if step.file == (self.folder_name if isinstance(change, Name) else change.file)
                and id(change) not in going_on
            ]
        elif not isinstance(step, Acknowledged):
            self.pending.append(step)
            waited_for = [step] if isinstance(step, Write) and step.synced else []
        self.running[call] = waited_for
        return True

    def is_pending(self, *files: str) -> bool:
        """Whether a write to one of these is."""
        return any(isinstance(each, Write) and each.file in files for each in self.pending)

    def _settle(self, change: Change) -> None:
        if change in self.pending:
            self.pending.remove(change)
            _put(self.durable, change)

    def image(self, dice: Random) -> dict[str, bytearray]:
        """What may be there after a power cut."""
        files = {name: bytearray(content) for name, content in self.durable.items()}
        kept: list[Change] = []
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


def _put(files: dict[str, bytearray], step: Change) -> None:
    content = files.setdefault(step.file, bytearray())
    if isinstance(step, Write):
        end = step.offset + len(step.data)
        content.extend(bytes(max(end - len(content), 0)))
        content[step.offset : end] = step.data
    elif isinstance(step, Growth) and step.file in _JOURNALS:
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


@dataclass
class Seen:
    """How often something was so while a process was traced."""

    images: int = 0
    writes: Counter[str] = field(default_factory=Counter)
    growths: Counter[str] = field(default_factory=Counter)
    # A commit was written, or acknowledged, while the tables were.
    written_meanwhile: int = 0
    acknowledged_meanwhile: int = 0


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_every_acknowledged_commit_survives_a_power_cut_at_any_moment(tmp_path: Path) -> None:
    """B20."""
    data, image = tmp_path / "data", tmp_path / "image"
    data.mkdir()
    dice = chance("power cut")
    disk, seen = Disk(data.name), Seen()
    acknowledged = -1
    for run in range(_RUNS):
        trace = run_traced(data, tmp_path / f"trace {run}", run)
        for call in calls(trace, data):
            step = call.step
            if not disk.take(call):
                continue
            if isinstance(step, Acknowledged):
                assert not disk.is_pending(*_JOURNALS), "acknowledged before it was synced"
                acknowledged = step.number
                seen.acknowledged_meanwhile += disk.is_pending(_TABLES)
            if isinstance(step, Write):
                seen.writes[step.file] += 1
                seen.written_meanwhile += step.file in _JOURNALS and disk.is_pending(_TABLES)
            if isinstance(step, Growth):
                seen.growths[step.file] += 1
            if isinstance(step, Sync) or _TABLES not in disk.durable:
                continue
            for _ in range(_IMAGES_EACH):
                check(image, disk.image(dice), acknowledged)
                seen.images += 1
    check(image, disk.durable, acknowledged)
    assert not verify(image)
    assert acknowledged == _COMMITS - 1
    assert seen.images >= 2 * _COMMITS * _IMAGES_EACH
    # Its first block, many records in each; the tables many times.
    assert all(seen.writes[name] > _COMMITS // 4 for name in _JOURNALS), seen.writes
    assert seen.writes[_TABLES] > _COMMITS // 2
    # Made once, grown once.
    assert all(seen.growths[name] == 2 for name in _JOURNALS), seen.growths
    assert seen.written_meanwhile > _RUNS
    assert seen.acknowledged_meanwhile > 0


def run_traced(data: Path, trace: Path, run: int) -> Path:
    """Run the program for a share of the commits; where its trace is."""
    names = "openat,close,lseek,write,writev,pwrite64,pwritev,fallocate,fsync,fdatasync"
    share = _COMMITS // _RUNS
    subprocess.run(
        [
            *("strace", "-f", "-xx", "-s", "100000000", "-e", f"trace={names}", "-o", str(trace)),
            *(sys.executable, "-c", _PROGRAM, str(data), f"{run * share}", f"{(run + 1) * share}"),
        ],
        check=True,
        capture_output=True,
    )
    return trace
