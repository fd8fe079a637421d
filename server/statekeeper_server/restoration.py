"""Putting a backup in place as a data folder."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from statekeeper_server.closed_folder import ClosedFolder
from statekeeper_server.files import sync_folder
from statekeeper_server.folder_format import (
    SHARD_FILES,
    FolderError,
    shard_path,
    why_taken,
    write_format,
)

_PIECE_BYTES = 4 * 1024 * 1024


class TargetError(FolderError):
    """The folder to restore to cannot be used; nothing was changed."""


def restore(backup: Path, target: Path, wrote: Callable[[int, int], None]) -> None:
    """Copy a backup to where a server is to find it. Verify the backup first.

    It is copied beside the target under a hidden name, which becomes the target's when all
    of it is on disk. It is marked as a copy: see `copies.py`.

    Args:
        backup: the backup.
        target: the data folder to be; it must not exist, or be empty.
        wrote: is told the bytes written, and how many there are.

    Raises:
        TargetError: the target is there already, or cannot be written to.
        FolderError: the backup is none, or is served.
    """
    check_target(target)
    hidden = target.with_name(f".{target.name}-{secrets.token_hex(4)}.partial")
    with ClosedFolder(backup) as folder:
        said = folder.format()
        try:
            hidden.mkdir(mode=0o700)
            _copy_shards(backup, hidden, said.shards, wrote)
            write_format(hidden, said._replace(is_copy=True))
            hidden.rename(target)
            sync_folder(target.absolute().parent)
        except OSError as error:
            raise TargetError(f"cannot write to {target}: {error.strerror}") from error
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def check_target(target: Path) -> None:
    """Raise TargetError unless the target does not exist, or is an empty folder."""
    try:
        problem = why_taken(target)
    except OSError as error:
        problem = f"cannot use {target}: {error.strerror}"
    if problem:
        raise TargetError(problem)


def _copy_shards(
    backup: Path, hidden: Path, shards: int, wrote: Callable[[int, int], None]
) -> None:
    paths = [shard_path(backup, number) for number in range(shards)]
    total = sum((path / name).stat().st_size for path in paths for name in SHARD_FILES)
    done = 0
    for path in paths:
        shard = hidden / path.name
        shard.mkdir(mode=0o700)
        for name in SHARD_FILES:
            with (path / name).open("rb") as source, (shard / name).open("xb") as copy:
                os.fchmod(copy.fileno(), 0o600)
                while piece := source.read(_PIECE_BYTES):
                    copy.write(piece)
                    done += len(piece)
                    wrote(done, total)
                copy.flush()
                os.fsync(copy.fileno())
        sync_folder(shard)
