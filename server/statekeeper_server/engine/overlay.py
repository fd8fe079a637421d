"""What was committed and is not in the tables yet, over a snapshot of them.

One thread writes it, any may read it meanwhile without waiting: each value has the number
of the commit that it came with, and what it took the place of.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from statekeeper_server.engine import Cursor, ReadTransaction, Table
from statekeeper_server.engine.changes import Changes, ListedChanges, Places, Row, Version
from statekeeper_server.engine.newest import newest
from statekeeper_server.native_part import native

if TYPE_CHECKING:
    from statekeeper_server._native import Layer, SortedLayer

# Behind every key.
_END = b"\xff" * 512
# Keys are sorted in among so many, and these now and then among the others.
_LATELY_MAX = 1024


class Overlay:
    """The rows of the commits since the tables were written last.

    Args:
        base: number of the tables' transaction.

    Attributes:
        base: see there.
        commits: how many there are; a reader sees as many as there were when it began.
        size_bytes: what their rows take.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self.commits = 0
        self.size_bytes = 0
        self._versions: tuple[dict[bytes, Version], ...] = tuple({} for _ in Table)
        # Their keys, in the order in which they came.
        self._keys: tuple[list[bytes], ...] = tuple([] for _ in Table)
        # Of those the first so many, sorted: most of them, and what came lately.
        self._sorted: list[tuple[int, list[bytes], list[bytes]]] = [(0, [], []) for _ in Table]
        self._places: Places = {}

    @classmethod
    def of(cls, base: int, commits: list[list[Row]]) -> "Overlay":
        """One that has these commits."""
        overlay = cls(base)
        for rows in commits:
            changes = overlay.changes()
            for table, key, value in rows:
                if value is None:
                    changes.delete(table, key)
                else:
                    changes.put(table, key, value)
            overlay.count(changes)
        return overlay

    def changes(self) -> Changes:
        """Takes what the next commit changes; it is seen once that is counted."""
        kind = native.Changes if native else ListedChanges
        return kind(self.commits + 1, self._versions, self._keys, self._places)

    def count(self, changes: Changes) -> None:
        """What was changed is a commit now."""
        self.size_bytes += changes.size_bytes
        self.commits += 1

    def committed(self) -> "Overlay":
        """The same without what was added for a commit that did not come to be."""
        overlay = Overlay.of(self.base, [list(self.rows(self.commits))])
        overlay.commits = self.commits
        return overlay

    @property
    def places(self) -> int:
        """In how many places of the tables the rows are, about: many keys end in a revision."""
        return len(self._places)

    def find(self, table: Table, key: bytes, commits: int) -> Version | None:
        """The newest version of a key that so many commits had; None: they did not touch it."""
        version = self._versions[table].get(key)
        while version is not None and version[0] > commits:
            version = version[2]
        return version

    def layer(self, commits: int) -> "Layer":
        """What the native part needs to look up rows of so many commits."""
        return self._versions, self._places, commits

    def sorted_layer(self, table: Table, commits: int) -> "SortedLayer":
        """What it needs to go through those of a table."""
        return (
            self._versions[table],
            self._keys[table],
            self._sorted,
            self._all_keys,
            commits,
        )

    def key_from(self, table: Table, key: bytes) -> bytes | None:
        """The first key of a table at or after one; newer commits' are among them."""
        found = None
        for keys in self._all_keys(table):
            place = bisect_left(keys, key)
            if place < len(keys) and (found is None or keys[place] < found):
                found = keys[place]
        return found

    def key_before(self, table: Table, key: bytes) -> bytes | None:
        """The last key of a table before one; newer commits' are among them."""
        found = None
        for keys in self._all_keys(table):
            place = bisect_left(keys, key)
            if place and (found is None or keys[place - 1] > found):
                found = keys[place - 1]
        return found

    def rows(self, commits: int, tables: Iterable[Table] = Table) -> Iterator[Row]:
        """What so many commits have made of each key that they touched, in order."""
        for table in tables:
            for key, value in self.rows_of(table, commits):
                yield table, key, value

    def rows_of(self, table: Table, commits: int) -> list[tuple[bytes, bytes | None]]:
        """The same for one table, each a key and a value."""
        most, lately = self._all_keys(table)
        keys = sorted(most + lately) if lately else most
        if native:
            return native.list_rows(self._versions[table], keys, commits)
        found = [(key, self.find(table, key, commits)) for key in keys]
        return [(key, version[1]) for key, version in found if version is not None]

    def _all_keys(self, table: Table) -> tuple[list[bytes], list[bytes]]:
        """The keys of a table that were touched, in two sorted lists that nobody changes."""
        keys = self._keys[table]
        count, most, lately = self._sorted[table]
        now = len(keys)
        if count != now:
            # Other lists: somebody may be reading those that there are.
            new = keys[count:now]
            if len(lately) + len(new) > _LATELY_MAX:
                most, lately = sorted(most + lately + new), []
            else:
                lately = lately.copy()
                for key in new:
                    insort(lately, key)
            self._sorted[table] = now, most, lately
        return most, lately


View = tuple[tuple[Overlay, int], ...]
"""Overlays and how many commits to see of each, the newest first."""


class OverlaidCursor:
    """Implements `Cursor` over that of the tables.

    Args:
        base: the tables'.
        view: what is over it; of the newest commits also what is added yet.
        table: the table.
    """

    __slots__ = ("_base", "_below", "_found", "_is_forward", "_table", "_view")

    def __init__(self, base: Cursor, view: View, table: Table) -> None:
        self._base = base
        self._view = view
        self._table = table
        # Where it is; and what the tables have there or behind it, if it came from before.
        self._found: bytes | None = None
        self._below: tuple[bytes, bytes] | None = None
        self._is_forward = False

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        self._below = self._base.seek(key)
        self._is_forward = True
        return self._forward(key)

    def next(self) -> tuple[bytes, bytes] | None:
        found = self._found
        if found is None:
            return None
        if not self._is_forward:
            self._below = self._base.seek(found)
            self._is_forward = True
        if self._below is not None and self._below[0] == found:
            self._below = self._base.next()
        return self._forward(found + b"\0")

    def seek_before(self, key: bytes) -> tuple[bytes, bytes] | None:
        self._is_forward = False
        below = self._base.seek_before(key)
        while above := self._last_before(key):
            if below is not None and below[0] > above:
                break
            version = self._find(above)
            if version is not None and version[1] is not None:
                return self._at((above, version[1]))
            if below is not None and below[0] == above:
                if version is None:
                    break
                below = self._base.seek_before(above)
            key = above
        return self._at(below)

    def _forward(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The first row at or after a key, which the tables' row is not before."""
        while above := self._first_from(key):
            below = self._below
            if below is not None and below[0] < above:
                break
            version = self._find(above)
            if version is not None and version[1] is not None:
                return self._at((above, version[1]))
            if below is not None and below[0] == above:
                if version is None:
                    break
                self._below = self._base.next()
            key = above + b"\0"
        return self._at(self._below)

    def _at(self, row: tuple[bytes, bytes] | None) -> tuple[bytes, bytes] | None:
        self._found = None if row is None else row[0]
        return row

    def _find(self, key: bytes) -> Version | None:
        return _find(self._view, self._table, key)

    def _first_from(self, key: bytes) -> bytes | None:
        keys = [overlay.key_from(self._table, key) for overlay, _ in self._view]
        return min(filter(None, keys), default=None)

    def _last_before(self, key: bytes) -> bytes | None:
        keys = [overlay.key_before(self._table, key) for overlay, _ in self._view]
        return max(filter(None, keys), default=None)


class OverlaidTransaction:
    """Implements `ReadTransaction`: what the tables hold and the commits since then.

    Args:
        base: the tables'; it ends with this one.
        view: what is over it.
    """

    __slots__ = ("_base", "_view", "get", "newest")

    def __init__(self, base: ReadTransaction, view: View) -> None:
        self._base = base
        self._view = view
        self.get: Callable[[Table, bytes], bytes | None] = partial(_get, base, view)
        self.newest: Callable[[Table, bytes], tuple[bytes, bytes] | None] = partial(
            _newest, base, view, {}
        )
        if native:
            layers = tuple([overlay.layer(commits) for overlay, commits in view])
            lookup = native.View(layers, base.get, self.newest)
            self.get, self.newest = lookup.get, lookup.newest

    def cursor(self, table: Table) -> Cursor:
        return _cursor(self._base, self._view, table)

    def last_key(self, table: Table) -> bytes | None:
        row = self.cursor(table).seek_before(_END)
        return None if row is None else row[0]

    def count(self, table: Table) -> int:
        count = self._base.count(table)
        touched = {
            key: value
            for overlay, commits in reversed(self._view)
            for _, key, value in overlay.rows(commits, (table,))
        }
        for key, value in touched.items():
            count += (value is not None) - (self._base.get(table, key) is not None)
        return count

    def abort(self) -> None:
        self._base.abort()


def _get(base: ReadTransaction, view: View, table: Table, key: bytes) -> bytes | None:
    version = _find(view, table, key)
    return base.get(table, key) if version is None else version[1]


def _find(view: View, table: Table, key: bytes) -> Version | None:
    for overlay, commits in view:
        version = overlay.find(table, key, commits)
        if version is not None:
            return version
    return None


def _newest(
    base: ReadTransaction, view: View, cursors: dict[Table, Cursor], table: Table, start: bytes
) -> tuple[bytes, bytes] | None:
    cursor = cursors.get(table)
    if cursor is None:
        cursor = cursors[table] = _cursor(base, view, table)
    return newest(cursor, start)


def _cursor(base: ReadTransaction, view: View, table: Table) -> Cursor:
    if native:
        layers = tuple([overlay.sorted_layer(table, commits) for overlay, commits in view])
        return native.Cursor(base.cursor(table), layers, table)
    return OverlaidCursor(base.cursor(table), view, table)
