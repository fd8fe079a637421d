"""The Python AsyncClient with many tasks.

As a program of its own, so that its memory can be told from that of what measures it:
`python -m bench.client_tasks HOST:PORT TASKS SECONDS` saves, and prints the saves per second.
"""

import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvloop
from bench import callers, messages
from bench.callers import Caller

from statekeeper import AsyncClient, AsyncStateManager

Act = Callable[[AsyncStateManager, str], Awaitable[object]]


async def save(sm: AsyncStateManager, text: str) -> object:
    """Save a state of one entry."""
    return await sm.save({"status": "running", "context": {"state": text}})


async def update(sm: AsyncStateManager, text: str) -> object:
    """Update that entry."""
    return await sm.update(context={"state": text})


async def load(sm: AsyncStateManager, _: str) -> object:
    """Load the state."""
    return await sm.load()


@asynccontextmanager
async def connected(address: str, count: int, act: Act = save) -> AsyncIterator[list[Caller]]:
    """So many callers of one client."""
    texts = [messages.json_text()[1:-1] for _ in range(2)]
    async with AsyncClient(address) as client:

        def caller(number: int) -> Caller:
            handles = [client.state_manager(key) for key in messages.keys(number, count)]
            # Never the same value twice in a row in one execution.
            arguments = itertools.cycle([(sm, text) for text in texts for sm in handles])
            return lambda: act(*next(arguments))

        yield [caller(number) for number in range(count)]


async def _save(address: str, count: int, duration_s: float) -> float:
    async with connected(address, count) as tasks:
        return (await callers.drive(tasks, duration_s)).rate


if __name__ == "__main__":
    _, target, count, seconds = sys.argv
    print(uvloop.run(_save(target, int(count), float(seconds))))
