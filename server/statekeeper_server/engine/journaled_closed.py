"""Reading an engine that nobody has open, without changing anything of it."""

from pathlib import Path

from statekeeper_server.engine import ReadTransaction
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.journal import Note
from statekeeper_server.engine.lmdb_closed import LmdbClosed
from statekeeper_server.engine.overlay import OverlaidTransaction, Overlay


class JournaledClosed:
    """An engine that nobody has open, to be read without changing anything of it.

    Args:
        folder: where its files are.

    Raises:
        EngineBrokenError: it is no engine of ours, or cannot be read.
        OSError: its files cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._tables = LmdbClosed(folder)
        try:
            snapshot = self._tables.read()
            try:
                found = journals.read(folder, Note.of(snapshot.note()))
                self._overlay = Overlay.of(snapshot.number, found.commits)
            finally:
                snapshot.abort()
        except BaseException:
            self._tables.close()
            raise

    def read(self) -> ReadTransaction:
        """A snapshot of what is there."""
        return OverlaidTransaction(self._tables.read(), ((self._overlay, self._overlay.commits),))

    def close(self) -> None:
        """Close it; no transaction may be open."""
        self._tables.close()
