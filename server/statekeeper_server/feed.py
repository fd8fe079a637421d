"""What a shard commits, handed to whoever follows it on the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
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
            self._call(follower.take, appended)

    def interrupt(self) -> None:
        """Say that it is not known what was committed; from any thread."""
        follower = self.follower
        if follower is not None:
            self._call(follower.lose)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        # What is committed is committed, though nobody may be there any more to hear of it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)
