"""What one call costs, one caller at a time: time, CPU, bytes written, growth of the file."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from bench import calls, data_file, messages, process
from bench.report import number, ratios
from bench.servers import Running

HEAD = (
    "state", "median us", "server CPU us", "written B", "growth B",
    "time ratio", "CPU ratio", "written ratio",
)  # fmt: skip
_HUGE_BYTES = 1_000_000


@dataclass(slots=True)
class Row:
    """Calls to measure, and what was found."""

    label: str
    method: calls.Method
    bodies: Iterator[bytes]
    medians_us: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)

    def measure(self, server: Running, count: int) -> None:
        """Measure some calls."""
        end_bytes = data_file.read(server.data_dir).end_bytes
        cpu_s, written = sum(server.cpu()), process.written_bytes(server.pid)
        took_us = []
        for _ in range(count):
            body = next(self.bodies)
            began = time.perf_counter()
            self.method(body)
            took_us.append((time.perf_counter() - began) * 1e6)
        grown_bytes = data_file.read(server.data_dir).end_bytes - end_bytes
        self.medians_us.append(median(took_us))
        self.cpu_us.append((sum(server.cpu()) - cpu_s) / count * 1e6)
        self.written.append((process.written_bytes(server.pid) - written) / count)
        self.growth.append(grown_bytes / count)

    def cells(self, first: "Row") -> list[str]:
        """A line of the table, compared with another row."""
        found = (self.medians_us, self.cpu_us, self.written, self.growth)
        against = (first.medians_us, first.cpu_us, first.written)
        compared = map(ratios, found, against)
        return [self.label, *(number(median(each)) for each in found), *compared]


def states() -> Iterator[tuple[str, dict[str, str]]]:
    """Names and values of states from 1 KB to 10 MB."""
    for label, entries in (("1 KB", 1), ("100 KB", 100), ("1 MB", 1000), ("10 MB", 10_000)):
        others = {f"entry-{number:05d}": messages.json_text() for number in range(entries - 1)}
        yield f"{label}, {entries:,} x 1 KB", {"state": messages.json_text(), **others}
    huge = {f"entry-{number:05d}": messages.json_text(_HUGE_BYTES) for number in range(10)}
    yield "10 MB, 10 x 1 MB", {"state": messages.json_text(), **huge}
