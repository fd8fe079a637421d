"""How long to wait before something is tried again."""

import random
import time
from collections.abc import Callable

_FIRST_S_MAX = 0.01
_LATER_S_MAX = 1.0
# In attempts: so many contenders find room for one attempt each. Few conflicts mean few
# contenders.
_WINDOW_FIRST = 8
_WINDOW_MAX = 64
_WINDOW_S_MAX = 2.0


class Backoff:
    """Exponential, with full jitter: those who met once should not meet again.

    Args:
        timeout_s: For how long to try, from now on.
        monotonic_s: A clock that does not step.
        chance: Gives a number from 0 to 1.
    """

    def __init__(
        self,
        timeout_s: float,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._chance = chance
        self._ends_s = monotonic_s() + timeout_s
        self._delay_s_max = _FIRST_S_MAX

    def delay_s(self) -> float | None:
        """Gives the seconds to wait before the next try; None: no more, time is over."""
        delay_s = self._delay_s_max * self._chance()
        self._delay_s_max = min(2 * self._delay_s_max, _LATER_S_MAX)
        return delay_s if self._monotonic_s() + delay_s < self._ends_s else None


class ConflictBackoff:
    """When to try again what somebody else has got in the way of.

    An attempt succeeds if no other one does between its load and its commit. So what is
    long enough to wait depends on how long attempts take: with many contenders a server
    that is far away, or busy, needs longer waits than one that is near. Waits are spread
    over a window of 8 attempts as long as the last one, then 16, up to 64, but of 2
    seconds at most: no longer than what is left, so that whoever is about to give up
    comes first.

    Args:
        timeout_s: For how long to try, from now on, when the first attempt begins.
        monotonic_s: A clock that does not step.
        chance: Gives a number from 0 to 1.
    """

    def __init__(
        self,
        timeout_s: float,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._chance = chance
        self._began_s = monotonic_s()
        self._ends_s = self._began_s + timeout_s
        self._window = _WINDOW_FIRST

    def delay_s(self) -> float | None:
        """Gives the seconds to wait before the next attempt; None: no more, time is over."""
        now_s = self._monotonic_s()
        if now_s >= self._ends_s:
            return None
        took_s = now_s - self._began_s
        window_s = min(self._window * took_s, _WINDOW_S_MAX, self._ends_s - now_s)
        self._window = min(2 * self._window, _WINDOW_MAX)
        delay_s = window_s * self._chance()
        self._began_s = now_s + delay_s
        return delay_s
