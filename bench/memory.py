"""Memory of server and client at full rate, over minutes."""

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import linear_regression

from bench import process, servers
from bench.chart import Lines
from bench.plan import Plan
from bench.report import Report, mebibytes, number
from bench.servers import Running

_TASKS = (64, 1_024)
_DURATION_S = 600.0
_DURATION_S_QUICK = 30.0
_SAMPLE_S = 1.0
# Of each part: until then caches and queues fill.
_WARM_UP = 0.2
_MARGIN_S = 60.0
_HEAD = (
    "process", "tasks", "saves/s", "first MiB", "last MiB", "least MiB", "most MiB", "KiB/minute",
)  # fmt: skip


@dataclass(slots=True)
class _Samples:
    """Own memory (RssAnon) of one process: seconds and bytes."""

    name: str
    tasks: int
    points: list[tuple[float, int]] = field(default_factory=list)

    def cells(self, rate: float) -> list[str]:
        settled = self.points[int(len(self.points) * _WARM_UP) :]
        times_s, sizes = zip(*settled, strict=True)
        slope = linear_regression(times_s, sizes).slope * 60 / 1024
        shown = (sizes[0], sizes[-1], min(sizes), max(sizes))
        return [
            self.name, f"{self.tasks:,}", number(rate), *map(mebibytes, shown), f"{slope:+,.1f}",
        ]  # fmt: skip


def run(plan: Plan) -> Report:
    """Measure."""
    duration_s = (_DURATION_S_QUICK if plan.quick else _DURATION_S) / len(_TASKS)
    report = Report(
        f"Memory at full rate, {duration_s:.0f} s each with {_TASKS[0]} and {_TASKS[1]:,} tasks"
    )
    rows, lines = [], {}
    with ExitStack() as stack:
        server = stack.enter_context(servers.statekeeper(plan.folder("memory")))
        began_s = time.monotonic()
        for count in _TASKS:
            rate, samples = _sample(server, count, duration_s)
            rows += [each.cells(rate) for each in samples]
            for each in samples:
                points = [(at_s - began_s, size / 2**20) for at_s, size in each.points]
                lines[f"{each.name}, {count:,} tasks"] = points
    report.table(_HEAD, rows)
    report.chart = Lines("Own memory at full rate", ("seconds", "MiB"), lines)
    return report


def _sample(server: Running, count: int, duration_s: float) -> tuple[float, list[_Samples]]:
    command = [sys.executable, "-m", "bench.client_tasks", server.address, str(count)]
    client = subprocess.Popen([*command, str(duration_s)], stdout=subprocess.PIPE, text=True)
    samples = {server.pid: _Samples("server", count), client.pid: _Samples("client", count)}
    try:
        ends_s = time.monotonic() + duration_s
        while time.monotonic() < ends_s:
            time.sleep(_SAMPLE_S)
            for pid, each in samples.items():
                each.points.append((time.monotonic(), process.memory(pid).own_bytes))
        output, _ = client.communicate(timeout=_MARGIN_S)
    finally:
        client.kill()
        client.wait()
    return float(output), list(samples.values())
