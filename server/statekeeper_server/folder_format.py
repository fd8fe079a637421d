"""What tells that a folder is a data folder, whose it is, and which of its shards is which.

FORMAT          version of the layout, number of shards, the folder's random name, and
whether it is a copy that was not served yet
LOCK            held by the process that has the folder
shard-000/ ...  one engine each, whose meta row repeats what FORMAT says
"""

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple, TextIO

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.engine import journal as journals
from statekeeper_server.files import sync_folder
from statekeeper_server.storage.v1.records_pb2 import ShardMeta

FORMAT = 9
META_KEY = b"shard"
# What a shard is kept in.
SHARD_FILES = ("data.mdb", *journals.FILES)


class FolderError(Exception):
    """The folder cannot be used; the message says why and what to do."""


class NoFolderError(FolderError):
    """There is no data folder, or another process has it."""


class FolderFormat(NamedTuple):
    """What the file FORMAT says.

    Attributes:
        shards: how many there are.
        folder_id: the folder's random name.
        is_copy: whether it is a copy of another folder that was not served yet.
    """

    shards: int
    folder_id: str
    is_copy: bool = False

    def meta(self, number: int) -> ShardMeta:
        """The meta row of a shard."""
        return ShardMeta(format=FORMAT, folder_id=self.folder_id, shard=number, shards=self.shards)

    def check_there(self, folder: Path, number: int) -> None:
        """Refuse to do without a shard. Raises FolderError."""
        path = shard_path(folder, number)
        if not all((path / name).exists() for name in SHARD_FILES):
            raise FolderError(f"the data folder {folder} has lost {path.name}: restore it first")

    def check_shard(self, folder: Path, number: int, txn: ReadTransaction) -> None:
        """Refuse a shard of another folder, or another one of this. Raises FolderError."""
        if ShardMeta.FromString(txn.get(Table.META, META_KEY) or b"") != self.meta(number):
            raise FolderError(
                f"{shard_path(folder, number)} is not shard {number} of {self.shards} of this "
                "data folder: its files were mixed up with another folder's"
            )


def read_format(folder: Path) -> FolderFormat | None:
    """What FORMAT says; None: there is none.

    Raises:
        FolderError: it cannot be read, or is of another version.
    """
    path = folder / "FORMAT"
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FolderError(f"cannot read {path}: {error.strerror}") from error
    damaged = FolderError(f"{path} is damaged: it is no JSON of ours")
    try:
        found = json.loads(text)
        version, shards, folder_id = found["format"], found["shards"], found["folder_id"]
        is_copy = found.get("copy", False)
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    if version != FORMAT:
        raise FolderError(
            f"the data folder {folder} has format {version}, "
            f"this server reads format {FORMAT}: use the server that wrote it"
        )
    if type(shards) is not int or shards < 1 or type(folder_id) is not str:
        raise damaged
    if type(is_copy) is not bool:
        raise damaged
    return FolderFormat(shards, folder_id, is_copy)


def write_format(folder: Path, said: FolderFormat) -> None:
    """Make a folder that has its shards a data folder, durably. Raises OSError."""
    fields = {"format": FORMAT, "shards": said.shards, "folder_id": said.folder_id}
    scratch = folder / ".FORMAT"
    with scratch.open("w") as file:
        json.dump(fields | ({"copy": True} if said.is_copy else {}), file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / "FORMAT")
    sync_folder(folder)


def take_lock(folder: Path) -> TextIO:
    """Have a folder for this process alone, until what it gives is closed.

    Raises:
        NoFolderError: another process has it.
        OSError: it cannot be written to.
    """
    lock = (folder / "LOCK").open("a+")
    _take(lock, folder)
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def take_lock_unwritten(folder: Path) -> TextIO:
    """The same, of a folder that is not to be written to; a server has left its file there.

    Raises:
        NoFolderError: another process has it.
        OSError: there is no such file, or it cannot be read.
    """
    lock = (folder / "LOCK").open()
    _take(lock, folder)
    return lock


def _take(lock: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise NoFolderError(
            f"the data folder {folder} is served by another process (pid {holder})"
        ) from None


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
