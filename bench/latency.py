"""How long calls take at some of the rate that can be reached, started by schedule."""

from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

import uvloop
from bench import callers, client_tasks, etcd_kv, messages, servers
from bench.callers import Caller, Connected
from bench.chart import Lines
from bench.plan import Plan
from bench.report import Report, middle, number

_CALLERS = messages.EXECUTIONS
_PERCENT_OF_TOP = (25, 50, 75)
_WARM_UP_S = 1.0
_HEAD = ("calls", "of its top rate", "calls/s", "p50 ms", "p99 ms", "p99.9 ms", "longest ms")


@dataclass(slots=True)
class _Level:
    """What the rounds have found at one part of the top rate.

    Attributes:
        rates: calls started per second, in each round.
        p50_ms: in each round.
        p99_ms: in each round.
        all_ms: every call of every round.
    """

    rates: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    all_ms: list[float] = field(default_factory=list)

    def add(self, rate: float, took_s: list[float]) -> None:
        took_ms = [each * 1000 for each in took_s]
        percentiles = quantiles(took_ms, n=100)
        self.rates.append(rate)
        self.p50_ms.append(percentiles[49])
        self.p99_ms.append(percentiles[98])
        self.all_ms += took_ms

    def cells(self) -> list[str]:
        p999_ms = quantiles(self.all_ms, n=1000)[998]
        middles = map(middle, (self.rates, self.p50_ms, self.p99_ms))
        return [*middles, number(p999_ms), number(max(self.all_ms))]


@dataclass(slots=True)
class _Series:
    """One kind of call: its top rate, and its latencies at parts of it."""

    label: str
    tasks: list[Caller]
    tops: list[float] = field(default_factory=list)
    levels: dict[int, _Level] = field(
        default_factory=lambda: {percent: _Level() for percent in _PERCENT_OF_TOP}
    )

    async def measure(self, duration_s: float) -> None:
        top = (await callers.drive(self.tasks, duration_s)).rate
        self.tops.append(top)
        for percent, level in self.levels.items():
            rate = top * percent / 100
            level.add(rate, await callers.drive_on_schedule(self.tasks, rate, duration_s))

    def cells(self) -> list[list[str]]:
        rows = [[self.label, "100 %", middle(self.tops), "-", "-", "-", "-"]]
        for percent, level in self.levels.items():
            rows.append([self.label, f"{percent} %", *level.cells()])
        return rows


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"Latencies of writes of 1 KB, started by schedule, {_CALLERS:,} callers")
    with ExitStack() as stack:
        own = stack.enter_context(servers.statekeeper(plan.folder("latency")))
        measured: dict[str, Connected] = {
            "save, AsyncClient": client_tasks.connected(own.address, _CALLERS)
        }
        if servers.has_etcd():
            etcd = stack.enter_context(servers.etcd(plan.folder("latency-etcd")))
            measured["etcd Put, grpc.aio"] = etcd_kv.connected(etcd.address, _CALLERS)
        else:
            report.say(servers.NO_ETCD)
        series = uvloop.run(_measure(plan, measured))
    report.table(_HEAD, [row for each in series for row in each.cells()])
    report.chart = _chart(report.title, series)
    return report


async def _measure(plan: Plan, measured: dict[str, Connected]) -> list[_Series]:
    async with AsyncExitStack() as stack:
        series = [
            _Series(label, await stack.enter_async_context(connected))
            for label, connected in measured.items()
        ]
        for each in series:
            await callers.drive(each.tasks, _WARM_UP_S)
        for number in range(plan.rounds):
            for each in series if number % 2 else reversed(series):
                await each.measure(plan.slice_s)
        return series


def _chart(title: str, series: list[_Series]) -> Lines:
    lines = {}
    for each in series:
        at = each.levels.items()
        lines[f"{each.label}, p50"] = [(percent, median(level.p50_ms)) for percent, level in at]
        lines[f"{each.label}, p99"] = [(percent, median(level.p99_ms)) for percent, level in at]
    return Lines(title, ("% of its own top rate", "ms"), lines)
