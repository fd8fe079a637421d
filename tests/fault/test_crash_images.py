"""Power loss at any moment of a commit: what was acknowledged is there, and it is whole.

A process commits; what it writes to the file, and when it waits for the disk, is traced.
From that follows every state that the disk may be in when the power goes: all that was
synced, and of what was not yet synced any part, in any order. Each is opened as after a
power cut.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from statekeeper_server.engine import Table
from statekeeper_server.engine.lmdb import LmdbEngine, verify
from tests.support.chance import chance

_MAP_BYTES = 64 * 1024 * 1024
_COMMITS = 12
_ROWS = 3
_VALUE_BYTES = 9_000
_IMAGES_EACH = 8

# Each commit rewrites one of a few large values and counts.
_PROGRAM = f"""
import os
import sys
from pathlib import Path
from statekeeper_server.engine import Table
from statekeeper_server.engine.lmdb import LmdbEngine

engine = LmdbEngine(Path(sys.argv[1]), map_size_bytes={_MAP_BYTES})
for number in range({_COMMITS}):
    txn = engine.write()
    txn.put(Table.ENTRIES, b"value %d" % (number % {_ROWS}), bytes([number]) * {_VALUE_BYTES})
    txn.put(Table.LOG, b"count", b"%d" % number)
    txn.commit()
    os.write(1, b"acknowledged %d" % number)
"""
_LINE = re.compile(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Write:
    """A write to the file; `synced` when it is on the disk once it returns."""

    offset: int
    data: bytes
    synced: bool


@dataclass(frozen=True)
class Sync:
    """All that was written before is on the disk."""


@dataclass(frozen=True)
class Acknowledged:
    """A commit was acknowledged."""

    number: int


Step = Write | Sync | Acknowledged


@dataclass
class _Tracer:
    """Follows the files of a process."""

    names: dict[int, tuple[str, bool]] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)

    def step(self, call: str, arguments: str, result: int) -> Step | None:
        first = arguments.split(",", maxsplit=1)[0]
        descriptor = int(first) if first.isdecimal() else -1
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
        name, synced = self.names.get(descriptor, ("", False))
        if call == "openat":
            self.names[result] = (texts[0].decode(), "O_DSYNC" in arguments)
        elif call == "lseek":
            self.positions[descriptor] = result
        elif call in {"fsync", "fdatasync"}:
            return Sync()
        elif call == "write" and descriptor == 1:
            return Acknowledged(int(texts[0].split()[1]))
        elif call in {"write", "writev", "pwrite64", "pwritev"} and name.endswith("data.mdb"):
            data = b"".join(texts)
            assert len(data) == result, "a write was cut short, or the trace was"
            if call.startswith("pwrite"):
                return Write(int(arguments.rsplit(",", 1)[1]), data, synced)
            offset = self.positions.get(descriptor, 0)
            self.positions[descriptor] = offset + result
            return Write(offset, data, synced)
        return None


def steps(trace: Path) -> Iterator[Step]:
    """What a traced process did to its file."""
    tracer = _Tracer()
    for line in trace.read_text().splitlines():
        match = _LINE.match(line)
        if match is not None and (step := tracer.step(match[1], match[2], int(match[3]))):
            yield step


def check(folder: Path, writes: list[Write], acknowledged: int) -> None:
    """Open what the disk holds after a power cut."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with (folder / "data.mdb").open("wb") as file:
        for write in writes:
            file.seek(write.offset)
            file.write(write.data)
    engine = LmdbEngine(folder, map_size_bytes=_MAP_BYTES)
    txn = engine.read()
    count = int(txn.get(Table.LOG, b"count") or b"-1")
    values = [txn.get(Table.ENTRIES, b"value %d" % row) for row in range(_ROWS)]
    txn.abort()
    engine.close()

    assert count >= acknowledged
    for row, value in enumerate(values):
        last = max((number for number in range(count + 1) if number % _ROWS == row), default=None)
        assert value == (None if last is None else bytes([last]) * _VALUE_BYTES)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_every_acknowledged_commit_survives_a_power_cut_at_any_moment(tmp_path: Path) -> None:
    """B20."""
    trace, data, image = tmp_path / "trace", tmp_path / "data", tmp_path / "image"
    data.mkdir()
    calls = "openat,lseek,write,writev,pwrite64,pwritev,fsync,fdatasync"
    subprocess.run(
        [
            *("strace", "-f", "-xx", "-s", "100000000", "-e", f"trace={calls}", "-o", str(trace)),
            *(sys.executable, "-c", _PROGRAM, str(data)),
        ],
        check=True,
        capture_output=True,
    )
    dice = chance("power cut")
    durable: list[Write] = []
    pending: list[Write] = []
    acknowledged, images = -1, 0
    for step in steps(trace):
        if isinstance(step, Acknowledged):
            assert not pending, "a commit was acknowledged before it was synced"
            acknowledged = step.number
            continue
        if isinstance(step, Sync):
            durable, pending = durable + pending, []
            continue
        pending.append(step)
        for _ in range(_IMAGES_EACH if durable else 0):
            kept = [write for write in pending if dice.random() < 0.5]
            dice.shuffle(kept)
            check(image, durable + kept, acknowledged)
            images += 1
        if step.synced:
            pending.remove(step)
            durable.append(step)
    check(image, durable, acknowledged)
    assert not verify(image)
    assert (acknowledged, images >= _COMMITS * _IMAGES_EACH) == (_COMMITS - 1, True)
