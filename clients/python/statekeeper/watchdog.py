"""Ends what was waited for too long, where the waiting itself knows no end."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator

# The thread stays for a while when nobody waits, because the next will as a rule.
_LINGER_S = 1.0


class Watchdog:
    """Calls for an end of what lasts too long.

    gRPC's sync streams wait for the next message for as long as it takes; all that
    another thread can do is cancel the call. That thread is one for all who wait, and is
    there only while somebody waits, or did a second ago.

    Args:
        monotonic_s: A clock that does not step.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._changed = threading.Condition()
        self._ends: dict[object, tuple[float, Callable[[], object]]] = {}
        self._thread: threading.Thread | None = None
        self._wakes_s = math.inf

    @contextlib.contextmanager
    def limit(self, wait_s: float, end: Callable[[], object]) -> Iterator[None]:
        """Calls `end`, in another thread, if the block lasts longer than this.

        Args:
            wait_s: How many seconds the block may last.
            end: Ends what the block waits for; must not raise.
        """
        waiter = object()
        ends_s = self._monotonic_s() + wait_s
        with self._changed:
            self._ends[waiter] = (ends_s, end)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="statekeeper-watchdog", daemon=True
                )
                self._thread.start()
            elif ends_s < self._wakes_s:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._ends.pop(waiter, None)

    def _watch(self) -> None:
        lingers = False
        while True:
            with self._changed:
                if not self._ends and lingers:
                    self._thread = None
                    return
                now_s = self._monotonic_s()
                lingers = not self._ends
                self._wakes_s = min((ends_s for ends_s, _ in self._ends.values()), default=math.inf)
                self._changed.wait(min(self._wakes_s - now_s, _LINGER_S))
                now_s = self._monotonic_s()
                over = [waiter for waiter, (ends_s, _) in self._ends.items() if ends_s <= now_s]
                ends = [self._ends.pop(waiter)[1] for waiter in over]
            for end in ends:
                end()
