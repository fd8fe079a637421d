"""What a process has used so far, from /proc."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Places in /proc/PID/stat, counted from the field behind the command's name.
_PARENT, _USER_TICKS, _SYSTEM_TICKS, _ENDED_USER_TICKS, _ENDED_SYSTEM_TICKS = 1, 11, 12, 13, 14


class Cpu(NamedTuple):
    """CPU time of all threads of a process, counted in ticks of some 10 ms."""

    user_s: float
    system_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What of a process is in memory.

    Attributes:
        own_bytes: its own (RssAnon): heap and stacks.
        file_bytes: pages of files it has mapped (RssFile), which the kernel can drop.
    """

    own_bytes: int
    file_bytes: int


def cpu(pid: int) -> Cpu:
    """What it has used since it was started."""
    fields = _stat(Path("/proc", str(pid)))
    return Cpu(_seconds(fields[_USER_TICKS]), _seconds(fields[_SYSTEM_TICKS]))


def family_cpu(pid: int) -> Cpu:
    """What it and its children have used, those that have ended included."""
    user_s, system_s = cpu(pid)
    fields = _stat(Path("/proc", str(pid)))
    user_s += _seconds(fields[_ENDED_USER_TICKS])
    system_s += _seconds(fields[_ENDED_SYSTEM_TICKS])
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ends just now
            fields = _stat(process)
            if int(fields[_PARENT]) == pid:
                user_s += _seconds(fields[_USER_TICKS])
                system_s += _seconds(fields[_SYSTEM_TICKS])
    return Cpu(user_s, system_s)


def memory(pid: int) -> Memory:
    """What is in memory now."""
    fields = _fields(Path(f"/proc/{pid}/status"))
    return Memory(_kibibytes(fields["RssAnon"]), _kibibytes(fields["RssFile"]))


def written_bytes(pid: int) -> int:
    """Bytes given to `write` and its kin; what goes to sockets by `send` is not among them.

    That is `wchar` and not `write_bytes`: since the page cache has large folios, one written
    page can count there as the whole folio around it, many times what reaches the disk.
    """
    return int(_fields(Path(f"/proc/{pid}/io"))["wchar"])


def _stat(process: Path) -> list[str]:
    return (process / "stat").read_text().rpartition(")")[2].split()


def _seconds(ticks: str) -> float:
    return int(ticks) / _TICKS_PER_S


def _fields(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}


def _kibibytes(field: str) -> int:
    return int(field.split(maxsplit=1)[0]) * 1024
