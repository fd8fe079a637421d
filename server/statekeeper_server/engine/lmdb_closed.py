"""Reading an LMDB environment that nobody has open, without changing anything of it."""

from pathlib import Path

import lmdb

from statekeeper_server.engine import EngineBrokenError
from statekeeper_server.engine.lmdb import TABLES_MAX, LmdbTransaction, open_tables


class LmdbClosed:
    """An environment to read.

    Args:
        folder: where `data.mdb` is. `lock.mdb` is neither needed nor made.

    Raises:
        EngineBrokenError: it is no environment of ours, or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        size_bytes = (folder / "data.mdb").stat().st_size
        try:
            self._env = lmdb.open(
                str(folder),
                map_size=size_bytes,
                max_dbs=TABLES_MAX,
                readonly=True,
                create=False,
                lock=False,
            )
            self._tables = open_tables(self._env, create=False)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def read(self) -> LmdbTransaction:
        """A snapshot of what is there."""
        try:
            return LmdbTransaction(self._env.begin(), self._tables)
        except lmdb.Error as error:
            raise EngineBrokenError(str(error)) from error

    def close(self) -> None:
        """Close it; no transaction may be open."""
        self._env.close()
