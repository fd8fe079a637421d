"""What time it is, passed in wherever time matters, so that tests can move it."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        ...

    def monotonic_us(self) -> int:
        """Microseconds since some moment; never steps, unlike the machine's time of day."""
        ...

    def subscribe(self, moved: Callable[[], None]) -> None:
        """Call `moved` whenever time has passed faster than it does by itself."""
        ...

    def unsubscribe(self, moved: Callable[[], None]) -> None:
        """Call it no more."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000

    def monotonic_us(self) -> int:
        """Microseconds since some moment."""
        return time.monotonic_ns() // 1_000

    def subscribe(self, moved: Callable[[], None]) -> None:
        """Nothing to tell: its waits are over when they are over."""

    def unsubscribe(self, moved: Callable[[], None]) -> None:
        """Nothing to end."""
