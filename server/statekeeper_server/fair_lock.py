"""A lock that whoever has just had it does not take from somebody who waits."""

import threading
from types import TracebackType


class FairLock:
    """For two threads, to be used in a `with`; one waits for no more than one turn of the other.

    A lock of Python's that is released goes to whoever asks next. That is the thread that
    released it, if it asks at once: the other one has yet to wake up.
    """

    def __init__(self) -> None:
        # Who waits has the first, so that nobody else can ask for the second.
        self._asking = threading.Lock()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._asking:
            self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._lock.release()
