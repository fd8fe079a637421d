"""How soon a lock that is released is held by the next of those who wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from typing import Any

import grpc
from bench import etcd_lock, servers
from bench.contender import CONTENDERS, WAITERS, Contender
from bench.plan import Plan
from bench.report import Report, middle, ratios
from bench.servers import Running
from google.protobuf.duration_pb2 import Duration

from statekeeper.v1.execution_pb2 import ExecutionKey
from statekeeper.v1.lock_pb2 import LockRequest, LockResponse, UnlockRequest
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub

_CHANNELS = 4
_CHAINS = 6
_CHAINS_QUICK = 3
_WAIT_S = 60
_SETTLE_S = 0.2


Contenders = Callable[[list[grpc.aio.Channel], str], Awaitable[list[Contender]]]


@dataclass(slots=True)
class _Row:
    name: str
    channels: list[grpc.aio.Channel]
    contenders: Contenders
    means_us: list[float] = field(default_factory=list)


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"A lock goes from hand to hand, {WAITERS} waiters")
    with ExitStack() as stack:
        running: list[tuple[Running, Contenders]] = [
            (stack.enter_context(servers.statekeeper(plan.folder("lock"))), _own)
        ]
        if servers.has_etcd():
            etcd = stack.enter_context(servers.etcd(plan.folder("lock-etcd")))
            running.append((etcd, etcd_lock.contenders))
        else:
            report.say(servers.NO_ETCD)
        rows = asyncio.run(_measure(plan, [(s.name, s.address, make) for s, make in running]))
    head = ("server", "us for each hand-over", "time ratio to etcd")
    etcd_us = rows[-1].means_us if len(rows) > 1 else []
    cells = [
        (row.name, middle(row.means_us), ratios(row.means_us, etcd_us) if etcd_us else "-")
        for row in rows
    ]
    report.table(head, cells)
    return report


async def _measure(plan: Plan, peers: list[tuple[str, str, Contenders]]) -> list[_Row]:
    async with AsyncExitStack() as stack:
        rows = []
        for name, address, make in peers:
            channels = [
                await stack.enter_async_context(
                    grpc.aio.insecure_channel(address, (("grpc.use_local_subchannel_pool", 1),))
                )
                for _ in range(_CHANNELS)
            ]
            rows.append(_Row(name, channels, make))
        for number in range(plan.rounds):
            for row in rows:
                for chain in range(_CHAINS_QUICK if plan.quick else _CHAINS):
                    name = f"lock-{number}-{chain}"
                    row.means_us.append(await _chain(await row.contenders(row.channels, name)))
        return rows


async def _chain(contenders: list[Contender]) -> float:
    """The mean time from one holder's release to the next one's grant."""
    first, *others = contenders
    await first.lock()
    times: list[float] = []

    async def take_turn(contender: Contender) -> None:
        await contender.lock()
        times.append(time.perf_counter())
        await contender.unlock()

    tasks = [asyncio.create_task(take_turn(contender)) for contender in others]
    # Nobody tells that all of them stand in line, so they are given the time for it.
    await asyncio.sleep(_SETTLE_S)
    began = time.perf_counter()
    await first.unlock()
    await asyncio.gather(*tasks)
    return (max(times) - began) / len(others) * 1e6


@dataclass(slots=True)
class _Own:
    stub: Any
    key: ExecutionKey
    owner: str

    async def lock(self) -> None:
        request = LockRequest(key=self.key, owner=self.owner, wait=Duration(seconds=_WAIT_S))
        response: LockResponse = await self.stub.Lock(request)
        if not response.acquired:
            raise TimeoutError(self.owner)

    async def unlock(self) -> None:
        await self.stub.Unlock(UnlockRequest(key=self.key, owner=self.owner))


async def _own(channels: list[grpc.aio.Channel], name: str) -> list[Contender]:
    key = ExecutionKey(execution_id=name)
    stubs = [StateManagerStub(channel) for channel in channels]
    return [
        _Own(stubs[number % len(stubs)], key, f"owner-{number}") for number in range(CONTENDERS)
    ]
