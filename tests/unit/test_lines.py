"""Operations on one execution that came together keep their order."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from statekeeper_server.errors import OverloadedError
from statekeeper_server.lines import Line, Lines


@dataclass
class Entry:
    """Implements `lines.Entry`."""

    name: str
    row: bytes
    is_simple: bool = True
    line: Line | None = None


@dataclass(eq=False)
class Group:
    """What the lines know of a group."""

    rows: frozenset[bytes]


@dataclass
class Begun:
    """Lines, and the names of what they have begun."""

    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines: Lines[Entry] = Lines(lambda entry: self.names.append(entry.name))

    def enter(self, name: str, row: bytes = b"a", *, is_simple: bool = True) -> Entry:
        """Enter an entry."""
        entry = Entry(name, row, is_simple)
        self.lines.enter(entry)
        return entry

    def enter_group(self, *rows: bytes) -> Any:
        """Enter a group; None: it is not begun."""
        group: Any = Group(frozenset(rows))
        return group if self.lines.begin_group(group, lambda _: None) else None


@pytest.fixture
def begun() -> Begun:
    """Lines without an entry."""
    return Begun()


def test_simple_ones_are_begun_one_behind_the_other(begun: Begun) -> None:
    begun.enter("first")
    begun.enter("second")
    assert begun.names == ["first", "second"]


def test_what_is_not_simple_waits_for_all_before_it_and_all_after_it_for_that(
    begun: Begun,
) -> None:
    first, second = begun.enter("first"), begun.enter("second")
    read = begun.enter("read", is_simple=False)
    begun.enter("third")
    begun.enter("other", b"b")
    begun.lines.leave(first)
    assert begun.names == ["first", "second", "other"]
    begun.lines.leave(second)
    assert begun.names == ["first", "second", "other", "read"]
    begun.lines.leave(read)
    assert begun.names == ["first", "second", "other", "read", "third"]


def test_a_read_waits_for_the_groups_that_write_its_execution(begun: Begun) -> None:
    one, two, other = (begun.enter_group(*rows) for rows in ((b"a", b"b"), (b"a",), (b"c",)))
    read = begun.enter("read", is_simple=False)
    begun.enter("write")
    begun.lines.leave_group(two)
    begun.lines.leave_group(other)
    assert begun.names == []
    begun.lines.leave_group(one)
    assert begun.names == ["read"]
    begun.lines.leave(read)
    assert begun.names == ["read", "write"]


def test_a_write_behind_a_group_does_not_wait(begun: Begun) -> None:
    group = begun.enter_group(b"a")
    write = begun.enter("write")
    begun.enter("read", is_simple=False)
    assert begun.names == ["write"]
    begun.lines.leave_group(group)
    assert begun.names == ["write"]
    begun.lines.leave(write)
    assert begun.names == ["write", "read"]


def test_a_group_behind_writes_does_not_wait_and_is_waited_for(begun: Begun) -> None:
    write = begun.enter("write")
    group = begun.enter_group(b"a", b"b")
    begun.enter("read", is_simple=False)
    begun.lines.leave(write)
    assert begun.names == ["write"]
    begun.lines.leave_group(group)
    assert begun.names == ["write", "read"]


def test_a_group_that_would_have_to_wait_is_not_begun(begun: Begun) -> None:
    read = begun.enter("read", is_simple=False)
    assert begun.enter_group(b"b", b"a") is None
    assert begun.enter_group(b"b") is not None
    begun.enter("write")
    begun.lines.leave(read)
    assert begun.names == ["read", "write"]
    assert begun.enter_group(b"a") is not None


def test_a_group_that_is_refused_leaves_no_trace(begun: Begun) -> None:
    def refuse(_: object) -> None:
        raise OverloadedError("too much is waiting")

    group: Any = Group(frozenset((b"a",)))
    write = begun.enter("write")
    with pytest.raises(OverloadedError):
        begun.lines.begin_group(group, refuse)
    begun.enter("read", is_simple=False)
    begun.lines.leave(write)
    assert begun.names == ["write", "read"]


def test_what_has_left_leaves_nothing_behind(begun: Begun) -> None:
    entries = [begun.enter("entry", row) for row in (b"a", b"a", b"b")]
    group = begun.enter_group(b"a", b"c")
    for entry in entries:
        begun.lines.leave(entry)
        begun.lines.leave(entry)
    begun.lines.leave_group(group)
    assert vars(begun.lines) | {"_begin": None} == {"_begin": None, "_lines": {}, "_groups": {}}
