"""Rate and CPU time of unary calls with 128 in flight, against a server that only answers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from bench import calls, h2load, messages, rounds, servers, wire
from bench.plan import Plan
from bench.report import Report
from bench.rounds import Row
from bench.servers import Running

_CONNECTIONS = 8
_EXECUTIONS_EACH = 16
# So that entries have more versions than are kept, and old ones are removed as ever.
_WARM_UP_S = 3.0
# Two processes of h2load for each of these.
_H2LOAD_EXECUTIONS = _CONNECTIONS // 2
Bodies = Callable[[list[str]], Iterator[bytes]]
Driver = Callable[[Running, str, Bodies], Callable[[], wire.Driven]]


class NotWrittenError(Exception):
    """Saves that were answered are not there."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of call, to us and to etcd."""

    label: str
    method: str
    bodies: Bodies
    etcd_method: str = ""
    etcd_bodies: Bodies = messages.etcd_puts


_KINDS = (
    _Kind("Save", messages.SAVE, messages.saves, messages.ETCD_PUT, messages.etcd_puts),
    _Kind("Save, request_id", messages.SAVE, messages.marked_saves),
    _Kind("Load", messages.LOAD, messages.loads, messages.ETCD_RANGE, messages.etcd_ranges),
)


@dataclass(frozen=True, slots=True)
class _Servers:
    own: Running
    echo: Running
    etcd: Running | None


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"Unary calls, 1 KB, {_CONNECTIONS} connections x {wire.STREAMS} in flight")
    with ExitStack() as stack:
        running = _start(plan, stack, report)
        ids = [
            [f"execution-{connection}-{number}" for number in range(_EXECUTIONS_EACH)]
            for connection in range(_CONNECTIONS)
        ]
        _fill(running, ids)
        rows = [row for kind in _KINDS for row in _rows(kind, running, _by_wire(plan, ids))]
        if h2load.is_installed():
            driver = _by_h2load(plan, [each[0] for each in ids])
            rows += [
                row
                for kind in _KINDS
                if kind.etcd_method
                for row in _rows(kind, running, driver, ", h2load")
            ]
        else:
            report.say(h2load.MISSING)
        all_ids = list(chain.from_iterable(ids))
        versions_before = calls.versions(running.own.address, all_ids)
        rounds.in_turn(rows, plan.rounds)
        written = calls.versions(running.own.address, all_ids) - versions_before
    _check_written(rows, running.own, written)
    report.table(rounds.HEAD, [row.cells() for row in rows])
    return report


def _start(plan: Plan, stack: ExitStack, report: Report) -> _Servers:
    own = stack.enter_context(servers.statekeeper(plan.folder("throughput")))
    echo = stack.enter_context(servers.echo(plan.work_dir))
    if servers.has_etcd():
        etcd = stack.enter_context(servers.etcd(plan.folder("throughput-etcd")))
        return _Servers(own, echo, etcd)
    report.say(servers.NO_ETCD)
    return _Servers(own, echo, None)


def _fill(running: _Servers, ids: list[list[str]]) -> None:
    saves = [messages.saves(each) for each in ids]
    wire.drive(running.own.address, messages.SAVE, saves, duration_s=_WARM_UP_S)
    if running.etcd is not None:
        puts = [messages.etcd_puts(each) for each in ids]
        wire.drive(running.etcd.address, messages.ETCD_PUT, puts, duration_s=_WARM_UP_S)


def _rows(kind: _Kind, running: _Servers, driver: Driver, by: str = "") -> list[Row]:
    label = kind.label + by
    with calls.channel(running.own.address) as channel:
        request = next(kind.bodies(["execution-0-0"]))
        response_bytes = len(calls.method(channel, kind.method)(request))
    echo_method = messages.echo_method(response_bytes)
    echo = Row(label, running.echo, driver(running.echo, echo_method, kind.bodies))
    rows = [echo, Row(label, running.own, driver(running.own, kind.method, kind.bodies), echo)]
    if running.etcd is not None and kind.etcd_method:
        drive = driver(running.etcd, kind.etcd_method, kind.etcd_bodies)
        rows.append(Row(label, running.etcd, drive, echo))
    return rows


def _by_wire(plan: Plan, ids: list[list[str]]) -> Driver:
    def driver(server: Running, method: str, bodies: Bodies) -> Callable[[], wire.Driven]:
        prepared = [bodies(each) for each in ids]
        return partial(wire.drive, server.address, method, prepared, duration_s=plan.slice_s)

    return driver


def _by_h2load(plan: Plan, ids: list[str]) -> Driver:
    def driver(server: Running, method: str, bodies: Bodies) -> Callable[[], wire.Driven]:
        # Each execution comes twice, with different values.
        prepared = list(islice(bodies(ids[:_H2LOAD_EXECUTIONS]), _CONNECTIONS))
        return partial(h2load.drive, server.address, method, prepared, duration_s=plan.slice_s)

    return driver


def _check_written(rows: list[Row], own: Running, written: int) -> None:
    """Every save that was answered must be a version of its execution."""
    answered = sum(row.done for row in rows if row.server is own and row.label.startswith("Save"))
    if written < answered:
        raise NotWrittenError(f"{answered} saves were answered, {written} were written")
