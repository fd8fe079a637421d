"""Writing a snapshot of an LMDB environment elsewhere.

LMDB walks its tree and writes the pages in the tree's order, without those that are
free. It is let write into a pipe: that way it can be told how far it has come, and be
stopped between two pieces.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import lmdb

from statekeeper_server.engine import CopyGivenUpError, EngineBrokenError

if TYPE_CHECKING:
    from statekeeper_server.engine.lmdb import LmdbSnapshot

_PIECE_BYTES = 256 * 1024
# So much at a time goes to the disk: all at once would hold up the commits of the shards,
# which go to the same one.
_SYNC_BYTES = 16 * 1024 * 1024


class LmdbCopy:
    """Implements `Copy`.

    Args:
        env: what to copy.
        snapshot: by which it is copied.
        size_bytes: what its pages take.
        end: ends the snapshot; may be called again.
    """

    def __init__(
        self,
        env: lmdb.Environment,
        snapshot: "LmdbSnapshot",
        size_bytes: int,
        end: Callable[["LmdbCopy"], None],
    ) -> None:
        self.size_bytes = size_bytes
        self.snapshot = snapshot
        self._env = env
        self._given_up = False
        self._end = end

    def give_up(self) -> None:
        """Have it end soon; from any thread."""
        self._given_up = True

    def write(self, folder: Path, wrote: Callable[[int], None]) -> None:
        """As the port says."""
        with (folder / "data.mdb").open("xb") as file, self._pages() as pages:
            os.fchmod(file.fileno(), 0o600)
            unsynced_bytes = 0
            while piece := os.read(pages, _PIECE_BYTES):
                if self._given_up:
                    raise CopyGivenUpError
                file.write(piece)
                unsynced_bytes += len(piece)
                if unsynced_bytes >= _SYNC_BYTES:
                    file.flush()
                    os.fdatasync(file.fileno())
                    unsynced_bytes = 0
                wrote(len(piece))
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """As the port says."""
        self._end(self)

    @contextmanager
    def _pages(self) -> Iterator[int]:
        """A pipe that the pages come out of, until it is left."""
        failures: list[lmdb.Error] = []
        pages, sink = os.pipe()

        def produce() -> None:
            try:
                self._env.copyfd(sink, compact=True, txn=self.snapshot.txn)
            except lmdb.Error as error:
                failures.append(error)
            finally:
                os.close(sink)

        thread = threading.Thread(target=produce, name="statekeeper copy")
        thread.start()
        try:
            yield pages
        except BaseException:
            # Nobody reads on: that ends the thread, and what it says of it is no news.
            os.close(pages)
            thread.join()
            raise
        os.close(pages)
        thread.join()
        if failures:
            raise EngineBrokenError(str(failures[0])) from failures[0]
