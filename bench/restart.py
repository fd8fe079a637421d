"""Start and memory of a server whose folder holds many executions."""

import os
import random
import time
from pathlib import Path
from statistics import median

from bench import calls, data_file, fill, messages, process, servers
from bench.plan import Plan
from bench.report import Report, mebibytes, number
from bench.servers import Running

_EXECUTIONS = 1_000_000
_EXECUTIONS_QUICK = 100_000
_LOADS = 10_000
_LOADS_QUICK = 2_000
_HEAD = (
    "folder", "start ms", "own memory MiB", "after loads MiB", "file pages MiB", "Load median us",
)  # fmt: skip
_random = random.Random(2)  # noqa: S311 - the same order in every run, not a secret


def run(plan: Plan) -> Report:
    """Measure."""
    executions = _EXECUTIONS_QUICK if plan.quick else _EXECUTIONS
    report = Report(f"Start and memory with {executions:,} executions of 1 KB")
    full, empty = plan.folder("full"), plan.folder("empty")
    began = time.monotonic()
    _make(full, executions)
    took_s = time.monotonic() - began
    _make(empty, 1)
    size = data_file.read(full)
    report.say(
        f"Filled in {took_s:.0f} s; {mebibytes(size.live_bytes)} MiB in use, "
        f"{number(size.live_bytes / executions)} bytes for each execution."
    )
    rows = []
    for label, folder, count, is_cold in (
        ("empty", empty, 1, False),
        (f"{executions:,}, read before", full, executions, False),
        (f"{executions:,}, not in memory", full, executions, True),
    ):
        starts_ms = [_start_ms(folder, is_cold=is_cold) for _ in range(plan.rounds)]
        if is_cold:
            _forget(folder)
        with servers.statekeeper(folder) as server:
            rows.append([label, number(median(starts_ms)), *_memory(plan, server, count)])
    report.table(_HEAD, rows)
    return report


def _make(folder: Path, executions: int) -> None:
    # The server makes the folder, with its default number of shards.
    with servers.statekeeper(folder):
        pass
    fill.fill(folder, executions)


def _start_ms(folder: Path, *, is_cold: bool) -> float:
    if is_cold:
        _forget(folder)
    with servers.statekeeper(folder) as server:
        return server.start_s * 1000


def _memory(plan: Plan, server: Running, executions: int) -> list[str]:
    before = process.memory(server.pid)
    took_us = []
    with calls.channel(server.address) as channel:
        load = calls.method(channel, messages.LOAD)
        for _ in range(_LOADS_QUICK if plan.quick else _LOADS):
            request = messages.load(fill.execution_id(_random.randrange(executions)))
            began = time.perf_counter()
            response = load(request)
            took_us.append((time.perf_counter() - began) * 1e6)
            if len(response) < messages.VALUE_BYTES:
                raise LookupError("an execution is missing")
    after = process.memory(server.pid)
    sizes = (before.own_bytes, after.own_bytes, after.file_bytes)
    return [*map(mebibytes, sizes), number(median(took_us))]


def _forget(folder: Path) -> None:
    """Have the kernel drop the pages it keeps of the files, as after a restart of the machine."""
    for path in folder.glob("shard-*/data.mdb"):
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)
