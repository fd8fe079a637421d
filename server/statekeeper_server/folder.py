"""The data folder: one folder for each shard, a lock, and what it is.

    FORMAT          version of the layout, number of shards, the folder's random name, and
                    whether it is a copy that was not served yet
    LOCK            held by the server that serves the folder
    shard-000/ ...  one engine each, whose meta row repeats what FORMAT says

FORMAT is written last when a folder is made, so a crash before that leaves a folder
that is made anew, and a folder that lacks a shard afterwards is refused, not refilled.
"""

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from statekeeper_server.engine import Engine, EngineBrokenError, Table
from statekeeper_server.engine.lmdb import LmdbEngine, verify
from statekeeper_server.keys import COMPACTED_KEY
from statekeeper_server.storage.v1.records_pb2 import ShardMeta

FORMAT = 6
_META_KEY = b"shard"


# What a map of unknown use may need: address space, not memory.
_MAP_SIZE_BYTES = 64 * 1024**3


class FolderError(Exception):
    """The folder cannot be served; the message says why and what to do."""


class NoFolderError(FolderError):
    """There is no data folder, or another process has it."""


@dataclass(frozen=True, slots=True)
class ShardFolder:
    """Implements `worker.Medium` on one shard's folder."""

    path: Path
    map_size_bytes: int
    metasync: bool

    def open(self) -> Engine:
        """Open the engine."""
        return LmdbEngine(self.path, map_size_bytes=self.map_size_bytes, metasync=self.metasync)

    def verify(self) -> str:
        """What is wrong with the closed engine; empty when it is sound."""
        return verify(self.path)


class DataFolder:
    """A data folder, locked until it is closed.

    Attributes:
        shards: how many it has.
        folder_id: its random name.
        is_copy: whether it is a copy of another folder that was not served yet.

    Args:
        path: the folder; made when it is not there.
        shards: how many shards it must have; None takes what a folder has, and the
            default for a new one.
        shards_default: see above.
        map_size_bytes: the most that each shard may take.
        metasync: whether commits wait for their last page.

    Raises:
        FolderError: it is in use, not readable, of another version or shard count.
    """

    def __init__(
        self,
        path: Path,
        *,
        shards: int | None,
        shards_default: int,
        map_size_bytes: int,
        metasync: bool,
    ) -> None:
        self._path = path
        self.folder_id = ""
        self.is_copy = False
        self._map_size_bytes = map_size_bytes
        self._metasync = metasync
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Before anything is put there: it may be somebody else's folder.
            self._check_ours()
            self._lock = take_lock(path)
        except FileExistsError:
            raise FolderError(f"{path} is a file: name a folder") from None
        except OSError as error:
            raise FolderError(f"cannot use the data folder {path}: {error.strerror}") from error
        try:
            self.shards = self._check(shards) or self._make(shards or shards_default)
        except BaseException:
            self.close()
            raise

    def shard(self, number: int) -> ShardFolder:
        """One shard's folder."""
        path = shard_path(self._path, number)
        return ShardFolder(path, self._map_size_bytes, self._metasync)

    def write_copy_format(self, copy: Path) -> None:
        """Make a folder that has copies of its shards a data folder, durably.

        Raises:
            OSError: it cannot be written to.
        """
        _write_format(copy, self.shards, self.folder_id, is_copy=True)

    def be_no_copy(self) -> None:
        """Note that its shards have begun anew. Raises FolderError: it cannot be written to."""
        try:
            _write_format(self._path, self.shards, self.folder_id, is_copy=False)
        except OSError as error:
            raise FolderError(f"cannot write to {self._path}: {error.strerror}") from error
        self.is_copy = False

    def close(self) -> None:
        """Give the folder free."""
        self._lock.close()

    def _check(self, shards: int | None) -> int:
        """The number of shards of the folder; 0 when it is still to be made."""
        try:
            text = (self._path / "FORMAT").read_text(errors="replace")
        except FileNotFoundError:
            self._check_new()
            return 0
        except OSError as error:
            raise FolderError(f"cannot read {self._path / 'FORMAT'}: {error.strerror}") from error
        try:
            found = json.loads(text)
            version, count, folder_id = found["format"], found["shards"], found["folder_id"]
            is_copy = found.get("copy", False)
        except (ValueError, KeyError, TypeError):
            raise self._damaged() from None
        if version != FORMAT:
            raise FolderError(
                f"the data folder {self._path} has format {version}, "
                f"this server reads format {FORMAT}: use the server that wrote it"
            )
        if type(count) is not int or count < 1 or type(folder_id) is not str:
            raise self._damaged()
        if type(is_copy) is not bool:
            raise self._damaged()
        if shards is not None and shards != count:
            raise FolderError(
                f"the data folder {self._path} has {count} shards, not {shards}: "
                "the number is fixed when a folder is made"
            )
        for number in range(count):
            self._check_shard(number, count, folder_id)
        self.folder_id = folder_id
        self.is_copy = is_copy
        return count

    def _damaged(self) -> FolderError:
        return FolderError(f"{self._path / 'FORMAT'} is damaged: it is no JSON of ours")

    def _check_ours(self) -> None:
        """A folder without FORMAT must hold nothing but what an interrupted making left."""
        if (self._path / "FORMAT").exists():
            return
        for entry in self._path.iterdir():
            if entry.name != "LOCK" and not entry.name.startswith(("shard-", ".FORMAT")):
                raise FolderError(
                    f"the folder {self._path} is no data folder and not empty "
                    f"(it has {entry.name}): name another one"
                )

    def _check_new(self) -> None:
        """What an interrupted making left has no executions in it."""
        for path in self._path.glob("shard-*/data.mdb"):
            if self._has_executions(ShardFolder(path.parent, self._map_size_bytes, self._metasync)):
                raise FolderError(
                    f"the data folder {self._path} has lost its file FORMAT, "
                    f"but {path.parent.name} has data: restore the file or the folder"
                )

    def _has_executions(self, shard: ShardFolder) -> bool:
        engine = _open(shard)
        try:
            txn = engine.read()
            try:
                # Of what was deleted long ago, there is no event.
                is_compacted = txn.get(Table.META, COMPACTED_KEY) is not None
                return is_compacted or txn.last_key(Table.LOG) is not None
            finally:
                txn.abort()
        finally:
            engine.close()

    def _check_shard(self, number: int, count: int, folder_id: str) -> None:
        shard = self.shard(number)
        if not (shard.path / "data.mdb").exists():
            raise FolderError(
                f"the data folder {self._path} has lost {shard.path.name}: restore it first"
            )
        engine = _open(shard)
        try:
            txn = engine.read()
            try:
                row = txn.get(Table.META, _META_KEY)
            finally:
                txn.abort()
        finally:
            engine.close()
        meta = ShardMeta.FromString(row or b"")
        if meta != ShardMeta(format=FORMAT, folder_id=folder_id, shard=number, shards=count):
            raise FolderError(
                f"{shard.path} is not shard {number} of {count} of this data folder: "
                "its files were mixed up with another folder's"
            )

    def _make(self, shards: int) -> int:
        folder_id = secrets.token_hex(8)
        try:
            for number in range(shards):
                self._make_shard(number, shards, folder_id)
            _write_format(self._path, shards, folder_id, is_copy=False)
            sync_folder(self._path.parent)
        except OSError as error:
            raise FolderError(f"cannot make {self._path}: {error.strerror}") from error
        self.folder_id = folder_id
        return shards

    def _make_shard(self, number: int, shards: int, folder_id: str) -> None:
        shard = self.shard(number)
        shard.path.mkdir(exist_ok=True, mode=0o700)
        engine = _open(shard)
        try:
            txn = engine.write()
            meta = ShardMeta(format=FORMAT, folder_id=folder_id, shard=number, shards=shards)
            txn.put(Table.META, _META_KEY, meta.SerializeToString())
            txn.commit()
        except EngineBrokenError as error:
            raise FolderError(f"cannot write to {shard.path}: {error}") from error
        finally:
            engine.close()
        sync_folder(shard.path)


def take_lock(path: Path) -> TextIO:
    """Have a folder for this process alone, until what it gives is closed.

    Raises:
        NoFolderError: another process has it.
        OSError: it cannot be written to.
    """
    lock = (path / "LOCK").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise NoFolderError(
            f"the data folder {path} is served by another process (pid {holder})"
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def open_existing(path: Path) -> DataFolder:
    """Open a data folder that is there, to look at it.

    Raises:
        NoFolderError: it is not there, or served.
        FolderError: it cannot be served.
    """
    if not (path / "FORMAT").is_file():
        raise NoFolderError(f"{path} is no data folder: it has no file FORMAT")
    map_size_bytes = max(
        (_MAP_SIZE_BYTES, *(2 * file.stat().st_size for file in path.glob("shard-*/data.mdb")))
    )
    return DataFolder(
        path, shards=None, shards_default=1, map_size_bytes=map_size_bytes, metasync=True
    )


def _open(shard: ShardFolder) -> Engine:
    try:
        return shard.open()
    except (EngineBrokenError, OSError) as error:
        raise FolderError(f"cannot open {shard.path}: {error}") from error


def why_taken(path: Path) -> str:
    """Why no folder can be put in a place; empty when it can: nothing or an empty one is there.

    Raises:
        OSError: that cannot be told.
    """
    if not path.absolute().parent.is_dir():
        return f"there is no folder {path.absolute().parent}"
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        return f"{path} is there already, and is no folder"
    if path.exists() and any(path.iterdir()):
        return f"{path} is there already, and is not empty"
    return ""


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard of a data folder is."""
    return folder / f"shard-{number:03d}"


def _write_format(folder: Path, shards: int, folder_id: str, *, is_copy: bool) -> None:
    """Make a folder that has its shards a data folder, durably. Raises OSError."""
    fields = {"format": FORMAT, "shards": shards, "folder_id": folder_id}
    scratch = folder / ".FORMAT"
    with scratch.open("w") as file:
        json.dump(fields | ({"copy": True} if is_copy else {}), file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / "FORMAT")
    sync_folder(folder)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
