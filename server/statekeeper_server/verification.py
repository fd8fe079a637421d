"""Whether a data folder, or a backup, is sound: for one that is not served."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from statekeeper_server.closed_folder import ClosedFolder
from statekeeper_server.engine import EngineBrokenError, ReadTransaction, Table
from statekeeper_server.folder_format import FolderError, NoFolderError
from statekeeper_server.store.soundness import Placement, problems

Watch = Callable[[str, int, int], None]
"""Is told what is being looked at, how much of it was, and how much there is (0: unknown)."""

_TOLD_EVERY_ROWS = 1_000


def problems_of(path: Path, watch: Watch) -> Iterator[str]:
    """What is wrong with a data folder, problem by problem; it is not changed.

    First the pages of all tables are looked at, and their rows, with what the journals have,
    only where those are sound.

    Args:
        path: the folder.
        watch: is told how far it has come.

    Raises:
        NoFolderError: it is no data folder, or a server has it.
    """
    with ClosedFolder(path) as folder:
        damaged = False
        for name, find in folder.page_problems():
            watch(f"{name}: pages", 0, 0)
            problem = find()
            if problem:
                damaged = True
                yield f"{name}: {problem}"
        if not damaged:
            yield from _row_problems(folder, watch)


def _row_problems(folder: ClosedFolder, watch: Watch) -> Iterator[str]:
    try:
        shards = folder.format().shards
    except NoFolderError:
        raise
    except FolderError as error:
        yield str(error)
        return
    for number in range(shards):
        try:
            with folder.reading(number) as txn:
                for problem in _row_problems_of(txn, Placement(number, shards), watch):
                    yield f"shard {number}: {problem}"
        except EngineBrokenError as error:
            yield f"shard {number}: it cannot be read: {error}"


def _row_problems_of(txn: ReadTransaction, placement: Placement, watch: Watch) -> Iterator[str]:
    total = txn.count(Table.HEADS) + txn.count(Table.LOG)
    done = count()

    def read() -> None:
        rows = next(done)
        if rows % _TOLD_EVERY_ROWS == 0:
            watch(f"shard-{placement.shard:03d}: rows", rows, total)

    yield from problems(txn, placement, read)
