"""The shards of a data folder: which execution lives where, and whether all serve."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar
from zlib import crc32

from statekeeper_server.clock import Clock
from statekeeper_server.folder import DataFolder
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.store.writer import Rules
from statekeeper_server.worker import QueueLimits, Worker


class _HasRow(Protocol):
    """What writes an execution."""

    @property
    def row(self) -> bytes:
        """Key of the execution's head."""
        ...


_W = TypeVar("_W", bound=_HasRow)


class Shards:
    """The workers of a data folder, opened on the running loop.

    Args:
        folder: whose shards to open.
        clock: the time for all of them.
        rules: what holds for all executions.
        queue_limits: how much may wait for each.
        on_service_change: called with whether all shards are in service, when that of
            one has changed.

    Raises:
        EngineBrokenError: a shard cannot be opened.
    """

    def __init__(
        self,
        folder: DataFolder,
        clock: Clock,
        rules: Rules,
        queue_limits: QueueLimits,
        on_service_change: Callable[[bool], None],
    ) -> None:
        def report() -> None:
            on_service_change(all(worker.in_service for worker in self._workers))

        self._workers = [
            Worker(
                f"shard {number}",
                folder.shard(number),
                clock=clock,
                rules=rules,
                queue_limits=queue_limits,
                on_service_change=report,
            )
            for number in range(folder.format.shards)
        ]

    def of(self, key: ExecutionKey) -> Worker:
        """The shard of an execution. The hash is on disk in effect: it never changes."""
        return self.of_row(key.row)

    def of_row(self, row: bytes) -> Worker:
        """The same, by the key of its head."""
        return self._workers[crc32(row) % len(self._workers)]

    def divide(self, writes: list[_W]) -> list[tuple[Worker, list[_W]]]:
        """Each shard that has some of these, and which these are, in their order."""
        if len(self._workers) == 1:
            return [(self._workers[0], writes)]
        parts: dict[Worker, list[_W]] = {}
        for write in writes:
            parts.setdefault(self.of_row(write.row), []).append(write)
        return list(parts.items())

    def at(self, placement: int) -> Worker:
        """The shard of all executions that have this hash."""
        return self._workers[placement % len(self._workers)]

    def __iter__(self) -> Iterator[Worker]:
        return iter(self._workers)

    def drain(self) -> None:
        """Let nobody wait for a lock any longer."""
        for worker in self._workers:
            worker.drain()

    async def stop(self) -> None:
        """Commit what waits in all shards, then close them."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))
