"""Keeps an asyncio client's cache from giving out what others have replaced."""

import asyncio
import math

from statekeeper.aio_channel import AioChannel
from statekeeper.aio_watch import AsyncWatch
from statekeeper.backoff import Backoff
from statekeeper.cache import Cache
from statekeeper.calls import changed_key, watch_cached
from statekeeper.errors import StateError


class AioCacheWatch:
    """Watches the namespaces of which a cache has copies, each in a task of its own.

    Args:
        channel: The client's.
    """

    def __init__(self, channel: AioChannel) -> None:
        self._channel = channel
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, cache: Cache, namespace: str) -> None:
        """Begins to tell a cache what changes in a namespace, and returns at once."""
        task = asyncio.get_running_loop().create_task(self._keep(cache, namespace))
        self._tasks.append(task)

    async def close(self) -> None:
        """Ends the watches."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, cache: Cache, namespace: str) -> None:
        backoff = Backoff(math.inf)
        while not self._channel.closed:
            try:
                # A watch that breaks ends, because the cache has to begin anew then.
                async with AsyncWatch(self._channel, watch_cached(namespace)) as events:
                    cache.watch_stands(namespace)
                    backoff = Backoff(math.inf)
                    async for event in events:
                        if (change := changed_key(event)) is not None:
                            cache.changed(*change)
            except (StateError, RuntimeError):
                cache.watch_broke(namespace)
                await asyncio.sleep(backoff.delay_s() or 0)
