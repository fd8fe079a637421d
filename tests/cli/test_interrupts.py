"""What waits in another thread, so that an interrupt meets nothing of gRPC's."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import count, islice

import pytest

from statekeeper_cli.interrupts import read_apart

_DEADLINE_S = 30.0


class Source:
    """Numbers that never end, unless it is closed, of which the last is waited for in vain."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.threads: set[threading.Thread] = set()
        self.given = 0
        self.left = threading.Event()
        self._numbers = numbers
        self._closed = threading.Event()

    @contextmanager
    def begin(self) -> Generator[Iterator[int], None, None]:
        try:
            yield self._give()
        finally:
            self.left.set()

    def close(self) -> None:
        self._closed.set()

    def _give(self) -> Iterator[int]:
        for number in self._numbers:
            self.threads.add(threading.current_thread())
            self.given += 1
            yield number
        assert self._closed.wait(_DEADLINE_S)


def test_all_is_given_in_order_and_read_by_another_thread() -> None:
    source = Source(iter(range(1_000)))
    with closing(read_apart(source.begin, source.close)) as numbers:
        assert list(islice(numbers, 1_000)) == list(range(1_000))
    assert source.left.is_set()
    assert threading.current_thread() not in source.threads


def test_who_has_seen_enough_ends_the_reader_which_was_not_far_ahead() -> None:
    source = Source(count())
    with closing(read_apart(source.begin, source.close)) as numbers:
        assert list(islice(numbers, 5)) == list(range(5))
    assert source.left.wait(_DEADLINE_S)
    assert source.given <= 5 + 101


def test_an_interrupt_ends_what_is_waited_for() -> None:
    source = Source(iter((1,)))

    def take() -> None:
        with closing(read_apart(source.begin, source.close)) as numbers:
            assert next(numbers) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take()
    assert source.left.is_set()


def test_what_goes_wrong_there_is_raised_here() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise OSError("it broke")

    source = Source(fail())
    numbers = read_apart(source.begin, source.close)
    assert next(numbers) == 1
    with pytest.raises(OSError, match="it broke"):
        next(numbers)
    assert source.left.is_set()
