"""The Python Client in one process: batches, and threads that share one or have one each."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import messages, rounds, servers
from bench.plan import Plan
from bench.report import Report
from bench.rounds import Row
from bench.wire import Driven

from statekeeper import Client, Operation, StateManager

_THREADS = (8, 64)
_BATCH = 100
# There are many rows, so each is measured for a part of what others are.
_SLICE = 0.5
_TEXTS = [messages.json_text()[1:-1] for _ in range(2)]

Caller = Callable[[], int]
"""Makes the next call of one thread; gives how many operations that were."""


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    do: Callable[[StateManager, str], object]
    operation: Callable[[StateManager, str], Operation[Any]]


_KINDS = (
    _Kind(
        "save",
        lambda sm, text: sm.save(_state(text)),
        lambda sm, text: sm.operation.save(_state(text)),
    ),
    _Kind("load", lambda sm, _: sm.load(), lambda sm, _: sm.operation.load()),
)


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("Client, one process, 1 KB")
    with ExitStack() as stack:
        own = stack.enter_context(servers.statekeeper(plan.folder("sync-client")))
        clients = [stack.enter_context(Client(own.address)) for _ in range(max(_THREADS))]
        for client in clients:
            _batches(client, _KINDS[0])()

        def row(label: str, callers: Sequence[Caller], peer: Row | None = None) -> Row:
            drive = partial(_drive, callers, plan.slice_s * _SLICE)
            rows.append(Row(label, own, drive, peer))
            return rows[-1]

        rows: list[Row] = []
        for kind in _KINDS:
            alone = row(f"{kind.name}, 1 thread", [_calls(clients[0], kind, 0, 1)])
            row(f"{kind.name}, batches of {_BATCH}", [_batches(clients[0], kind)], alone)
            for count in _THREADS:
                label = f"{kind.name}, {count} threads"
                each = [_calls(clients[n], kind, n, count) for n in range(count)]
                apart = row(f"{label}, a Client each", each, alone)
                shared = [_calls(clients[0], kind, n, count) for n in range(count)]
                row(f"{label}, one Client", shared, apart)
        rounds.in_turn(rows, plan.rounds)
    report.table(rounds.HEAD, [each.cells() for each in rows])
    return report


def _state(text: str) -> dict[str, Any]:
    return {"status": "running", "context": {"state": text}}


def _arguments(client: Client, number: int, count: int) -> Iterator[tuple[StateManager, str]]:
    """Never the same value twice in a row in one execution."""
    handles = [client.state_manager(key) for key in messages.keys(number, count)]
    return itertools.cycle([(sm, text) for text in _TEXTS for sm in handles])


def _calls(client: Client, kind: _Kind, number: int, count: int) -> Caller:
    arguments = _arguments(client, number, count)

    def call() -> int:
        kind.do(*next(arguments))
        return 1

    return call


def _batches(client: Client, kind: _Kind) -> Caller:
    arguments = _arguments(client, 0, 1)

    def call() -> int:
        operations = [kind.operation(*next(arguments)) for _ in range(_BATCH)]
        return len(client.batch(operations).raise_first())

    return call


def _drive(callers: Sequence[Caller], duration_s: float) -> Driven:
    ends_s = time.monotonic() + duration_s

    def work(caller: Caller) -> int:
        done = 0
        while time.monotonic() < ends_s:
            done += caller()
        return done

    with ThreadPoolExecutor(len(callers)) as pool:
        began_s = time.monotonic()
        done = sum(pool.map(work, callers))
        return Driven(done / (time.monotonic() - began_s), done)
