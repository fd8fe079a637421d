"""How a server stands, its backups, and its compactions."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much there is of what, in a shard or in all of them.

    Attributes:
        executions: Executions, with those that have expired and are not yet
            cleared away.
        file_bytes: Size of the files; they grow ahead of their use.
        used_bytes: How much of them holds something, about.
        limit_bytes: How large they may grow.
        readers: Snapshots that are being read, a backup's among them.
        oldest_reader_age: How long the oldest of them has been open; None:
            there is none.
        waiting_operations: Writes that wait, or are being written.
        waiting_bytes: Their bytes.
        lock_waiters: Callers that wait for locks.
    """

    executions: int
    file_bytes: int
    used_bytes: int
    limit_bytes: int
    readers: int
    oldest_reader_age: dt.timedelta | None
    waiting_operations: int
    waiting_bytes: int
    lock_waiters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardStats:
    """How a shard stands.

    Attributes:
        shard: Its number, from 0.
        in_service: Whether it reads and writes.
        last_revision: Position of the last event in its log; 0: there is none.
        figures: How much there is.
    """

    shard: int
    in_service: bool
    last_revision: int
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStats:
    """How a server stands.

    Attributes:
        server_version: Its version.
        folder_format: Version of the layout of its data folder.
        start_time: When it began to serve (UTC).
        uptime: How long it has served.
        backups_allowed: Whether it makes backups.
        shards: Its shards, by number.
        total: All shards together.
    """

    server_version: str
    folder_format: int
    start_time: dt.datetime
    uptime: dt.timedelta
    backups_allowed: bool
    shards: tuple[ShardStats, ...]
    total: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that is done.

    Attributes:
        folder: Where it is, on the server's machine.
        snapshot_time: The moment that it shows (UTC).
        size: Its size in bytes.
        last_revisions: Position of the last event of each shard, by number.
    """

    folder: str
    snapshot_time: dt.datetime
    size: int
    last_revisions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupProgress:
    """How far a backup has come.

    Attributes:
        written_bytes: What is written.
        total_bytes: What there is to write, about.
        backup: The backup, once it is done.
    """

    written_bytes: int
    total_bytes: int
    backup: Backup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """A compaction that is done.

    Attributes:
        used_bytes_before: How much of the files held something before, about.
        used_bytes_after: How much of them holds something now.
        file_bytes: Size of the files, which do not shrink.
    """

    used_bytes_before: int
    used_bytes_after: int
    file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionProgress:
    """What a compaction has removed, beside what the server removes by itself.

    Attributes:
        expired_executions: Executions whose time to live was over.
        garbage_rows: Rows of what was deleted or has expired, and of versions
            that only a checkpoint needed that is gone.
        log_rows: Rows of the log.
        request_rows: Request ids.
        history_rows: Rows of superseded versions of entries.
        compaction: The compaction, once it is done.
    """

    expired_executions: int
    garbage_rows: int
    log_rows: int
    request_rows: int
    history_rows: int
    compaction: Compaction | None
