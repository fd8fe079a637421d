"""The client of those who operate a server."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import grpc

from statekeeper.model.server import (
    Backup,
    BackupProgress,
    Compaction,
    CompactionProgress,
    Figures,
    ServerStats,
    ShardStats,
)
from statekeeper.rpc_errors import CallSite, failure_of_call, to_state_error
from statekeeper.times import Span, to_datetime
from statekeeper.transport import (
    CHANNEL_OPTIONS,
    TARGET_DEFAULT,
    TIMEOUT_DEFAULT,
    Route,
    check_credentials,
)
from statekeeper.v1 import admin_pb2, admin_pb2_grpc


class Admin:
    """Asks a server how it stands, has it make backups and forget what is due.

    ::

        with Admin("127.0.0.1:7460") as admin:
            print(admin.stats().total.executions)
            for progress in admin.backup("before-upgrade"):
                print(progress.written_bytes, "of", progress.total_bytes)
            print(progress.backup.folder)

    Calls are not repeated when they fail.

    Args:
        target: The server's address: `host:port`, or a gRPC name.
        credentials: For TLS (`grpc.ssl_channel_credentials()`). None: no TLS.
        timeout: How long a call may take, but for a backup or a compaction,
            which take their time; a timedelta or seconds.

    Raises:
        InvalidRequestError: The target, the credentials or the timeout is of
            no use.
    """

    def __init__(
        self,
        target: str = TARGET_DEFAULT,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: Span = TIMEOUT_DEFAULT,
    ) -> None:
        self._route = Route(target, timeout)
        check_credentials(credentials)
        if credentials is None:
            self._channel = grpc.insecure_channel(target, CHANNEL_OPTIONS)
        else:
            self._channel = grpc.secure_channel(target, credentials, CHANNEL_OPTIONS)
        self._stub = admin_pb2_grpc.AdminStub(self._channel)

    def stats(self) -> ServerStats:
        """Tells how the server and each of its shards stand.

        Raises:
            StateError: It was not answered.
        """
        with self._errors(self._route.timeout_s):
            request = admin_pb2.StatsRequest()
            return _read_stats(self._stub.Stats(request, timeout=self._route.timeout_s))

    def backup(self, name: str = "") -> Iterator[BackupProgress]:
        """Makes a backup, and tells how far it has come until it is done.

        The last that is given has the backup. Who stops asking before gives
        the backup up, and nothing is left of it.

        Args:
            name: Of its folder, below that which the server makes backups in.
                Empty: the server makes one from the time.

        Raises:
            BackupFailedError: There is no backup; the message says why.
            InvalidRequestError: The name is of no use.
        """
        with self._errors(0.0):
            call = self._stub.Backup(admin_pb2.BackupRequest(name=name))
            try:
                for response in call:
                    yield _read_progress(response)
            finally:
                call.cancel()

    def compact(self) -> Iterator[CompactionProgress]:
        """Has all removed that is due to be forgotten, and tells how far that is.

        The last that is given has the compaction. Who stops asking before ends
        it; what is removed by then stays removed.

        Raises:
            OverloadedError: Another compaction is under way.
            StorageError: A shard is out of service, or the server stops.
        """
        with self._errors(0.0):
            call = self._stub.Compact(admin_pb2.CompactRequest())
            try:
                for response in call:
                    yield _read_compaction(response)
            finally:
                call.cancel()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _errors(self, timeout_s: float) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            site = CallSite(self._route.target, timeout_s, "", "")
            raise to_state_error(failure_of_call(error), site) from error


def _read_stats(response: admin_pb2.StatsResponse) -> ServerStats:
    return ServerStats(
        server_version=response.server_version,
        folder_format=response.folder_format,
        start_time=to_datetime(response.start_time),
        uptime=response.uptime.ToTimedelta(),
        backups_allowed=response.backups_allowed,
        shards=tuple(
            ShardStats(
                shard=shard.shard,
                in_service=shard.in_service,
                last_revision=shard.last_revision,
                figures=_read_figures(shard.figures),
            )
            for shard in response.shards
        ),
        total=_read_figures(response.total),
    )


def _read_figures(figures: admin_pb2.Figures) -> Figures:
    age: dt.timedelta | None = None
    if figures.HasField("oldest_reader_age"):
        age = figures.oldest_reader_age.ToTimedelta()
    return Figures(
        executions=figures.executions,
        file_bytes=figures.file_bytes,
        used_bytes=figures.used_bytes,
        limit_bytes=figures.limit_bytes,
        readers=figures.readers,
        oldest_reader_age=age,
        waiting_operations=figures.waiting_operations,
        waiting_bytes=figures.waiting_bytes,
        lock_waiters=figures.lock_waiters,
    )


def _read_progress(response: admin_pb2.BackupResponse) -> BackupProgress:
    backup = None
    if response.HasField("result"):
        result = response.result
        backup = Backup(
            folder=result.folder,
            snapshot_time=to_datetime(result.snapshot_time),
            size=result.size_bytes,
            last_revisions=tuple(result.last_revisions),
        )
    return BackupProgress(
        written_bytes=response.written_bytes, total_bytes=response.total_bytes, backup=backup
    )


def _read_compaction(response: admin_pb2.CompactResponse) -> CompactionProgress:
    compaction = None
    if response.HasField("result"):
        result = response.result
        compaction = Compaction(
            used_bytes_before=result.used_bytes_before,
            used_bytes_after=result.used_bytes_after,
            file_bytes=result.file_bytes,
        )
    return CompactionProgress(
        expired_executions=response.expired_executions,
        garbage_rows=response.garbage_rows,
        log_rows=response.log_rows,
        request_rows=response.request_rows,
        history_rows=response.history_rows,
        compaction=compaction,
    )
