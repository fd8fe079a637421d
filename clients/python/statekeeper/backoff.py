"""How long to wait before something is tried again."""

import random
import time
from collections.abc import Callable

_FIRST_S_MAX = 0.01
_LATER_S_MAX = 1.0


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
