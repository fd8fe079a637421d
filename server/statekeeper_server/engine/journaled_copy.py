"""Writing a snapshot of an engine elsewhere: its tables, and a journal with what these lack."""

from collections.abc import Callable
from pathlib import Path

from statekeeper_server.engine import ReadTransaction
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.journal import Epoch, Note
from statekeeper_server.engine.layers import lacking, over
from statekeeper_server.engine.lmdb_copy import LmdbCopy
from statekeeper_server.engine.overlay import View


class JournaledCopy:
    """Implements `Copy`.

    Args:
        tables: the tables' copy.
        view: what was over them just before it was made.
    """

    def __init__(self, tables: LmdbCopy, view: View) -> None:
        self._tables = tables
        self._note = Note.of(tables.snapshot.note())
        self._record = b""
        self.snapshot: ReadTransaction = over(tables.snapshot, view)
        rows: list[Row] = []
        for overlay, commits in reversed(lacking(tables.snapshot, view)):
            rows += overlay.rows(commits)
        if rows:
            self._record = journals.encode(Epoch(self._note.epoch), 0, rows)
        self.size_bytes = tables.size_bytes + journals.file_bytes(self._record)

    def write(self, folder: Path, wrote: Callable[[int], None]) -> None:
        """As the port says."""
        self._tables.write(folder, wrote)
        journals.make(folder, self._note.engine, self._record)
        wrote(journals.file_bytes(self._record))

    def close(self) -> None:
        """As the port says."""
        self._tables.close()
