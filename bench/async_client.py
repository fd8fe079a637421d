"""The Python AsyncClient in one process, with many tasks, against etcd with as many calls."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import uvloop
from bench import h2load, messages, rounds, servers
from bench.plan import Plan
from bench.report import Report
from bench.rounds import Row
from bench.servers import Running
from bench.wire import STREAMS, Driven

from statekeeper import AsyncClient, AsyncStateManager
from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import SaveRequest

_TASKS = 64
_MANY_TASKS = 1_024
_EXECUTIONS = 1_024
_BATCH = 100
_BATCHES_IN_FLIGHT = 4
_WARM_UP_S = 2.0
# Of the value of an entry: text that is JSON of VALUE_BYTES with its quotes.
_TEXT = messages.VALUE_BYTES - 2

Act = Callable[[AsyncStateManager, str], Awaitable[object]]


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("AsyncClient, one process (uvloop), 1 KB")
    if not (servers.has_etcd() and h2load.is_installed()):
        report.say(
            "Left out: etcd or h2load is not installed (Debian: etcd-server, nghttp2-client)."
        )
        return report
    with ExitStack() as stack:
        own = stack.enter_context(servers.statekeeper(plan.folder("async-client")))
        etcd = stack.enter_context(servers.etcd(plan.folder("async-client-etcd")))
        keys = [f"execution-{number}" for number in range(_TASKS // STREAMS)]
        puts = [next(messages.etcd_puts([key])) for key in keys]
        ranges = [next(messages.etcd_ranges([key])) for key in keys]

        def peer(label: str, method: str, bodies: list[bytes]) -> Row:
            address, slice_s = etcd.address, plan.slice_s
            return Row(
                label, etcd, lambda: h2load.drive(address, method, bodies, duration_s=slice_s)
            )

        def tasks(label: str, count: int, act: Act, against: Row) -> Row:
            return Row(
                label, own, lambda: uvloop.run(_tasks(own, count, act, plan.slice_s)), against
            )

        put = peer(f"etcd Put, {_TASKS} in flight, h2load", messages.ETCD_PUT, puts)
        get = peer(f"etcd Range, {_TASKS} in flight, h2load", messages.ETCD_RANGE, ranges)
        uvloop.run(_tasks(own, _EXECUTIONS, _save, _WARM_UP_S))
        put.drive()
        batch = Row(
            f"Batch of {_BATCH} saves, {_BATCHES_IN_FLIGHT} in flight, stub",
            own,
            lambda: uvloop.run(_batches(own, plan.slice_s)),
            put,
        )
        rows = [
            put,
            tasks(f"save, {_TASKS} tasks", _TASKS, _save, put),
            tasks(f"save, {_MANY_TASKS:,} tasks", _MANY_TASKS, _save, put),
            tasks(f"update of one entry, {_TASKS} tasks", _TASKS, _update, put),
            batch,
            get,
            tasks(f"load, {_TASKS} tasks", _TASKS, _load, get),
        ]
        rounds.in_turn(rows, plan.rounds)
    report.table(rounds.HEAD, [row.cells() for row in rows])
    return report


async def _save(sm: AsyncStateManager, text: str) -> object:
    return await sm.save({"status": "running", "context": {"state": text}})


async def _update(sm: AsyncStateManager, text: str) -> object:
    return await sm.update(context={"state": text})


async def _load(sm: AsyncStateManager, _: str) -> object:
    return await sm.load()


async def _tasks(server: Running, count: int, act: Act, duration_s: float) -> Driven:
    texts = [messages.json_text()[1:-1] for _ in range(2)]
    async with AsyncClient(server.address) as client:
        ends_s = time.monotonic() + duration_s

        async def work(number: int) -> int:
            names = itertools.cycle(range(number, max(_EXECUTIONS, number + 1), count))
            handles = [client.state_manager(f"execution-{name}") for name in _first(names, 16)]
            done = 0
            while time.monotonic() < ends_s:
                await act(handles[done % len(handles)], texts[done // len(handles) % 2])
                done += 1
            return done

        began_s = time.monotonic()
        done = sum(await asyncio.gather(*(work(number) for number in range(count))))
        return Driven(done / (time.monotonic() - began_s), done)


async def _batches(server: Running, duration_s: float) -> Driven:
    requests = []
    bodies = messages.saves([f"execution-{number}" for number in range(_EXECUTIONS)])
    for _ in range(2 * _EXECUTIONS // _BATCH):
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


def _first(items: Iterator[int], count: int) -> list[int]:
    return list(dict.fromkeys(itertools.islice(items, count)))
