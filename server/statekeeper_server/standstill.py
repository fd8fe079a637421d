"""Holding the event loop still while another thread works.

Two Python threads that both have work cost each other dearly: every call into the
engine lets go of the interpreter, the loop takes it, and the worker waits to get it
back, twice a context switch for a microsecond's work. A short standstill of the loop
costs one switch there and back for a whole batch (measured in docs/performance.md).
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# A loop that is busy with something long is not waited for.
_PATIENCE_S = 0.002


@contextmanager
def standstill(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Keep a loop of another thread from running, for a short while.

    Nothing depends on it: when the loop does not come to rest soon, both go on.
    """
    resting, over = threading.Lock(), threading.Lock()
    resting.acquire()
    over.acquire()

    def rest() -> None:
        resting.release()
        over.acquire()

    with suppress(RuntimeError):  # it has ended
        loop.call_soon_threadsafe(rest)
        resting.acquire(timeout=_PATIENCE_S)
    try:
        yield
    finally:
        over.release()
