"""Things to measure, in turn, several times, each beside the one it is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

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
        rates: calls answered per second, in each round.
    """

    label: str
    server: Running
    drive: Callable[[], Driven]
    peer: "Row | None" = None
    done: int = 0
    rates: list[float] = field(default_factory=list)
    _cpu_us: list[float] = field(default_factory=list)
    _system_us: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Do it once."""
        before = self.server.cpu()
        driven = self.drive()
        after = self.server.cpu()
        calls = max(driven.done, 1)
        self.done += driven.done
        self.rates.append(driven.rate)
        self._cpu_us.append((sum(after) - sum(before)) / calls * 1e6)
        self._system_us.append((after.system_s - before.system_s) / calls * 1e6)

    def cells(self) -> list[str]:
        """What was found; the columns are HEAD."""
        medians = [median(each) for each in (self.rates, self._cpu_us, self._system_us)]
        cells = [self.label, self.server.name, *map(number, medians)]
        if self.peer is None:
            return [*cells, "1", "1"]
        rates = ratios(self.rates, self.peer.rates)
        return [*cells, rates, ratios(self._cpu_us, self.peer._cpu_us)]  # noqa: SLF001 - same class


def in_turn(rows: Sequence[Row], rounds: int) -> None:
    """Measure all, each round beginning at another: what drifts must not favour one."""
    for round_number in range(rounds):
        start = round_number % len(rows)
        for row in (*rows[start:], *rows[:start]):
            row.measure()
