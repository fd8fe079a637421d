"""What it costs to update one entry of 1 KB in states of different sizes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench import calls, data_file, messages, process, servers
from bench.plan import Plan
from bench.report import Report, number, ratios
from bench.servers import Running

_HEAD = (
    "state", "median us", "server CPU us", "written B", "growth B",
    "time ratio", "CPU ratio", "written ratio",
)  # fmt: skip
_UPDATES = 200
_UPDATES_QUICK = 50
_HUGE_BYTES = 1_000_000


@dataclass(slots=True)
class _Row:
    """A state whose entry `state` is updated."""

    label: str
    bodies: Iterator[bytes]
    medians_us: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)

    def measure(self, server: Running, update: calls.Method, count: int) -> None:
        cpu_s, written = sum(process.cpu(server.pid)), process.written_bytes(server.pid)
        end_bytes = data_file.read(server.data_dir).end_bytes
        took_us = []
        for _ in range(count):
            body = next(self.bodies)
            began = time.perf_counter()
            update(body)
            took_us.append((time.perf_counter() - began) * 1e6)
        self.medians_us.append(median(took_us))
        self.cpu_us.append((sum(process.cpu(server.pid)) - cpu_s) / count * 1e6)
        self.written.append((process.written_bytes(server.pid) - written) / count)
        self.growth.append((data_file.read(server.data_dir).end_bytes - end_bytes) / count)

    def cells(self, smallest: "_Row") -> list[str]:
        found = (self.medians_us, self.cpu_us, self.written, self.growth)
        against = (smallest.medians_us, smallest.cpu_us, smallest.written)
        compared = map(ratios, found, against)
        return [self.label, *(number(median(each)) for each in found), *compared]


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("Update of one entry of 1 KB, one caller")
    count = _UPDATES_QUICK if plan.quick else _UPDATES
    with ExitStack() as stack:
        server = stack.enter_context(servers.statekeeper(plan.folder("update"), "--shards=1"))
        channel = stack.enter_context(calls.channel(server.address))
        save = calls.method(channel, messages.SAVE)
        update = calls.method(channel, messages.UPDATE)
        rows = []
        for label, values in _states():
            save(messages.save(label, values))
            rows.append(_Row(label, messages.updates([label])))
        for row in rows:
            # More versions than are kept, so that old ones are removed as ever.
            for _ in range(2 * 64):
                update(next(row.bodies))
        for _ in range(plan.rounds):
            for row in rows:
                row.measure(server, update, count)
    report.table(_HEAD, [row.cells(rows[0]) for row in rows])
    return report


def _states() -> Iterator[tuple[str, dict[str, str]]]:
    for label, entries in (("1 KB", 1), ("100 KB", 100), ("1 MB", 1000), ("10 MB", 10_000)):
        others = {f"entry-{number:05d}": messages.json_text() for number in range(entries - 1)}
        yield f"{label}, {entries:,} x 1 KB", {"state": messages.json_text(), **others}
    huge = {f"entry-{number:05d}": messages.json_text(_HUGE_BYTES) for number in range(10)}
    yield "10 MB, 10 x 1 MB", {"state": messages.json_text(), **huge}
