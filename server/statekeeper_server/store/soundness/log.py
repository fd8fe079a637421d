"""Whether the events of a shard are all there, and in order."""

from collections.abc import Callable, Iterator

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.keys import read_revision_key, revision_key
from statekeeper_server.storage.v1.records_pb2 import Event
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.soundness.rows import parsed, rows


class LogSoundness:
    """The events of a shard.

    Attributes:
        compacted: up to which position they are not kept.
        last: the newest position.
    """

    def __init__(self, txn: ReadTransaction) -> None:
        self._txn = txn
        store = Reader(txn)
        self.compacted = store.compacted_revision()
        self.last = store.last_revision()
        self._due = store.positions().count()
        self._gaps = store.gaps()

    def event(self, revision: int) -> Event | None:
        """An event, if it is there and can be read."""
        row = self._txn.get(Table.LOG, revision_key(revision))
        return None if row is None else parsed(Event, row)

    def problems(self, read: Callable[[], None]) -> Iterator[str]:
        """What is wrong with them; `read` is called for each."""
        kept = 0
        for key, raw in rows(self._txn, Table.LOG):
            read()
            revision = read_revision_key(key)
            event = parsed(Event, raw)
            if event is None:
                yield f"the event at revision {revision} cannot be read"
            elif event.previous_revision >= revision or event.uid > revision:
                yield f"the event at revision {revision} says that it follows a later one"
            if any(gap.after < revision <= gap.until for gap in self._gaps):
                yield f"the event at revision {revision} stands where none was given out"
                kept -= 1
            kept += revision > self.compacted
        if kept != self._due:
            yield f"{self._due - kept} events of the log are missing"
