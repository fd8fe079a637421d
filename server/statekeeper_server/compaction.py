"""Compactions: what is due to be forgotten goes now, in steps between what others write."""

import asyncio
from collections import Counter
from typing import NamedTuple

from statekeeper_server.errors import OverloadedError, StorageError
from statekeeper_server.logs import get_logger
from statekeeper_server.operations.compact import Chore, CompactPlace, CompactStep, compact
from statekeeper_server.shards import Shards
from statekeeper_server.worker import Worker

_log = get_logger(__name__)

_RETRY_S = 1.0
# A step waits so long where too much waits already.
_OVERLOAD_WAIT_S = 0.1
_REST_POLL_S = 0.02
_REST_POLLS_MAX = 50


class Compaction(NamedTuple):
    """A compaction that is done.

    Attributes:
        used_bytes_before: bytes of the files that held something, about.
        used_bytes_after: the same, after it.
        file_bytes: bytes of the files, after it.
    """

    used_bytes_before: int
    used_bytes_after: int
    file_bytes: int


Removed = Counter[Chore]
"""What was removed: of executions how many, otherwise rows."""


class Compactions:
    """Compacts the shards, one compaction at a time. Of the event loop.

    Args:
        shards: what to compact.
    """

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._under_way = False
        self._draining = False

    def drain(self) -> None:
        """Begin no step more."""
        self._draining = True

    async def run(self, removed: Removed) -> Compaction:
        """Compact all shards, one after the other.

        When it is cancelled or fails, what it has removed until then is gone.

        Args:
            removed: is told of each step.

        Raises:
            OverloadedError: another compaction is under way.
            StorageError: a shard is out of service, or the server stops.
            StorageFullError: there is no room to remove anything.
        """
        if self._under_way:
            raise OverloadedError("another compaction is under way", retry_after_s=_RETRY_S)
        self._under_way = True
        try:
            used_before, _ = await asyncio.to_thread(self._usage)
            for shard in self._shards:
                await self._compact(shard, removed)
            await self._rest()
            compaction = Compaction(used_before, *await asyncio.to_thread(self._usage))
        finally:
            self._under_way = False
        told = {chore.name.lower(): removed[chore] for chore in Chore}
        _log.info("compacted", **told, used_bytes=compaction.used_bytes_after)
        return compaction

    async def _compact(self, shard: Worker, removed: Removed) -> None:
        loop = asyncio.get_running_loop()
        place: CompactPlace | None = CompactPlace()
        while place is not None:
            if self._draining:
                raise StorageError("the server is stopping: the compaction has ended before")
            step = CompactStep(place)
            began_s = loop.time()
            try:
                await shard.apply(compact, step)
            except OverloadedError:
                await asyncio.sleep(_OVERLOAD_WAIT_S)
                continue
            removed[place.chore] += step.removed
            place = step.next_place
            # Others have the shard for as long as this had it.
            await asyncio.sleep(loop.time() - began_s)

    async def _rest(self) -> None:
        """Let what was removed leave the files; where much is written that is not waited for."""
        for _ in range(_REST_POLLS_MAX):
            if all(shard.rests for shard in self._shards):
                return
            await asyncio.sleep(_REST_POLL_S)

    def _usage(self) -> tuple[int, int]:
        usages = [shard.usage() for shard in self._shards]
        return sum(usage.used_bytes for usage in usages), sum(usage.file_bytes for usage in usages)
