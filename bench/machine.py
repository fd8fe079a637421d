"""What the figures were measured on."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# Changes of other files do not change what is measured.
_MEASURED = ("server", "clients/python", "bench/*.py")
_LIBRARIES = ("grpcio", "protobuf", "lmdb", "uvloop", "msgspec", "zstandard")


def describe(work_dir: Path) -> str:
    """A few lines of Markdown about the machine and the software."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    lines = [
        f"- {os.cpu_count()} x {_cpu_model()}, {_memory_gib():.0f} GiB, Linux {platform.release()}",
        f"- data on {_file_system(work_dir)}",
        f"- Python {platform.python_version()}, {libraries}",
        f"- {_output('etcd', '--version')}; {_output('h2load', '--version')}",
    ]
    return "\n".join(lines)


def commit() -> str:
    """What is measured: the day, and the commit of the checkout."""
    found = _git("rev-parse", "--short", "HEAD") or "an unknown commit"
    changed = " with changes" if _git("status", "--porcelain", "--", *_MEASURED) else ""
    return f"{datetime.now(UTC):%Y-%m-%d} at {found}{changed}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _file_system(folder: Path) -> str:
    """Type of the file system of a folder: on tmpfs a sync costs nothing."""
    found, kind = "", "unknown"
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, point, mounted, *_ = line.split()
        if folder.resolve().is_relative_to(point) and len(point) >= len(found):
            found, kind = point, f"{mounted} ({device})"
    return kind


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-C", str(_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _output(program: str, flag: str) -> str:
    path = shutil.which(program)
    if path is None:
        return f"no {program}"
    shown = subprocess.run([path, flag], capture_output=True, text=True, check=False).stdout
    return shown.partition("\n")[0].strip()
