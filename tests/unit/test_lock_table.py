"""The table of who holds locks and when to look at them."""

from statekeeper_server.store.lock_table import Grant, LockState, LockTable, Waiter
from tests.support.chance import chance


def held_until(deadline_us: int) -> Grant:
    return Grant("owner", 1, 1, deadline_us, deadline_us, exclusive=False)


def test_it_tells_what_is_due_next() -> None:
    """B57: whatever was put, renewed and released before."""
    dice = chance(1)
    table = LockTable([])
    wanted: dict[bytes, int] = {}
    for n in range(5_000):
        row = b"%d" % dice.randrange(20)
        if dice.random() < 0.3:
            wanted.pop(row, None)
            table.absorb({row: LockState()})
        else:
            due_us, wait_us = dice.randrange(1_000), dice.randrange(2_000)
            wanted[row] = min(due_us, wait_us)
            waiter = Waiter(request=None, deadline_us=wait_us)
            table.absorb({row: LockState(held_until(due_us), (waiter,))})
        assert table.next_due_us() == min(wanted.values(), default=None)
        assert sorted(table.due(500)) == sorted(row for row, due in wanted.items() if due <= 500)
        assert table.waiting == len(wanted), n


def test_renewals_take_no_room() -> None:
    """B80: a lock that is renewed all day behind one that is held all day."""
    table = LockTable([(b"long", held_until(10))])
    for n in range(10_000):
        table.absorb({b"renewed": LockState(held_until(11 + n))})

    assert table.next_due_us() == 10
    assert len(table._heap) < 100
