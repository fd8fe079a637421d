"""Callers in one event loop, each a task that makes one call after the other."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import cycle

from bench.wire import Driven

# Makes the next call of one caller, and returns when it is answered.
Caller = Callable[[], Awaitable[object]]
# Some, while they are connected.
Connected = AbstractAsyncContextManager[list[Caller]]
# How often it is looked whether the time of calls has come: a loop's timers are no finer.
_TICK_S = 0.001


async def drive(callers: Sequence[Caller], duration_s: float) -> Driven:
    """Have each call as soon as its last call is answered."""
    ends_s = time.perf_counter() + duration_s

    async def work(caller: Caller) -> int:
        done = 0
        while time.perf_counter() < ends_s:
            await caller()
            done += 1
        return done

    began_s = time.perf_counter()
    done = sum(await asyncio.gather(*(work(caller) for caller in callers)))
    return Driven(done / (time.perf_counter() - began_s), done)


async def drive_on_schedule(
    callers: Iterable[Caller], rate: float, duration_s: float
) -> list[float]:
    """Start calls at equal distances, whether those before are answered or not.

    Args:
        callers: who call, in turn; their calls overlap when answers are late.
        rate: calls to start, per second.
        duration_s: for how long; all that were started are waited for.

    Returns:
        Seconds from when each call was to be started, not from when it was, to its answer:
        what keeps calls from being started is part of what a caller would wait for.
    """
    took_s: list[float] = []

    async def call(caller: Caller, due_s: float) -> None:
        await caller()
        took_s.append(time.perf_counter() - due_s)

    async with asyncio.TaskGroup() as group:
        began_s = time.perf_counter()
        due = _due(cycle(callers), began_s, rate, duration_s)
        following = next(due, None)
        while following is not None:
            while following is not None and following[1] <= time.perf_counter():
                group.create_task(call(*following))
                following = next(due, None)
            await asyncio.sleep(_TICK_S)
    return took_s


def _due(
    callers: Iterator[Caller], began_s: float, rate: float, duration_s: float
) -> Iterator[tuple[Caller, float]]:
    for number in range(int(rate * duration_s)):
        yield next(callers), began_s + number / rate
