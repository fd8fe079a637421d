"""How many saves the client makes in a second."""

import asyncio
import itertools
import random
import string
import time
from typing import Any

from statekeeper import AsyncClient

from .session import Command, Session

_LETTERS = string.ascii_letters + string.digits + "+/"
_TEXT_LETTERS = 1_022
_EXECUTIONS_EACH = 16


async def measure(_session: Session, command: Command) -> Any:
    """Saves from so many tasks for so long."""
    states = [{"status": "running", "context": {"state": _text()}} for _ in range(2)]
    ends_s = 0.0

    async def work(client: AsyncClient, number: int) -> int:
        first = number * _EXECUTIONS_EACH
        names = [f"execution-{first + each}" for each in range(_EXECUTIONS_EACH)]
        handles = [client.state_manager(name) for name in names]
        done = 0
        for state, sm in itertools.cycle(itertools.product(states, handles)):
            if time.perf_counter() >= ends_s:
                break
            await sm.save(state)
            done += 1
        return done

    async with AsyncClient(command["target"]) as client:
        await client.state_manager("execution-0").load()
        began_s = time.perf_counter()
        ends_s = began_s + command["seconds"]
        calls = sum(await asyncio.gather(*(work(client, n) for n in range(command["callers"]))))
        return {"calls": calls, "seconds": time.perf_counter() - began_s}


def _text() -> str:
    return "".join(random.choices(_LETTERS, k=_TEXT_LETTERS))  # noqa: S311 - no secret
