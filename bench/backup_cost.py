"""What saves cost while a backup is made, and how fast that is: as many backups as fit in."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench import data_file, fill, messages, servers, wire
from bench.plan import Plan
from bench.report import Report, middle, number, ratios
from bench.servers import Running

from statekeeper.admin import Admin

_EXECUTIONS = 100_000
_EXECUTIONS_QUICK = 30_000
_WRITTEN = 10_000
_CONNECTIONS = 2
_SLICE_S = 3.0
_HEAD = ("1 KB saves, 32 in flight", "calls/s", "growth B/call", "rate ratio")


@dataclass(slots=True)
class _Row:
    """Saves, and what was found.

    Attributes:
        rates: saves per second, in each round.
        growth: bytes by which the file's end moved, for each save.
    """

    label: str
    rates: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)

    def measure(self, server: Running, slice_s: float, bodies: list[Iterator[bytes]]) -> None:
        """Save for a while."""
        end_bytes = data_file.read(server.data_dir).end_bytes
        driven = wire.drive(server.address, messages.SAVE, bodies, duration_s=slice_s)
        grown = data_file.read(server.data_dir).end_bytes - end_bytes
        self.rates.append(driven.rate)
        self.growth.append(grown / max(driven.done, 1))

    def cells(self, first: "_Row") -> list[str]:
        """A line of the table."""
        growth = number(max(self.growth))
        return [self.label, middle(self.rates), growth, ratios(self.rates, first.rates)]


def run(plan: Plan) -> Report:
    """Measure."""
    executions = _EXECUTIONS_QUICK if plan.quick else _EXECUTIONS
    report = Report(f"Backups of {executions:,} executions of 1 KB")
    folder, backups = plan.folder("backed-up"), plan.folder("backups")
    backups.mkdir()
    fill.fill(folder, executions)
    alone, beside = _Row("alone"), _Row("beside backups")
    speeds: list[float] = []
    with servers.statekeeper(folder, f"--backup-dir={backups}") as server:
        names = [fill.execution_id(number) for number in range(_WRITTEN)]
        bodies = [messages.saves(names[n::_CONNECTIONS]) for n in range(_CONNECTIONS)]
        for _ in range(plan.rounds):
            alone.measure(server, _SLICE_S, bodies)
            with _backups(server, backups, speeds):
                beside.measure(server, _SLICE_S, bodies)
    report.table(_HEAD, [row.cells(alone) for row in (alone, beside)])
    report.say(
        f"{len(speeds)} backups at {middle(speeds)} MB/s. The growth is the largest of the "
        "rounds: what was freed meanwhile is used by later writes."
    )
    return report


@contextmanager
def _backups(server: Running, folder: Path, speeds: list[float]) -> Iterator[None]:
    """Make backups, one after the other, until it is left and the last one is done."""
    enough = threading.Event()

    def make() -> None:
        with Admin(server.address) as admin:
            for n in count():
                began_s = time.monotonic()
                *_, last = admin.backup(f"backup-{n}")
                speeds.append(last.written_bytes / (time.monotonic() - began_s) / 1e6)
                shutil.rmtree(folder / f"backup-{n}")
                if enough.is_set():
                    return

    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
