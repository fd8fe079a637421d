"""A clock that a test moves."""

import datetime as dt
import time

from statekeeper.times import Span, to_timedelta


class MovableClock:
    """Shows the system's time, and what a test has added to it."""

    def __init__(self) -> None:
        self._ahead_us = 0

    def now_us(self) -> int:
        """Gives the microseconds since the epoch."""
        return time.time_ns() // 1_000 + self._ahead_us

    def advance(self, span: Span) -> None:
        """Lets time pass at once.

        Args:
            span: How much; a timedelta or seconds.

        Raises:
            InvalidRequestError: It is negative: a server's time never goes back.
        """
        self._ahead_us += to_timedelta(span, "span") // dt.timedelta(microseconds=1)
