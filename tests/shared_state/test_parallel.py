"""Members at work at the same time: no write and no access is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from statekeeper import AsyncClient, AsyncStateManager
from statekeeper.shared.access import RECENT_MAX, AccessOperation
from statekeeper.testing import TestServer

MEMBERS = 32
ROUNDS = [20, pytest.param(1_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])]


async def in_parallel(work: Callable[[int], Awaitable[None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(MEMBERS):
            group.create_task(_run(work, number))


async def _run(work: Callable[[int], Awaitable[None]], number: int) -> None:
    await work(number)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_b97_members_that_write_different_keys_lose_nothing(
    server: TestServer, execution_id: str, rounds: int
) -> None:
    """B97: 32 tasks; each reads its own key and its neighbour's, and writes its own."""
    members: dict[str, Any] = {
        f"m{number}": {
            "use": [f"k{number}", f"k{(number + 1) % MEMBERS}"],
            "set": [f"k{number}"],
        }
        for number in range(MEMBERS)
    }
    async with AsyncClient(server.address, timeout=60) as client:
        sm = client.state_manager(execution_id)
        initial = {f"k{number}": 0 for number in range(MEMBERS)}
        await sm.define_state(
            schema=dict.fromkeys(initial, "integer"), initial=initial, members=members
        )

        async def work(number: int) -> None:
            for round_ in range(1, rounds + 1):
                view = await sm.member(f"m{number}").state
                assert view[f"k{number}"] == round_ - 1
                await sm.member(f"m{number}").set_state({f"k{number}": round_})

        await in_parallel(work)
        await _check(sm, rounds)


async def _check(sm: AsyncStateManager, rounds: int) -> None:
    report = await sm.access_report()
    for number in range(MEMBERS):
        view = await sm.member(f"m{number}").state
        assert view[f"k{number}"] == rounds
        counts = report.counts[f"k{number}"]
        own, neighbour = counts[f"m{number}"], counts[f"m{(number - 1) % MEMBERS}"]
        assert (own.reads, own.writes) == (rounds, rounds)
        assert (neighbour.reads, neighbour.writes) == (rounds, 0)
        assert len(report.access_patterns[f"k{number}"]) == min(RECENT_MAX, 3 * rounds)
    state = await sm.load()
    assert state is not None
    assert state.version == 1 + MEMBERS * rounds


async def test_b97_members_that_write_the_same_key_do_so_in_one_order(
    server: TestServer, execution_id: str
) -> None:
    """B97: the order of the revisions; the last of them is what stays."""
    async with AsyncClient(server.address, timeout=60) as client:
        sm = client.state_manager(execution_id)
        members = {f"m{number}": {"use": ["k"], "set": ["k"]} for number in range(MEMBERS)}
        await sm.define_state(schema={"k": "integer"}, members=members)
        written: dict[int, int] = {}

        async def work(number: int) -> None:
            result = await sm.member(f"m{number}").set_state(k=number)
            written[result.revision] = number

        await in_parallel(work)
        assert len(written) == MEMBERS
        writes = [
            (access.revision, access.member)
            for access in (await sm.access_report()).access_patterns["k"]
            if access.operation is AccessOperation.WRITE
        ]
        assert writes == [(revision, f"m{written[revision]}") for revision in sorted(written)]
        assert await sm.member("m0").state == {"k": written[max(written)]}
