"""Whether the event loop has better to do than to hand over a batch.

A commit costs much the same for one operation as for fifty. While the loop is busy,
more operations are coming and waiting costs nobody time: the loop would not get to the
answers any sooner. Once it has time to spare, whoever is waiting is all there is.

A loop that has hardly anything to do is not worth holding still either, while a batch is
applied: see `standstill.py`.
"""

import time

# The share of a core beyond which the loop counts as busy. With less, a handful of
# callers would be made to wait for each other; of many, more are always on their way.
_BUSY_SHARE = 0.7
_BUSY_SHARE_OF_MANY = 0.5
_MANY = 40
# Below that it has hardly anything to do.
_IDLE_SHARE = 0.3
# The most that an operation is held back for others to join it.
_HOLD_S_MAX = 0.003


class Pace:
    """Watches the loop that it is called on, from one hand-over to the next.

    Attributes:
        idles: whether the loop had hardly anything to do lately.
    """

    def __init__(self) -> None:
        self.idles = False
        self._cpu_s = time.thread_time()
        self._time_s = time.monotonic()
        self._holding_since_s: float | None = None

    def hold(self, callers: int) -> bool:
        """Whether to wait for more; ask again a millisecond later.

        Args:
            callers: how many are known: those who wait, and those answered lately.
        """
        cpu_s, time_s = time.thread_time(), time.monotonic()
        share = _BUSY_SHARE if callers < _MANY else _BUSY_SHARE_OF_MANY
        used_s, passed_s = cpu_s - self._cpu_s, time_s - self._time_s
        busy = used_s > passed_s * share
        self.idles = used_s < passed_s * _IDLE_SHARE
        self._cpu_s, self._time_s = cpu_s, time_s
        if self._holding_since_s is None:
            self._holding_since_s = time_s
        if busy and time_s - self._holding_since_s < _HOLD_S_MAX:
            return True
        self._holding_since_s = None
        return False
