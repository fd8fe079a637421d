"""The data folder of a server, locked as long as it has it; made when there is none.

FORMAT is written last when a folder is made, so a crash before that leaves a folder
that is made anew, and a folder that lacks a shard afterwards is refused, not refilled.
"""

import secrets
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from statekeeper_server.engine import Engine, EngineBrokenError, Table, Undisturbed
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.engine.lmdb import verify
from statekeeper_server.files import sync_folder
from statekeeper_server.folder_format import (
    META_KEY,
    FolderError,
    FolderFormat,
    read_format,
    shard_path,
    take_lock,
    write_format,
)
from statekeeper_server.keys import COMPACTED_KEY


@dataclass(frozen=True, slots=True)
class ShardFolder:
    """Implements `worker.Medium` on one shard's folder."""

    path: Path
    map_size_bytes: int

    def open(self, undisturbed: Undisturbed = nullcontext) -> Engine:
        """Open the engine."""
        return JournaledEngine(
            self.path, map_size_bytes=self.map_size_bytes, undisturbed=undisturbed
        )

    def verify(self) -> str:
        """What is wrong with the closed engine; empty when it is sound."""
        return verify(self.path)


class DataFolder:
    """A data folder, locked until it is closed.

    Attributes:
        format: what it is.

    Args:
        path: the folder; made when it is not there.
        shards: how many shards it must have; None takes what a folder has, and the
            default for a new one.
        shards_default: see above.
        map_size_bytes: the most that each shard may take.

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
    ) -> None:
        self._path = path
        self._map_size_bytes = map_size_bytes
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
            self.format = self._check(shards) or self._make(shards or shards_default)
        except BaseException:
            self.close()
            raise

    def shard(self, number: int) -> ShardFolder:
        """One shard's folder."""
        path = shard_path(self._path, number)
        return ShardFolder(path, self._map_size_bytes)

    def be_no_copy(self) -> None:
        """Note that its shards have begun anew. Raises FolderError: it cannot be written to."""
        try:
            self.format = self.format._replace(is_copy=False)
            write_format(self._path, self.format)
        except OSError as error:
            raise FolderError(f"cannot write to {self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Give the folder free."""
        self._lock.close()

    def _check(self, shards: int | None) -> FolderFormat | None:
        """What the folder is; None when it is still to be made."""
        said = read_format(self._path)
        if said is None:
            self._check_new()
            return None
        if shards is not None and shards != said.shards:
            raise FolderError(
                f"the data folder {self._path} has {said.shards} shards, not {shards}: "
                "the number is fixed when a folder is made"
            )
        for number in range(said.shards):
            self._check_shard(said, number)
        return said

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
            if self._has_executions(ShardFolder(path.parent, self._map_size_bytes)):
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

    def _check_shard(self, said: FolderFormat, number: int) -> None:
        said.check_there(self._path, number)
        engine = _open(self.shard(number))
        try:
            txn = engine.read()
            try:
                said.check_shard(self._path, number, txn)
            finally:
                txn.abort()
        finally:
            engine.close()

    def _make(self, shards: int) -> FolderFormat:
        said = FolderFormat(shards, secrets.token_hex(8))
        try:
            for number in range(shards):
                self._make_shard(said, number)
            write_format(self._path, said)
            sync_folder(self._path.parent)
        except OSError as error:
            raise FolderError(f"cannot make {self._path}: {error.strerror}") from error
        return said

    def _make_shard(self, said: FolderFormat, number: int) -> None:
        shard = self.shard(number)
        shard.path.mkdir(exist_ok=True, mode=0o700)
        engine = _open(shard)
        try:
            txn = engine.write()
            txn.put(Table.META, META_KEY, said.meta(number).SerializeToString())
            txn.commit()
        except EngineBrokenError as error:
            raise FolderError(f"cannot write to {shard.path}: {error}") from error
        finally:
            engine.close()
        sync_folder(shard.path)


def _open(shard: ShardFolder) -> Engine:
    try:
        return shard.open()
    except (EngineBrokenError, OSError) as error:
        raise FolderError(f"cannot open {shard.path}: {error}") from error
