"""The Python AsyncClient in one process, with many tasks, against etcd with as many calls."""

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import grpc
import uvloop
from bench import callers, client_tasks, etcd_kv, h2load, messages, rounds, servers
from bench.callers import Connected
from bench.client_tasks import Act, load, save, update
from bench.plan import Plan
from bench.report import Report
from bench.rounds import Row
from bench.servers import Running
from bench.wire import STREAMS, Driven

from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import SaveRequest

_TASKS = 64
_MANY_TASKS = 1_024
_BATCH = 100
_BATCHES_IN_FLIGHT = 4
_WARM_UP_S = 2.0


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("AsyncClient, one process (uvloop), 1 KB")
    if not (servers.has_etcd() and h2load.is_installed()):
        report.say(
            "Left out: etcd or h2load is not installed (Debian: etcd-server, nghttp2-client)."
        )
        return report
    with ExitStack() as stack:
        # One loop for all, because gRPC is slow to forget a loop that is closed.
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        own = stack.enter_context(servers.statekeeper(plan.folder("async-client")))
        etcd = stack.enter_context(servers.etcd(plan.folder("async-client-etcd")))
        keys = [f"execution-{number}" for number in range(_TASKS // STREAMS)]
        puts = [next(messages.etcd_puts([key])) for key in keys]
        ranges = [next(messages.etcd_ranges([key])) for key in keys]

        def peer(label: str, method: str, bodies: list[bytes], against: Row | None = None) -> Row:
            in_flight = STREAMS if len(bodies) > 1 else 1
            drive = partial(h2load.drive, etcd.address, method, bodies, in_flight=in_flight)
            return Row(label, etcd, partial(drive, duration_s=plan.slice_s), against)

        def drive(connected: Callable[[], Connected]) -> Driven:
            return runner.run(_drive(connected(), plan.slice_s))

        def tasks(label: str, count: int, act: Act, against: Row) -> Row:
            connected = partial(client_tasks.connected, own.address, count, act)
            return Row(label, own, partial(drive, connected), against)

        put = peer(f"etcd Put, {_TASKS} in flight, h2load", messages.ETCD_PUT, puts)
        get = peer(f"etcd Range, {_TASKS} in flight, h2load", messages.ETCD_RANGE, ranges)
        one = peer("etcd Put, 1 in flight, h2load", messages.ETCD_PUT, puts[:1])
        put_by_stub = partial(drive, partial(etcd_kv.connected, etcd.address, 1))
        rows = [
            put,
            tasks(f"save, {_TASKS} tasks", _TASKS, save, put),
            tasks(f"save, {_MANY_TASKS:,} tasks", _MANY_TASKS, save, put),
            tasks(f"update of one entry, {_TASKS} tasks", _TASKS, update, put),
            Row(
                f"Batch of {_BATCH} saves, {_BATCHES_IN_FLIGHT} in flight, stub",
                own,
                lambda: runner.run(_batches(own, plan.slice_s)),
                put,
            ),
            get,
            tasks(f"load, {_TASKS} tasks", _TASKS, load, get),
            one,
            Row("etcd Put, 1 in flight, grpc.aio", etcd, put_by_stub, one),
            tasks("save, 1 task", 1, save, one),
        ]
        all_saves = client_tasks.connected(own.address, messages.EXECUTIONS)
        runner.run(_drive(all_saves, _WARM_UP_S))
        put.drive()
        rounds.in_turn(rows, plan.rounds)
    report.table(rounds.HEAD, [row.cells() for row in rows])
    return report


async def _drive(connected: Connected, duration_s: float) -> Driven:
    async with connected as tasks:
        return await callers.drive(tasks, duration_s)


async def _batches(server: Running, duration_s: float) -> Driven:
    requests = []
    bodies = messages.saves([f"execution-{number}" for number in range(messages.EXECUTIONS)])
    for _ in range(2 * messages.EXECUTIONS // _BATCH):
        saves = [SaveRequest.FromString(next(bodies)) for _ in range(_BATCH)]
        requests.append(BatchRequest(operations=[Operation(save=save) for save in saves]))
    following = itertools.cycle(requests)
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub: Any = StateManagerStub(channel)
        ends_s = time.monotonic() + duration_s

        async def work() -> int:
            done = 0
            while time.monotonic() < ends_s:
                response: BatchResponse = await stub.Batch(next(following))
                if any(result.HasField("error") for result in response.results):
                    raise RuntimeError(response)
                done += len(response.results)
            return done

        began_s = time.monotonic()
        done = sum(await asyncio.gather(*(work() for _ in range(_BATCHES_IN_FLIGHT))))
        return Driven(done / (time.monotonic() - began_s), done)
