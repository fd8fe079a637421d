"""Start and memory of a server whose folder holds many executions."""

import os
import random
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import calls, data_file, fill, messages, process, servers
from bench.plan import Plan
from bench.report import Report, mebibytes, number, ratios
from bench.servers import Running

_EXECUTIONS = 1_000_000
_EXECUTIONS_QUICK = 100_000
_LOADS = 10_000
_LOADS_QUICK = 2_000
_HEAD = (
    "folder", "start ms", "start ratio", "own memory MiB", "after loads MiB", "file pages MiB",
    "Load median us",
)  # fmt: skip
_random = random.Random(2)  # noqa: S311 - the same order in every run, not a secret


@dataclass(frozen=True, slots=True)
class _Case:
    label: str
    folder: Path
    executions: int
    is_cold: bool
    starts_ms: list[float] = field(default_factory=list)


def run(plan: Plan) -> Report:
    """Measure."""
    executions = _EXECUTIONS_QUICK if plan.quick else _EXECUTIONS
    report = Report(f"Start and memory with {executions:,} executions of 1 KB")
    full, empty = plan.folder("full"), plan.folder("empty")
    began = time.monotonic()
    fill.fill(full, executions)
    took_s = time.monotonic() - began
    fill.fill(empty, 1)
    size = data_file.read(full)
    report.say(
        f"Filled in {took_s:.0f} s; {mebibytes(size.live_bytes)} MiB in use, "
        f"{number(size.live_bytes / executions)} bytes for each execution."
    )
    cases = (
        _Case("empty", empty, 1, is_cold=False),
        _Case(f"{executions:,}, read before", full, executions, is_cold=False),
        _Case(f"{executions:,}, not in memory", full, executions, is_cold=True),
    )
    for _ in range(plan.rounds):
        for case in cases:
            with _started(case) as server:
                case.starts_ms.append(server.start_s * 1000)
    rows = []
    for case in cases:
        with _started(case) as server:
            memory = _memory(plan, server, case.executions)
        first = cases[0].starts_ms
        rows.append(
            [case.label, number(median(case.starts_ms)), ratios(case.starts_ms, first), *memory]
        )
    report.table(_HEAD, rows)
    return report


def _started(case: _Case) -> AbstractContextManager[Running]:
    if case.is_cold:
        _forget(case.folder)
    return servers.statekeeper(case.folder)


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
    for path in folder.glob("shard-*/*"):
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)
