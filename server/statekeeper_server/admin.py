"""The RPCs of Admin: how the server stands, backups, and compactions."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version

import grpc

from statekeeper.v1 import admin_pb2
from statekeeper.v1.admin_pb2 import (
    BackupRequest,
    BackupResponse,
    CompactRequest,
    CompactResponse,
    Figures,
    ShardStats,
    StatsRequest,
    StatsResponse,
)
from statekeeper_server import requests
from statekeeper_server.admission import Admission
from statekeeper_server.backup import Backup, Backups, Progress
from statekeeper_server.clock import Clock
from statekeeper_server.compaction import Compaction, Compactions, Removed
from statekeeper_server.errors import StorageError
from statekeeper_server.folder_format import FORMAT
from statekeeper_server.operations.compact import Chore
from statekeeper_server.rpc import Context, guarded, parse, unary
from statekeeper_server.shards import Shards
from statekeeper_server.worker import Worker

SERVICE_NAME = admin_pb2.DESCRIPTOR.services_by_name["Admin"].full_name

_PROGRESS_INTERVAL_S = 0.2


class Admin:
    """Serves the Admin of the contract.

    Args:
        shards: what to tell about, and to compact.
        backups: makes them.
        clock: what time it is.
        admission: counts the bytes that are under way.
    """

    def __init__(
        self, shards: Shards, backups: Backups, clock: Clock, admission: Admission
    ) -> None:
        self._shards = shards
        self._backups = backups
        self._compactions = Compactions(shards)
        self._clock = clock
        self._admission = admission
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="statekeeper stats")
        self._start_time_us = clock.now_us()
        self._start_us = clock.monotonic_us()

    def handler(self) -> grpc.GenericRpcHandler:
        """All methods, for a server."""
        methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Stats": unary(
                self._admission, self._threads, StatsRequest, _no_check, self._stats, read_only=True
            ),
            "Backup": grpc.unary_stream_rpc_method_handler(self._backup),
            "Compact": grpc.unary_stream_rpc_method_handler(self._compact),
        }
        return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)

    def drain(self) -> None:
        """Give up a backup or a compaction that is under way."""
        self._backups.drain()
        self._compactions.drain()

    def close(self) -> None:
        """Give the thread back; no RPC may be under way."""
        self._threads.shutdown()

    async def _stats(self, _: StatsRequest) -> bytes:
        response = StatsResponse(
            server_version=_version(), folder_format=FORMAT, backups_allowed=self._backups.allowed
        )
        response.start_time.FromMicroseconds(self._start_time_us)
        response.uptime.FromMicroseconds(self._clock.monotonic_us() - self._start_us)
        for number, shard in enumerate(self._shards):
            told = response.shards.add(shard=number, in_service=shard.in_service)
            backlog = shard.backlog()
            told.figures.waiting_operations = backlog.operations
            told.figures.waiting_bytes = backlog.size_bytes
            told.figures.lock_waiters = backlog.lock_waiters
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._put_figures, response)
        return response.SerializeToString()

    def _put_figures(self, response: StatsResponse) -> None:
        for shard, told in zip(self._shards, response.shards, strict=True):
            try:
                _put_figures_of(shard, told)
            except StorageError:
                told.in_service = False
        _put_total(response)

    async def _backup(self, raw: bytes, context: Context) -> None:
        async with guarded(context, "Backup"):
            name = requests.check_backup(parse(BackupRequest, raw))
            progress = Progress()
            making = asyncio.ensure_future(self._backups.make(name, progress))
            try:
                while not (await asyncio.wait((making,), timeout=_PROGRESS_INTERVAL_S))[0]:
                    await context.write(_progress(progress).SerializeToString())
                response = _progress(progress)
                _put_backup(response, making.result())
                await context.write(response.SerializeToString())
            except grpc.aio.InternalError:
                # It cannot be sent: the caller has gone.
                return
            finally:
                making.cancel()

    async def _compact(self, raw: bytes, context: Context) -> None:
        async with guarded(context, "Compact"):
            parse(CompactRequest, raw)
            removed = Removed()
            running = asyncio.ensure_future(self._compactions.run(removed))
            try:
                while not (await asyncio.wait((running,), timeout=_PROGRESS_INTERVAL_S))[0]:
                    await context.write(_compacted(removed).SerializeToString())
                response = _compacted(removed)
                _put_compaction(response, running.result())
                await context.write(response.SerializeToString())
            except grpc.aio.InternalError:
                # It cannot be sent: the caller has gone.
                return
            finally:
                running.cancel()


def _no_check(request: StatsRequest) -> StatsRequest:
    return request


def _put_figures_of(shard: Worker, told: ShardStats) -> None:
    usage = shard.usage()
    with shard.read() as store:
        told.last_revision = store.last_revision()
        told.figures.executions = store.executions_count()
    figures = told.figures
    figures.file_bytes = usage.file_bytes
    figures.used_bytes = usage.used_bytes
    figures.limit_bytes = usage.limit_bytes
    figures.readers = usage.readers
    if usage.oldest_reader_s is not None:
        figures.oldest_reader_age.FromMicroseconds(round(usage.oldest_reader_s * 1_000_000))


def _put_total(response: StatsResponse) -> None:
    all_figures = [shard.figures for shard in response.shards]
    total = response.total
    for field in Figures.DESCRIPTOR.fields:
        if field.message_type is None:
            name = field.name
            setattr(total, name, sum(getattr(figures, name) for figures in all_figures))
    ages = [each.oldest_reader_age for each in all_figures if each.HasField("oldest_reader_age")]
    if ages:
        total.oldest_reader_age.CopyFrom(max(ages, key=lambda age: age.ToMicroseconds()))


def _progress(progress: Progress) -> BackupResponse:
    written_bytes = progress.written_bytes
    return BackupResponse(
        written_bytes=written_bytes,
        # A copy has a few pages that were not counted.
        total_bytes=max(written_bytes, progress.total_bytes),
    )


def _put_backup(response: BackupResponse, backup: Backup) -> None:
    result = response.result
    result.folder = str(backup.folder)
    result.snapshot_time.FromMicroseconds(backup.snapshot_time_us)
    result.size_bytes = backup.size_bytes
    result.last_revisions.extend(backup.last_revisions)


def _compacted(removed: Removed) -> CompactResponse:
    return CompactResponse(
        expired_executions=removed[Chore.EXECUTIONS],
        garbage_rows=removed[Chore.GARBAGE],
        log_rows=removed[Chore.LOG],
        request_rows=removed[Chore.REQUESTS],
        history_rows=removed[Chore.HISTORY],
    )


def _put_compaction(response: CompactResponse, compaction: Compaction) -> None:
    result = response.result
    result.used_bytes_before = compaction.used_bytes_before
    result.used_bytes_after = compaction.used_bytes_after
    result.file_bytes = compaction.file_bytes


def _version() -> str:
    try:
        return version("statekeeper")
    except PackageNotFoundError:
        return "unknown"
