"""The order of operations on one execution that came together: a line for each execution."""

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from statekeeper_server.write_group import WriteGroup


class Line:
    """The entries on one execution: those under way, and those that wait for them.

    Attributes:
        row: the execution.
        under_way: how many are, groups that write it among them.
        alone: whether the one under way must end before any other begins.
        advancing: whether those that wait are being begun just now.
        waiting: those that wait; None: nobody ever did, as mostly.
    """

    __slots__ = ("advancing", "alone", "row", "under_way", "waiting")

    def __init__(self, row: bytes) -> None:
        self.row = row
        self.under_way = 0
        self.alone = False
        self.advancing = False
        self.waiting: deque[Any] | None = None

    def wait(self, entry: "Entry") -> None:
        """Have an entry wait, behind the others."""
        if self.waiting is None:
            self.waiting = deque()
        self.waiting.append(entry)


class Entry(Protocol):
    """What stands in a line.

    Attributes:
        row: its execution.
        line: where it stands; None: nowhere any more.
        is_simple: whether its shard keeps the order, if it is begun while others are under way
            that are simple, too.
    """

    row: bytes
    line: Line | None
    is_simple: bool


E = TypeVar("E", bound=Entry)


class Lines(Generic[E]):
    """All lines of a batch or a stream.

    Args:
        begin: begins an entry.
    """

    def __init__(self, begin: Callable[[E], None]) -> None:
        self._begin = begin
        self._lines: dict[bytes, Line] = {}
        # Where groups stand: only where they meet others, as mostly they do not.
        self._groups: dict[WriteGroup, list[Line]] = {}

    def enter(self, entry: E) -> None:
        """Begin an entry, as soon as those before it let it."""
        line = self._lines.get(entry.row)
        if line is None:
            line = self._lines[entry.row] = Line(entry.row)
            for group, lines in self._groups.items():
                if entry.row in group.rows:
                    line.under_way += 1
                    lines.append(line)
        entry.line = line
        if line.waiting or (line.under_way and (line.alone or not entry.is_simple)):
            line.wait(entry)
        else:
            self._launch(entry, line)

    def leave(self, entry: E) -> None:
        """An entry has had its turn; harmless when it has left."""
        line, entry.line = entry.line, None
        if line is not None:
            self._leave(line)

    def begin_group(self, group: WriteGroup, begin: Callable[[WriteGroup], None]) -> bool:
        """Begin a group; False, and it is not begun, where it would have to wait."""
        lines = []
        if self._lines:
            lines = [line for row in group.rows if (line := self._lines.get(row))]
        if any(line.waiting or line.alone for line in lines):
            return False
        begin(group)
        for line in lines:
            line.under_way += 1
        self._groups[group] = lines
        return True

    def leave_group(self, group: WriteGroup) -> None:
        """It is done."""
        for line in self._groups.pop(group):
            self._leave(line)

    def _launch(self, entry: E, line: Line) -> None:
        line.under_way += 1
        line.alone = not entry.is_simple
        self._begin(entry)

    def _leave(self, line: Line) -> None:
        line.under_way -= 1
        if not line.under_way and not line.advancing:
            if line.waiting:
                self._advance(line, line.waiting)
            else:
                del self._lines[line.row]

    def _advance(self, line: Line, waiting: "deque[E]") -> None:
        """Begin those that wait, as far as they can go together."""
        line.advancing = True
        while waiting:
            if line.under_way and (line.alone or not waiting[0].is_simple):
                break
            self._launch(waiting.popleft(), line)
        line.advancing = False
        if not line.under_way:
            del self._lines[line.row]
