"""Watching: what idle watchers cost, what live ones are told, and how soon, beside etcd's."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import Any

import grpc
import uvloop
from bench import messages, process, rounds, servers, wire
from bench.plan import Plan
from bench.report import Report, mebibytes, middle, number, ratios
from bench.rounds import Row
from bench.servers import Running
from google.protobuf.duration_pb2 import Duration

from statekeeper.v1.execution_pb2 import ExecutionKey
from statekeeper.v1.state_requests_pb2 import SaveResponse
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_CHANGES,
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_UNSPECIFIED,
    WatchInclude,
    WatchRequest,
)

_IDLE = 1_000
_LIVE = 100
_CONNECTIONS = 8
_WARM_UP_S = 2.0
_POLL_S = 0.01
_WRITES, _WRITES_QUICK = 600, 200
_WATCH = "/statekeeper.v1.StateManager/Watch"
_NOBODY = WATCH_INCLUDE_UNSPECIFIED
_HEARTBEAT = Duration(seconds=3600)


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"Watching: {_IDLE:,} idle watchers, {_LIVE} live ones, and one")
    _idle(plan, report)
    _live(plan, report)
    uvloop.run(_latency(plan, report))
    return report


@dataclass(slots=True)
class _Watchers:
    """A process of watchers; see watchers.py."""

    process: "subprocess.Popen[str]"

    def told(self) -> tuple[int, int]:
        """Up to which revision all of them were told, and the bytes they have read."""
        revision, read_bytes = self._ask("?").split()
        return int(revision), int(read_bytes)

    def begin(self, request: WatchRequest) -> None:
        """Have them watch."""
        self._ask(request.SerializeToString().hex())

    def _ask(self, line: str) -> str:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("its streams are not ours")
        stdin.write(f"{line}\n")
        stdin.flush()
        return stdout.readline()


@contextmanager
def _watchers(server: Running, count: int, request: WatchRequest) -> Iterator[_Watchers]:
    command = [sys.executable, "-m", "bench.watchers", server.address, str(count)]
    pipes = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipes, stdout=pipes, text=True) as running:
        try:
            watchers = _Watchers(running)
            watchers.begin(request)
            yield watchers
        finally:
            running.kill()


def _bodies() -> list[Iterator[bytes]]:
    return [
        messages.saves([f"execution-{connection}-{number}" for number in range(wire.STREAMS)])
        for connection in range(_CONNECTIONS)
    ]


def _idle(plan: Plan, report: Report) -> None:
    """What watchers of other executions cost writers."""
    with ExitStack() as stack:
        bare = stack.enter_context(servers.statekeeper(plan.folder("bare")))
        watched = stack.enter_context(
            servers.statekeeper(plan.folder("watched"), name="watched by 1,000")
        )
        for server in (bare, watched):
            wire.drive(server.address, messages.SAVE, _bodies(), duration_s=_WARM_UP_S)
        before = process.memory(watched.pid).own_bytes
        others = WatchRequest(key=ExecutionKey(execution_id="another"))
        stack.enter_context(_watchers(watched, _IDLE, others))
        grown = process.memory(watched.pid).own_bytes - before

        def row(label: str, server: Running, peer: Row | None = None) -> Row:
            drive = partial(wire.drive, server.address, messages.SAVE, duration_s=plan.slice_s)
            return Row(label, server, lambda: drive(_bodies()), peer)

        first = row("Save, 128 in flight", bare)
        rows = [first, row("Save, 128 in flight", watched, first)]
        rounds.in_turn(rows, plan.rounds)
    report.table(rounds.HEAD, [each.cells() for each in rows])
    report.say(
        f"{_IDLE:,} idle watchers took {mebibytes(grown)} MiB of the server's own memory, "
        f"{grown / _IDLE / 1024:.1f} KiB each."
    )


@dataclass(slots=True)
class _Told:
    """What live watchers were told, by round."""

    label: str
    saves: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    event_bytes: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def cells(self, alone: "_Told") -> list[str]:
        shown = (self.saves, self.events, self.late_ms, self.event_bytes, self.cpu_us)
        return [self.label, *map(middle, shown), ratios(self.saves, alone.saves)]


def _live(plan: Plan, report: Report) -> None:
    """As fast as 128 calls in flight write, while 100 watch the namespace."""
    alone = _Told("nobody")
    rows = [alone, _Told(f"{_LIVE}, heads"), _Told(f"{_LIVE}, changes")]
    includes = (_NOBODY, WATCH_INCLUDE_HEAD, WATCH_INCLUDE_CHANGES)
    with servers.statekeeper(plan.folder("live")) as server:
        wire.drive(server.address, messages.SAVE, _bodies(), duration_s=_WARM_UP_S)
        for _ in range(plan.rounds):
            for row, include in zip(rows, includes, strict=True):
                _tell(plan, server, row, include)
    head = (
        "watchers", "saves/s", "events/s", "last event after ms", "B/event", "CPU us/save",
        "rate ratio",
    )  # fmt: skip
    report.table(head, [row.cells(alone) for row in rows])


def _tell(plan: Plan, server: Running, row: _Told, include: WatchInclude) -> None:
    drive = partial(wire.drive, server.address, messages.SAVE, duration_s=plan.slice_s)
    with ExitStack() as stack:
        request = WatchRequest(include=include, heartbeat_interval=_HEARTBEAT)
        watchers = None
        if include:
            watchers = stack.enter_context(_watchers(server, _LIVE, request))
        before_s, began_s = sum(server.cpu()), time.perf_counter()
        driven = drive(_bodies())
        driven_s = time.perf_counter()
        row.saves.append(driven.rate)
        if watchers is None:
            row.cpu_us.append((sum(server.cpu()) - before_s) / driven.done * 1e6)
            for each in (row.events, row.late_ms, row.event_bytes):
                each.append(0)
            return
        last = _last_revision(server)
        while (told := watchers.told())[0] < last:
            time.sleep(_POLL_S)
        ended_s = time.perf_counter()
    events = (driven.done + 1) * _LIVE
    row.cpu_us.append((sum(server.cpu()) - before_s) / driven.done * 1e6)
    row.events.append(events / (ended_s - began_s))
    row.late_ms.append((ended_s - driven_s) * 1e3)
    row.event_bytes.append(told[1] / events)


def _last_revision(server: Running) -> int:
    with grpc.insecure_channel(server.address) as channel:
        save: Any = channel.unary_unary(messages.SAVE)
        raw: bytes = save(messages.save("execution-last", {"state": messages.json_text()}))
        return SaveResponse.FromString(raw).result.revision


@dataclass(slots=True)
class _Watched:
    """One writer and one watcher of one server."""

    label: str
    put: Callable[[], Awaitable[bytes]]
    watch: AsyncIterator[bytes]
    answered_us: list[float] = field(default_factory=list)
    told_us: list[float] = field(default_factory=list)
    medians_us: list[float] = field(default_factory=list)

    async def measure(self, count: int) -> None:
        """Write, and wait until both the writer and the watcher know; again and again."""
        told_us: list[float] = []
        for _ in range(count):
            began = time.perf_counter()
            telling = asyncio.ensure_future(anext(self.watch))
            await self.put()
            self.answered_us.append((time.perf_counter() - began) * 1e6)
            await telling
            told_us.append((time.perf_counter() - began) * 1e6)
        self.told_us += told_us
        self.medians_us.append(median(told_us))

    def cells(self, etcd: "_Watched | None") -> list[str]:
        """A line of the table."""
        shown = [f(each) for each in (self.answered_us, self.told_us) for f in (median, _p99)]
        ratio = "-" if etcd is None else ratios(self.medians_us, etcd.medians_us)
        return [self.label, *map(number, shown), ratio]


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


async def _latency(plan: Plan, report: Report) -> None:
    """From the beginning of a write to its answer, and to the watcher's event."""
    async with AsyncExitStack() as stack:
        own = stack.enter_context(servers.statekeeper(plan.folder("latency")))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(own.address))
        watched = [
            await _own(channel, "head", WATCH_INCLUDE_HEAD),
            await _own(channel, "changes", WATCH_INCLUDE_CHANGES),
        ]
        etcd = None
        if servers.has_etcd():
            running = stack.enter_context(servers.etcd(plan.folder("latency-etcd")))
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(running.address))
            etcd = await _etcd(channel)
            watched.append(etcd)
        else:
            report.say(servers.NO_ETCD)
        for _ in range(plan.rounds):
            for each in watched:
                await each.measure(_WRITES_QUICK if plan.quick else _WRITES)
    head = (
        "one writer, one watcher", "answered p50 us", "p99", "told p50 us", "p99",
        "ratio of told to etcd's",
    )  # fmt: skip
    report.table(head, [each.cells(etcd) for each in watched])


async def _own(channel: grpc.aio.Channel, label: str, include: WatchInclude) -> _Watched:
    key = f"execution-{label}"
    request = WatchRequest(
        key=ExecutionKey(execution_id=key), include=include, heartbeat_interval=_HEARTBEAT
    )
    open_watch: Any = channel.unary_stream(_WATCH)
    told = aiter(open_watch(request.SerializeToString()))
    await anext(told)
    save: Any = channel.unary_unary(messages.SAVE)
    saves = messages.saves([key])
    return _Watched(f"statekeeper, {label}", lambda: save(next(saves)), told)


async def _etcd(channel: grpc.aio.Channel) -> _Watched:
    key = "execution-0"
    open_watch: Any = channel.stream_stream(messages.ETCD_WATCH)
    watch = open_watch()
    await watch.write(messages.etcd_watch(key))
    told = aiter(watch)
    await anext(told)
    put: Any = channel.unary_unary(messages.ETCD_PUT)
    puts = messages.etcd_puts([key])
    return _Watched("etcd", lambda: put(next(puts)), told)
