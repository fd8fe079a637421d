"""Whether a data folder, or a backup, is sound: for one that is not served."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from statekeeper_server.engine import Engine, EngineBrokenError, Table
from statekeeper_server.folder import (
    DataFolder,
    FolderError,
    NoFolderError,
    ShardFolder,
    open_existing,
    take_lock,
)
from statekeeper_server.store.soundness import Placement, problems

Watch = Callable[[str, int, int], None]
"""Is told what is being looked at, how much of it was, and how much there is (0: unknown)."""

_TOLD_EVERY_ROWS = 1_000


def problems_of(path: Path, watch: Watch) -> Iterator[str]:
    """What is wrong with a data folder, problem by problem; it is not changed.

    First the pages of all files are looked at, and their rows only where those are sound.

    Args:
        path: the folder.
        watch: is told how far it has come.

    Raises:
        NoFolderError: it is no data folder, or a server has it.
    """
    damaged = False
    for problem in _page_problems(path, watch):
        damaged = True
        yield problem
    if damaged:
        return
    try:
        folder = open_existing(path)
    except NoFolderError:
        raise
    except FolderError as error:
        yield str(error)
        return
    with closing(folder):
        for number in range(folder.shards):
            for problem in _row_problems(folder, number, watch):
                yield f"shard {number}: {problem}"


def _page_problems(path: Path, watch: Watch) -> Iterator[str]:
    if not (path / "FORMAT").is_file():
        raise NoFolderError(f"{path} is no data folder: it has no file FORMAT")
    try:
        lock = take_lock(path)
    except OSError as error:
        raise NoFolderError(f"cannot use the folder {path}: {error.strerror}") from error
    with closing(lock):
        for shard in sorted(path.glob("shard-*")):
            watch(f"{shard.name}: pages", 0, 0)
            problem = ShardFolder(shard, 0, metasync=True).verify()
            if problem:
                yield f"{shard.name}: {problem}"


def _row_problems(folder: DataFolder, number: int, watch: Watch) -> Iterator[str]:
    try:
        engine = folder.shard(number).open()
    except (EngineBrokenError, OSError) as error:
        yield f"it cannot be opened: {error}"
        return
    with closing(engine):
        yield from _row_problems_of(engine, Placement(number, folder.shards), watch)


def _row_problems_of(engine: Engine, placement: Placement, watch: Watch) -> Iterator[str]:
    txn = engine.read()
    try:
        total = txn.count(Table.HEADS) + txn.count(Table.LOG)
        done = count()

        def read() -> None:
            rows = next(done)
            if rows % _TOLD_EVERY_ROWS == 0:
                watch(f"shard-{placement.shard:03d}: rows", rows, total)

        yield from problems(txn, placement, read)
    except EngineBrokenError as error:
        yield f"it cannot be read: {error}"
    finally:
        txn.abort()
