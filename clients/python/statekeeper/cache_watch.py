"""Keeps a client's cache from giving out what others have replaced."""

import math
import threading

from statekeeper.backoff import Backoff
from statekeeper.cache import Cache
from statekeeper.calls import changed_key, watch_cached
from statekeeper.channel import Channel
from statekeeper.errors import StateError
from statekeeper.watch import Watch


class CacheWatch:
    """Watches the namespaces of which a cache has copies, each in a thread of its own.

    Args:
        channel: The client's.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, cache: Cache, namespace: str) -> None:
        """Begins to tell a cache what changes in a namespace, and returns at once."""
        thread = threading.Thread(
            target=self._keep, args=(cache, namespace), name="statekeeper-cache", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Waits for the end of the watches, which the end of their channel brings."""
        self._closed.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, cache: Cache, namespace: str) -> None:
        backoff = Backoff(math.inf)
        while not self._closed.is_set():
            try:
                # A watch that breaks ends, because the cache has to begin anew then.
                with Watch(self._channel, watch_cached(namespace)).begin() as events:
                    cache.watch_stands(namespace)
                    backoff = Backoff(math.inf)
                    for event in events:
                        if (change := changed_key(event)) is not None:
                            cache.changed(*change)
            except (StateError, RuntimeError):
                cache.watch_broke(namespace)
                self._closed.wait(backoff.delay_s() or 0)
