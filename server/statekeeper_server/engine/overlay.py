"""What was committed and is not in the tables yet, over a snapshot of them.

One thread writes it, any may read it meanwhile without waiting: each value has the number
of the commit that it came with, and what it took the place of.
"""

from bisect import bisect_left
from collections.abc import Iterator

from statekeeper_server.engine import Cursor, ReadTransaction, Table
from statekeeper_server.engine.changes import Row
from statekeeper_server.native_part import native

# A value, or None where it was removed; the number of its commit; what was there before.
_Version = tuple[int, bytes | None, "_Version | None"]
# Behind every key.
_END = b"\xff" * 512
_REVISION_BYTES = 8


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
        self._versions: tuple[dict[bytes, _Version], ...] = tuple({} for _ in Table)
        # Their keys, in the order in which they came.
        self._keys: tuple[list[bytes], ...] = tuple([] for _ in Table)
        # Of those the first so many, sorted.
        self._sorted: list[tuple[int, list[bytes]]] = [(0, []) for _ in Table]
        self._places: set[tuple[Table, bytes]] = set()

    @classmethod
    def of(cls, base: int, commits: list[list[Row]]) -> "Overlay":
        """One that has these commits."""
        overlay = cls(base)
        for rows in commits:
            overlay.add(rows)
            overlay.commits += 1
        return overlay

    def add(self, rows: list[Row]) -> None:
        """Add what the next commit changes; it is seen once that is counted in `commits`."""
        number = self.commits + 1
        if native:
            self.size_bytes += native.add_rows(
                rows, number, self._versions, self._keys, self._places
            )
            return
        for table, key, value in rows:
            versions = self._versions[table]
            before = versions.get(key)
            versions[key] = (number, value, before)
            if before is None:
                self._keys[table].append(key)
                self._places.add((table, key[:-_REVISION_BYTES]))
            self.size_bytes += len(key) + (len(value) if value else 0)

    def committed(self) -> "Overlay":
        """The same without what was added for a commit that did not come to be."""
        if all(
            version[0] <= self.commits for table in self._versions for version in table.values()
        ):
            return self
        overlay = Overlay(self.base)
        overlay.add(list(self.rows(self.commits)))
        overlay.commits = self.commits
        return overlay

    @property
    def places(self) -> int:
        """In how many places of the tables the rows are, about: many keys end in a revision."""
        return len(self._places)

    def find(self, table: Table, key: bytes, commits: int) -> _Version | None:
        """The newest version of a key that so many commits had; None: they did not touch it."""
        version = self._versions[table].get(key)
        while version is not None and version[0] > commits:
            version = version[2]
        return version

    def keys(self, table: Table) -> list[bytes]:
        """The keys of a table that were touched, sorted; newer commits' may be among them."""
        keys = self._keys[table]
        count, sorted_keys = self._sorted[table]
        now = len(keys)
        if count != now:
            # Another list: somebody may be reading the one that there is.
            sorted_keys = sorted(sorted_keys + keys[count:now])
            self._sorted[table] = now, sorted_keys
        return sorted_keys

    def rows(self, commits: int) -> Iterator[Row]:
        """What so many commits have made of each key that they touched."""
        for table in Table:
            for key in self.keys(table):
                version = self.find(table, key, commits)
                if version is not None:
                    yield table, key, version[1]


class OverlaidCursor:
    """Implements `Cursor` over that of the tables.

    Args:
        base: the tables'.
        overlay: what is over it.
        table: the table.
        commits: how many commits it sees.
    """

    __slots__ = ("_base", "_commits", "_found", "_keys", "_next", "_overlay", "_place", "_table")

    def __init__(self, base: Cursor, overlay: Overlay, table: Table, commits: int) -> None:
        self._base = base
        self._overlay = overlay
        self._table = table
        self._commits = commits
        self._keys = overlay.keys(table)
        # Where it is, and what comes next below and above, when that is known.
        self._found: bytes | None = None
        self._next: tuple[bytes, bytes] | None = None
        self._place = -1

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        self._next = self._base.seek(key)
        self._place = bisect_left(self._keys, key)
        return self._forward()

    def next(self) -> tuple[bytes, bytes] | None:
        if self._place < 0:
            # It came here from behind.
            if self._found is None:
                return None
            row = self.seek(self._found)
            if row is None or row[0] != self._found:
                return row
        return self._forward()

    def seek_before(self, key: bytes) -> tuple[bytes, bytes] | None:
        keys, place = self._keys, bisect_left(self._keys, key)
        below = self._base.seek_before(key)
        while True:
            place -= 1
            if place < 0 or (below is not None and below[0] > keys[place]):
                return self._at(below)
            version = self._overlay.find(self._table, keys[place], self._commits)
            if version is None:
                continue
            if version[1] is not None:
                return self._at((keys[place], version[1]))
            if below is not None and below[0] == keys[place]:
                below = self._base.seek_before(keys[place])

    def _at(self, row: tuple[bytes, bytes] | None) -> tuple[bytes, bytes] | None:
        """Note where it came from behind."""
        self._found = None if row is None else row[0]
        self._place = -1
        return row

    def _forward(self) -> tuple[bytes, bytes] | None:
        keys = self._keys
        while self._place < len(keys):
            key, below = keys[self._place], self._next
            if below is not None and below[0] < key:
                break
            self._place += 1
            version = self._overlay.find(self._table, key, self._commits)
            if version is None:
                continue
            if below is not None and below[0] == key:
                self._next = self._base.next()
            if version[1] is not None:
                return key, version[1]
        row = self._next
        if row is not None:
            self._next = self._base.next()
        return row


class OverlaidTransaction:
    """Implements `ReadTransaction`: what the tables hold and the commits since then.

    Args:
        base: the tables'; it ends with this one.
        overlay: of the same transaction of theirs.
        commits: how many of its commits to see.
    """

    __slots__ = ("_base", "_commits", "_overlay")

    def __init__(self, base: ReadTransaction, overlay: Overlay, commits: int) -> None:
        self._base = base
        self._overlay = overlay
        self._commits = commits

    def get(self, table: Table, key: bytes) -> bytes | None:
        version = self._overlay.find(table, key, self._commits)
        return self._base.get(table, key) if version is None else version[1]

    def cursor(self, table: Table) -> Cursor:
        base = self._base.cursor(table)
        if not self._overlay.keys(table):
            return base
        return OverlaidCursor(base, self._overlay, table, self._commits)

    def last_key(self, table: Table) -> bytes | None:
        row = self.cursor(table).seek_before(_END)
        return None if row is None else row[0]

    def count(self, table: Table) -> int:
        count = self._base.count(table)
        for key in self._overlay.keys(table):
            version = self._overlay.find(table, key, self._commits)
            if version is not None:
                count += version[1] is not None
                count -= self._base.get(table, key) is not None
        return count

    def abort(self) -> None:
        self._base.abort()
