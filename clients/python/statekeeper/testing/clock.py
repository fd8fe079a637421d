"""A clock that a test moves."""

import datetime as dt
import time
from collections.abc import Callable

from statekeeper.times import Span, to_timedelta


class MovableClock:
    """Shows the system's time, and what a test has added to it."""

    def __init__(self) -> None:
        self._ahead_us = 0
        self._subscribers: list[Callable[[], None]] = []

    def now_us(self) -> int:
        """Gives the microseconds since the epoch."""
        return time.time_ns() // 1_000 + self._ahead_us

    def monotonic_us(self) -> int:
        """Gives the microseconds since some moment."""
        return time.monotonic_ns() // 1_000 + self._ahead_us

    def subscribe(self, moved: Callable[[], None]) -> None:
        """Has `moved` called, by whoever moves the clock, after each time."""
        self._subscribers.append(moved)

    def unsubscribe(self, moved: Callable[[], None]) -> None:
        """Has it called no more."""
        self._subscribers.remove(moved)

    def advance(self, span: Span) -> None:
        """Lets time pass at once.

        Args:
            span: How much; a timedelta or seconds.

        Raises:
            InvalidRequestError: It is negative: a server's time never goes back.
        """
        self._ahead_us += to_timedelta(span, "span") // dt.timedelta(microseconds=1)
        for moved in tuple(self._subscribers):
            moved()
