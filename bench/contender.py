"""Who contends for a lock."""

from typing import Protocol

WAITERS = 32
CONTENDERS = WAITERS + 1


class Contender(Protocol):
    """A caller that can take a lock and give it back."""

    async def lock(self) -> None:
        """Wait for it."""
        ...

    async def unlock(self) -> None:
        """Release it."""
        ...
