"""Nobody reads an engine that is being closed."""

import threading

from statekeeper_server.readers import Readers

_DEADLINE_S = 30.0


def test_nobody_is_let_in_before_it_is_said() -> None:
    readers = Readers()

    assert not readers.enter()
    readers.admit()
    assert readers.enter()


def test_nobody_is_let_in_once_dismissed() -> None:
    readers = Readers()
    readers.admit()
    readers.dismiss()

    assert not readers.admitted
    assert not readers.enter()
    readers.wait_until_gone()


def test_who_closes_waits_for_those_who_are_in() -> None:
    readers = Readers()
    readers.admit()
    assert readers.enter()
    assert readers.enter()
    readers.dismiss()
    gone = threading.Event()
    order: list[str] = []

    def close() -> None:
        readers.wait_until_gone()
        order.append("closed")
        gone.set()

    thread = threading.Thread(target=close)
    thread.start()
    readers.leave()
    order.append("one left")
    assert not gone.is_set()
    order.append("the other leaves")
    readers.leave()
    assert gone.wait(_DEADLINE_S)
    thread.join()
    assert order == ["one left", "the other leaves", "closed"]


def test_who_was_refused_is_not_waited_for() -> None:
    readers = Readers()
    readers.admit()
    readers.dismiss()
    for _ in range(3):
        assert not readers.enter()
    readers.wait_until_gone()


def test_many_come_and_go_while_it_opens_and_closes() -> None:
    """Whoever is in finds it open, always."""
    readers = Readers()
    is_open = False
    ended = threading.Event()
    found: list[bool] = []

    def read() -> None:
        while not ended.is_set():
            if readers.enter():
                found.append(is_open)
                readers.leave()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        is_open = True
        readers.admit()
        readers.dismiss()
        readers.wait_until_gone()
        is_open = False
    ended.set()
    for thread in threads:
        thread.join()

    assert all(found)
