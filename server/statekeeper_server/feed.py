"""What a shard commits, handed to whoever follows it on the event loop."""

import asyncio
from typing import Protocol

from statekeeper_server.store.writer import Appended


class Follower(Protocol):
    """Follows a shard; called on the event loop."""

    def take(self, appended: Appended) -> None:
        """Take what a commit has added to the log, in the order of the commits."""
        ...

    def lose(self) -> None:
        """Nothing more comes: what the log ends with is not known, as the medium failed."""
        ...


class Feed:
    """From the thread that commits to the event loop; costs next to nothing without a follower.

    Args:
        loop: where the follower is called.

    Attributes:
        follower: who follows. Whoever becomes it gets all that is committed from then on,
            and maybe a little of what was before.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.follower: Follower | None = None

    def publish(self, appended: Appended) -> None:
        """Hand over what a commit has added to the log; after each, from any thread."""
        follower = self.follower
        if follower is not None:
            self._loop.call_soon_threadsafe(follower.take, appended)

    def interrupt(self) -> None:
        """Say that it is not known what was committed; from any thread."""
        follower = self.follower
        if follower is not None:
            self._loop.call_soon_threadsafe(follower.lose)
