"""A data folder that no server has: it is looked at, and nothing in it is changed.

So it may be read-only: a backup on a medium that was made so, or somebody else's.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from statekeeper_server.engine import EngineBrokenError, ReadTransaction
from statekeeper_server.engine.journaled_closed import JournaledClosed
from statekeeper_server.engine.lmdb import verify
from statekeeper_server.folder_format import (
    FolderError,
    FolderFormat,
    NoFolderError,
    read_format,
    shard_path,
    take_lock_unwritten,
)


class ClosedFolder:
    """A data folder, locked until it is left where a server has ever had it.

    Raises:
        NoFolderError: it is no data folder, or a server has it.
    """

    def __init__(self, path: Path) -> None:
        if not (path / "FORMAT").is_file():
            raise _no_folder(path)
        self.path = path
        self._stack = ExitStack()
        try:
            # A server makes the file: where it is not there, none has the folder.
            with suppress(FileNotFoundError):
                self._stack.enter_context(take_lock_unwritten(path))
        except OSError as error:
            raise NoFolderError(f"cannot use the folder {path}: {error.strerror}") from error

    def page_problems(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """The shards that are there: what each is called, and what tells what is wrong with it.

        That is of the pages of its tables, and empty when they are sound.
        """
        for shard in sorted(self.path.glob("shard-*")):
            yield shard.name, partial(verify, shard)

    def format(self) -> FolderFormat:
        """What it is. Its pages must be sound.

        Raises:
            FolderError: it cannot be served.
        """
        said = read_format(self.path)
        if said is None:
            raise _no_folder(self.path)
        for number in range(said.shards):
            said.check_there(self.path, number)
            with self.reading(number) as txn:
                said.check_shard(self.path, number, txn)
        return said

    @contextmanager
    def reading(self, number: int) -> Iterator[ReadTransaction]:
        """A shard, to be read. Raises FolderError: it cannot be opened."""
        path = shard_path(self.path, number)
        try:
            engine = JournaledClosed(path)
        except (EngineBrokenError, OSError) as error:
            raise FolderError(f"cannot open {path}: {error}") from error
        with closing(engine):
            txn = engine.read()
            try:
                yield txn
            finally:
                txn.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()


def _no_folder(path: Path) -> NoFolderError:
    return NoFolderError(f"{path} is no data folder: it has no file FORMAT")
