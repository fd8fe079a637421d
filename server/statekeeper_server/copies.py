"""Serving a copy of a data folder for the first time: its revisions go on far behind.

What was copied lacks what was written afterwards, and would give out the same revisions once
more: for a write that compares, for a lock, for a watch that resumes, they would mean
something else. So each shard passes over all that may have been given out. That is the time
of day in microseconds: a shard gives out fewer than a million revisions a second, so however
long it was served, and from however many copies one after the other, it is behind that.
"""

from contextlib import closing

from statekeeper_server.engine import EngineBrokenError, EngineFullError, Table
from statekeeper_server.folder import DataFolder
from statekeeper_server.folder_format import FolderError
from statekeeper_server.keys import GAPS_KEY
from statekeeper_server.storage.v1.records_pb2 import LogGap, LogGaps
from statekeeper_server.store.reader import Reader


def begin_anew(folder: DataFolder, now_us: int) -> None:
    """Let all shards of a copy go on from a time. It may be repeated after a crash.

    Raises:
        FolderError: the folder cannot be written to.
    """
    for number in range(folder.format.shards):
        try:
            with closing(folder.shard(number).open()) as engine:
                txn = engine.write()
                store = Reader(txn)
                last = store.last_revision()
                gaps = [LogGap(after=gap.after, until=gap.until) for gap in store.gaps()]
                gaps.append(LogGap(after=last, until=max(last, now_us)))
                txn.put(Table.META, GAPS_KEY, LogGaps(gaps=gaps).SerializeToString())
                txn.commit()
        except (EngineBrokenError, EngineFullError, OSError) as error:
            raise FolderError(f"cannot write to shard {number}: {error}") from error
    folder.be_no_copy()
