"""Things to measure, in turn, several times, each beside the one it is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import process
from bench.report import number, ratios
from bench.servers import Running
from bench.wire import Driven

HEAD = ("calls", "server", "calls/s", "CPU us/call", "of it system", "rate ratio", "CPU ratio")


@dataclass(slots=True)
class Row:
    """One kind of load on one server; a row of the table.

    Attributes:
        label: the kind of load.
        server: whose CPU time is counted.
        drive: applies it for a while.
        peer: the row that it is compared with; None when it is the measure of others.
        done: calls answered so far.
    """

    label: str
    server: Running
    drive: Callable[[], Driven]
    peer: "Row | None" = None
    done: int = 0
    _rates: list[float] = field(default_factory=list)
    _cpu_us: list[float] = field(default_factory=list)
    _system_us: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Do it once."""
        before = process.cpu(self.server.pid)
        driven = self.drive()
        after = process.cpu(self.server.pid)
        calls = max(driven.done, 1)
        self.done += driven.done
        self._rates.append(driven.rate)
        self._cpu_us.append((sum(after) - sum(before)) / calls * 1e6)
        self._system_us.append((after.system_s - before.system_s) / calls * 1e6)

    def cells(self) -> list[str]:
        """What was found; the columns are HEAD."""
        medians = [median(each) for each in (self._rates, self._cpu_us, self._system_us)]
        cells = [self.label, self.server.name, *map(number, medians)]
        if self.peer is None:
            return [*cells, "1", "1"]
        rates = ratios(self._rates, self.peer._rates)  # noqa: SLF001 - of the same class
        return [*cells, rates, ratios(self._cpu_us, self.peer._cpu_us)]  # noqa: SLF001 - as above


def in_turn(rows: Sequence[Row], rounds: int) -> None:
    """Measure all, each round beginning at another: what drifts must not favour one."""
    for round_number in range(rounds):
        start = round_number % len(rows)
        for row in (*rows[start:], *rows[:start]):
            row.measure()
