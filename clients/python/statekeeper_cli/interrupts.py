"""Waiting for what gRPC gives so that an interrupt does no harm.

An interrupt is an exception between any two steps of the main thread. gRPC's locks do not
bear it there: the program would end with an error of theirs, or wait for ever for one that
nobody gives back. So another thread calls gRPC, and the main one waits in a queue.
"""

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

_T = TypeVar("_T")
# So many are read before they are taken.
_AHEAD = 100
# An interrupt that comes just before a wait is noticed only after it.
_LOOK_S = 0.2
_END_S = 5.0


@dataclass(frozen=True)
class _End:
    """There is no more, and why."""

    error: BaseException | None = None


def read_apart(
    begin: Callable[[], AbstractContextManager[Iterable[_T]]], end: Callable[[], None]
) -> Generator[_T, None, None]:
    """Gives what another thread reads; to be closed.

    Args:
        begin: Gives what there is to read; called in that thread.
        end: Ends what that thread waits for, from this one.
    """
    read: SimpleQueue[_T | _End] = SimpleQueue()
    # What a reader may go on by: unlike a semaphore it bears an interrupt.
    turns: SimpleQueue[_End | None] = SimpleQueue()

    def read_all() -> None:
        try:
            with begin() as items:
                for item in items:
                    read.put(item)
                    if turns.get() is not None:
                        return
        except BaseException as error:  # noqa: BLE001 - raised in the other thread
            read.put(_End(error))
        else:
            read.put(_End())

    for _ in range(_AHEAD):
        turns.put(None)
    thread = threading.Thread(target=read_all, name="statekeeper-reader", daemon=True)
    thread.start()
    try:
        while not isinstance(item := _get(read), _End):
            yield item
            turns.put(None)
        if item.error is not None:
            raise item.error
    finally:
        turns.put(_End())
        end()
        thread.join(_END_S)


def _get(queue: SimpleQueue[_T]) -> _T:
    while True:
        with suppress(Empty):
            return queue.get(timeout=_LOOK_S)
