"""A lock that goes round."""

import threading

import pytest

from statekeeper_server.fair_lock import FairLock

_DEADLINE_S = 30.0


def test_who_waits_gets_it_before_who_has_just_had_it() -> None:
    lock = FairLock()
    has_it, asks = threading.Event(), threading.Event()
    turns: list[str] = []

    def wait() -> None:
        assert has_it.wait(_DEADLINE_S)
        asks.set()
        with lock:
            turns.append("who waits")

    thread = threading.Thread(target=wait)
    thread.start()
    with lock:
        has_it.set()
        assert asks.wait(_DEADLINE_S)
        while not lock._asking.locked():
            pass
        turns.append("who has it")
    # At once, while the other one has yet to wake up.
    with lock:
        turns.append("who had it")
    thread.join(_DEADLINE_S)

    assert turns == ["who has it", "who waits", "who had it"]


def test_one_has_it_at_a_time() -> None:
    lock = FairLock()
    inside = most = 0

    def take_turns() -> None:
        nonlocal inside, most
        for _ in range(2_000):
            with lock:
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=take_turns) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_DEADLINE_S)

    assert (most, inside) == (1, 0)


def test_it_is_given_back_by_what_is_raised() -> None:
    lock = FairLock()
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock:
        pass
