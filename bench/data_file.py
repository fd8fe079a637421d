"""What the files of a data folder hold, read from outside while a server serves it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import lmdb

from statekeeper_server.engine import Table

_SECTOR_BYTES = 512
# A server that is left alone brings what its journals have into the tables after 0.2 s.
_REST_S = 0.5
# Places in a device's stat (Documentation/block/stat.rst).
_SECTORS_WRITTEN, _FLUSHES = 6, 15


@dataclass(frozen=True, slots=True)
class DataFiles:
    """All shards together.

    Attributes:
        live_bytes: pages in use.
        end_bytes: up to the last page that was ever in use, free ones in between included.
        disk_bytes: what the files take, with what was reserved ahead.
    """

    live_bytes: int
    end_bytes: int
    disk_bytes: int


def device_bytes(folder: Path) -> int:
    """What the disk of a folder was given to write, by all processes; 0 where that is not known."""
    return _device(folder, _SECTORS_WRITTEN) * _SECTOR_BYTES


def device_flushes(folder: Path) -> int:
    """How often that disk was told to make safe what it has; 0 where that is not known."""
    return _device(folder, _FLUSHES)


def read(data_dir: Path) -> DataFiles:
    """What they hold when the server has come to rest; nobody may write meanwhile."""
    time.sleep(_REST_S)
    live = end = disk = 0
    for path in sorted(data_dir.glob("shard-*/data.mdb")):
        for file in (path, *path.parent.glob("journal.*")):
            disk += file.stat().st_blocks * _SECTOR_BYTES
        with lmdb.open(str(path.parent), readonly=True, max_dbs=len(Table)) as env:
            page_bytes = env.stat()["psize"]
            end += (env.info()["last_pgno"] + 1) * page_bytes
            tables = [env.open_db(table.name.lower().encode()) for table in Table]
            with env.begin() as txn:
                for table in tables:
                    stat = txn.stat(table)
                    pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
                    live += pages * page_bytes
    return DataFiles(live, end, disk)


def _device(folder: Path, place: int) -> int:
    device = folder.stat().st_dev
    path = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
    fields = path.read_text().split() if path.exists() else []
    return int(fields[place]) if place < len(fields) else 0
