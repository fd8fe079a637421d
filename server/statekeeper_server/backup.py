"""Backups: a data folder beside the one that is served, copied while it is served.

A backup is written under a hidden name, and gets its own when all of it is on disk, so
what bears the name of a backup is a whole one. The folder of one under way is locked;
what a server that was killed has left is not, and goes with the next backup.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from statekeeper_server.clock import Clock
from statekeeper_server.engine import Copy, CopyGivenUpError
from statekeeper_server.errors import BackupFailedError, StateError, StorageError
from statekeeper_server.files import sync_folder
from statekeeper_server.folder import DataFolder
from statekeeper_server.folder_format import shard_path, why_taken, write_format
from statekeeper_server.logs import get_logger
from statekeeper_server.shards import Shards
from statekeeper_server.store.reader import Reader

_log = get_logger(__name__)

_HIDDEN = ".{name}-{chance}.partial"
_HIDDEN_ALL = ".*.partial"


class Backup(NamedTuple):
    """A backup that is done.

    Attributes:
        folder: where it is.
        snapshot_time_us: the moment that it shows.
        size_bytes: what it takes.
        last_revisions: position of the last event of each shard.
    """

    folder: Path
    snapshot_time_us: int
    size_bytes: int
    last_revisions: tuple[int, ...]


class Progress:
    """How far a backup has come; written by its thread, read by any.

    Attributes:
        total_bytes: what there is to write, about.
        written_bytes: what of it is written.
        stop_wanted: set by who does not want the backup any more.
    """

    def __init__(self) -> None:
        self.total_bytes = 0
        self.written_bytes = 0
        self.stop_wanted = threading.Event()


class Backups:
    """Makes backups, one at a time. Of the event loop.

    Args:
        parent: the folder that they are made in; None: they are not allowed.
        folder: what to copy.
        shards: the same, as it is served.
        clock: what time it is.
    """

    def __init__(
        self, parent: Path | None, folder: DataFolder, shards: Shards, clock: Clock
    ) -> None:
        self._parent = parent
        self._folder = folder
        self._shards = shards
        self._clock = clock
        self._under_way: Progress | None = None
        self._draining = False

    @property
    def allowed(self) -> bool:
        """Whether any can be made."""
        return self._parent is not None

    def drain(self) -> None:
        """Make no more, and give up the one under way: it may take longer than a drain."""
        self._draining = True
        if self._under_way is not None:
            self._under_way.stop_wanted.set()

    async def make(self, name: str, progress: Progress) -> Backup:
        """Make a backup; when it is cancelled or fails, there is none.

        Args:
            name: its folder's; empty: one made from the time.
            progress: is told how far it has come.

        Raises:
            BackupFailedError: it is not allowed, or the folder cannot be written to.
            StorageError: a shard is out of service, or the server stops.
        """
        if self._parent is None:
            raise BackupFailedError(
                "this server makes no backups: start it with --backup-dir, "
                "the folder that they are to be made in"
            )
        if self._under_way is not None:
            raise BackupFailedError("another backup is being made")
        name = name or _name_of(self._clock.now_us())
        self._under_way = progress
        making = asyncio.ensure_future(self._make(self._parent / name, progress))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            progress.stop_wanted.set()
            # Nothing of it may be left behind when its caller is gone.
            with suppress(StateError):
                await making
            raise
        finally:
            self._under_way = None

    async def _make(self, target: Path, progress: Progress) -> Backup:
        stack = ExitStack()
        try:
            hidden = await asyncio.to_thread(stack.enter_context, _hidden_folder(target))
            # All at once, before the loop answers anybody: whoever writes to one shard
            # because of what another has answered is in the backup with both or neither.
            copies = [stack.enter_context(shard.copy()) for shard in self._shards]
            snapshot_time_us = self._clock.now_us()
            revisions = tuple(Reader(copy.snapshot).last_revision() for copy in copies)
            progress.total_bytes = sum(copy.size_bytes for copy in copies)
            await asyncio.to_thread(self._write, copies, hidden, target, progress)
        finally:
            await asyncio.to_thread(stack.close)
        _log.info("backup made", folder=str(target), size_bytes=progress.written_bytes)
        return Backup(target, snapshot_time_us, progress.written_bytes, revisions)

    # What follows runs on a thread.

    def _write(self, copies: list[Copy], hidden: Path, target: Path, progress: Progress) -> None:
        with _told_of_the_folder(target):
            watch = self._watch(progress)
            for number, copy in enumerate(copies):
                folder = shard_path(hidden, number)
                folder.mkdir(mode=0o700)
                copy.write(folder, watch)
                copy.close()
                sync_folder(folder)
            write_format(hidden, self._folder.format._replace(is_copy=True))
            self._check_wanted(progress)
            # Takes the place of an empty folder, and of nothing else.
            hidden.rename(target)
            sync_folder(target.parent)

    def _watch(self, progress: Progress) -> Callable[[int], None]:
        def wrote(size_bytes: int) -> None:
            progress.written_bytes += size_bytes
            self._check_wanted(progress)
            # A shard waits for its snapshot to end before it is opened again.
            if not all(shard.in_service for shard in self._shards):
                raise StorageError("a shard went out of service: there is no backup")

        return wrote

    def _check_wanted(self, progress: Progress) -> None:
        if self._draining:
            raise StorageError("the server is stopping: there is no backup")
        if progress.stop_wanted.is_set():
            raise BackupFailedError("the backup was cancelled")


@contextmanager
def _hidden_folder(target: Path) -> Iterator[Path]:
    """A locked folder beside the target, which is gone in the end unless it was renamed."""
    with _told_of_the_folder(target):
        if problem := why_taken(target):
            raise BackupFailedError(problem)
        _remove_left_behind(target.parent)
        hidden = target.with_name(_HIDDEN.format(name=target.name, chance=secrets.token_hex(4)))
        hidden.mkdir(mode=0o700)
        lock = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        os.close(lock)


def _remove_left_behind(parent: Path) -> None:
    for folder in parent.glob(_HIDDEN_ALL):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                # Another server may be making a backup there.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                _log.warning("removed what a backup had left", folder=str(folder))
            finally:
                os.close(lock)


@contextmanager
def _told_of_the_folder(target: Path) -> Iterator[None]:
    """What goes wrong with the folder is told; the data folder is not concerned."""
    try:
        yield
    except CopyGivenUpError:
        raise BackupFailedError(
            "the backup was given up: the disk of the data folder is full, "
            "and what a backup needs could not be used for writes meanwhile"
        ) from None
    except OSError as error:
        raise BackupFailedError(f"cannot write to {target}: {error.strerror}") from error


def _name_of(now_us: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_us // 1_000_000))
