"""How long a call takes when there is one caller, who waits for each answer."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Self

from bench import calls, messages, servers
from bench.plan import Plan
from bench.report import Report, number, ratios
from bench.servers import Running

_EXECUTIONS = 100
_CALLS = 200
_CALLS_QUICK = 50
_WARM_UP_CALLS = 20
_PAGE_BYTES = 4096
_HEAD = ("calls", "server", "median us", "p99 us", "CPU us/call", "time ratio")


@dataclass(slots=True)
class _Row:
    label: str
    server: Running | None
    call: Callable[[], object]
    peer: "_Row | None" = None
    medians_us: list[float] = field(default_factory=list)
    all_us: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def measure(self, count: int) -> None:
        before_s = self._cpu_s()
        took_us = [_time_us(self.call) for _ in range(count)]
        self.cpu_s += self._cpu_s() - before_s
        self.medians_us.append(median(took_us))
        self.all_us += took_us

    def cells(self) -> list[str]:
        p99_us = quantiles(self.all_us, n=100)[-1]
        cpu_us = self.cpu_s / len(self.all_us) * 1e6
        cells = [self.label, self.server.name if self.server else "the disk"]
        cells += [number(median(self.medians_us)), number(p99_us)]
        cells += [number(cpu_us) if self.server else ""]
        return [*cells, ratios(self.medians_us, self.peer.medians_us) if self.peer else "1"]

    def _cpu_s(self) -> float:
        return sum(self.server.cpu()) if self.server else 0.0


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("One caller, one call at a time, 1 KB")
    ids = [f"execution-{number}" for number in range(_EXECUTIONS)]
    with ExitStack() as stack:
        own = stack.enter_context(servers.statekeeper(plan.folder("one-caller")))
        echo = stack.enter_context(servers.echo(plan.work_dir))

        def call(server: Running, path: str, bodies: Iterator[bytes]) -> Callable[[], bytes]:
            channel = stack.enter_context(calls.channel(server.address))
            method = calls.method(channel, path)
            return lambda: method(next(bodies))

        save = call(own, messages.SAVE, messages.saves(ids))
        load = call(own, messages.LOAD, messages.loads(ids))
        echo_of_save = call(echo, messages.echo_method(len(save())), messages.saves(ids))
        echo_of_load = call(echo, messages.echo_method(len(load())), messages.loads(ids))
        marked = call(own, messages.SAVE, messages.marked_saves(ids))
        for _ in ids:
            save()
        first = _Row("Save", echo, echo_of_save)
        second = _Row("Load", echo, echo_of_load)
        saves = [
            first,
            _Row("Save", own, save, first),
            _Row("Save, request_id", own, marked, first),
        ]
        loads = [second, _Row("Load", own, load, second)]
        if servers.has_etcd():
            etcd = stack.enter_context(servers.etcd(plan.folder("one-caller-etcd")))
            put = call(etcd, messages.ETCD_PUT, messages.etcd_puts(ids))
            for _ in ids:
                put()
            saves.append(_Row("Save", etcd, put, first))
            ranges = call(etcd, messages.ETCD_RANGE, messages.etcd_ranges(ids))
            loads.append(_Row("Load", etcd, ranges, second))
        else:
            report.say(servers.NO_ETCD)
        synced = stack.enter_context(_SyncedFile(plan.folder("synced")))
        rows = [*saves, _Row("4 KB, fdatasync", None, synced.write, first), *loads]
        for row in rows:
            for _ in range(_WARM_UP_CALLS):
                row.call()
        for _ in range(plan.rounds):
            for row in rows:
                row.measure(_CALLS_QUICK if plan.quick else _CALLS)
    report.table(_HEAD, [row.cells() for row in rows])
    return report


class _SyncedFile:
    """A page that is overwritten and synced: what the disk takes for the least write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def write(self) -> None:
        os.pwrite(self._file, os.urandom(_PAGE_BYTES), 0)
        os.fdatasync(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _time_us(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6
