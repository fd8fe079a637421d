"""Durable writes of 1 KB by 64 callers, beside etcd, Redis, PostgreSQL and SQLite."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from functools import partial

import uvloop
from bench import (
    callers,
    client_tasks,
    data_file,
    etcd_kv,
    h2load,
    messages,
    postgres_peer,
    redis_peer,
    rounds,
    servers,
    sqlite_peer,
)
from bench.callers import Connected
from bench.chart import Bars
from bench.plan import Plan
from bench.report import Report, number
from bench.rounds import Row
from bench.servers import Running
from bench.wire import STREAMS, Driven

_CALLERS = 64
_WARM_UP_S = 1.0
_HEAD = (*rounds.HEAD, "flushes/1,000")


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"Durable writes of 1 KB JSON, {_CALLERS} callers")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        peers = _Peers(plan, report, stack, runner)
        for add in (_statekeeper, _etcd, _redis, _postgres, _sqlite):
            add(peers)
        rounds.in_turn([each.row for each in peers.measured], plan.rounds)
    report.table(_HEAD, [each.cells() for each in peers.measured])
    report.say("\n".join(peers.durability))
    rows = [each.row for each in peers.measured]
    names = [f"{row.server.name}: {row.label}" for row in rows]
    report.chart = Bars(f"{report.title}: writes/s", names, [row.rates for row in rows])
    return report


@dataclass(slots=True)
class _Measured:
    """A row, and how often the disk was flushed while it was measured."""

    row: Row
    flushes: int = 0

    def cells(self) -> list[str]:
        per_thousand = number(self.flushes / self.row.done * 1000) if self.flushes else "-"
        return [*self.row.cells(), per_thousand]


@dataclass(slots=True)
class _Peers:
    plan: Plan
    report: Report
    stack: ExitStack
    runner: asyncio.Runner
    measured: list[_Measured] = field(default_factory=list)
    durability: list[str] = field(default_factory=list)

    def leave_out(self, name: str, why: str) -> None:
        self.report.say(f"Left out: {name}: {why}.")

    def add_callers(self, label: str, server: Running, connected: Connected) -> None:
        """Callers in our event loop, which stay connected from round to round."""
        connections = AsyncExitStack()
        self.stack.callback(lambda: self.runner.run(connections.aclose()))
        tasks = self.runner.run(connections.enter_async_context(connected))
        self.runner.run(callers.drive(tasks, _WARM_UP_S))
        self.add(label, server, lambda: self.runner.run(callers.drive(tasks, self.plan.slice_s)))

    def add(self, label: str, server: Running, drive: Callable[[], Driven]) -> None:
        def drive_and_count() -> Driven:
            before = data_file.device_flushes(server.data_dir)
            driven = drive()
            measured.flushes += data_file.device_flushes(server.data_dir) - before
            return driven

        first = self.measured[0].row if self.measured else None
        measured = _Measured(Row(label, server, drive_and_count, first))
        self.measured.append(measured)


def _statekeeper(peers: _Peers) -> None:
    own = peers.stack.enter_context(servers.statekeeper(peers.plan.folder("peers")))
    connected = client_tasks.connected(own.address, _CALLERS)
    peers.add_callers("save, AsyncClient", own, connected)
    peers.durability.append(
        "- statekeeper: as it is started by default; nothing switches syncs off"
    )


def _etcd(peers: _Peers) -> None:
    if not servers.has_etcd():
        peers.report.say(servers.NO_ETCD)
        return
    etcd = peers.stack.enter_context(servers.etcd(peers.plan.folder("peers-etcd")))
    peers.add_callers("Put, grpc.aio", etcd, etcd_kv.connected(etcd.address, _CALLERS))
    peers.durability.append("- etcd: as it is started by default, without --unsafe-no-fsync")
    if not h2load.is_installed():
        peers.report.say(h2load.MISSING)
        return
    puts = [next(messages.etcd_puts([f"h2load-{each}"])) for each in range(_CALLERS // STREAMS)]
    drive = partial(h2load.drive, etcd.address, messages.ETCD_PUT, puts)
    peers.add("Put, h2load", etcd, partial(drive, duration_s=peers.plan.slice_s))


def _redis(peers: _Peers) -> None:
    if why := redis_peer.missing():
        peers.leave_out("Redis", why)
        return
    redis = peers.stack.enter_context(redis_peer.serve(peers.plan.folder("peers-redis")))
    peers.add_callers("SET, redis-py", redis, redis_peer.connected(redis.address, _CALLERS))
    gathered = redis_peer.gathered(redis.address, _CALLERS)
    peers.add_callers("SET, redis-py, pipelines", redis, gathered)
    peers.durability.append(f"- {peers.runner.run(redis_peer.durability(redis.address))}")


def _postgres(peers: _Peers) -> None:
    if why := postgres_peer.missing():
        peers.leave_out("PostgreSQL", why)
        return
    server = peers.stack.enter_context(postgres_peer.serve(peers.plan.folder("peers-postgres")))
    connected = postgres_peer.connected(server.address, _CALLERS)
    peers.add_callers("upsert, psycopg", server, connected)
    gathered = postgres_peer.gathered(server.address, _CALLERS)
    peers.add_callers("upsert, psycopg, pipelines", server, gathered)
    durability = peers.runner.run(postgres_peer.durability(server.address))
    peers.durability.append(f"- {durability}")


def _sqlite(peers: _Peers) -> None:
    if why := sqlite_peer.missing():
        peers.leave_out("LangGraph's SqliteSaver", why)
        return
    folder = peers.plan.folder("peers-sqlite")
    folder.mkdir()
    # It has no process of its own, so its CPU time includes that of its callers.
    here = Running("SqliteSaver", "", os.getpid(), 0.0, folder)
    first, second = folder / "put.sqlite", folder / "aput.sqlite"
    peers.add_callers("put", here, sqlite_peer.connected(first, _CALLERS))
    peers.add_callers("aput", here, sqlite_peer.connected_by_thread(second, _CALLERS))
    peers.durability.append(f"- {sqlite_peer.durability(first)}")
