import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StatsResponse(_message.Message):
    __slots__ = ("server_version", "folder_format", "start_time", "uptime", "backups_allowed", "shards", "total")
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FORMAT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPTIME_FIELD_NUMBER: _ClassVar[int]
    BACKUPS_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    server_version: str
    folder_format: int
    start_time: _timestamp_pb2.Timestamp
    uptime: _duration_pb2.Duration
    backups_allowed: bool
    shards: _containers.RepeatedCompositeFieldContainer[ShardStats]
    total: Figures
    def __init__(self, server_version: _Optional[str] = ..., folder_format: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., uptime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., backups_allowed: _Optional[bool] = ..., shards: _Optional[_Iterable[_Union[ShardStats, _Mapping]]] = ..., total: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class ShardStats(_message.Message):
    __slots__ = ("shard", "in_service", "last_revision", "figures")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    IN_SERVICE_FIELD_NUMBER: _ClassVar[int]
    LAST_REVISION_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    shard: int
    in_service: bool
    last_revision: int
    figures: Figures
    def __init__(self, shard: _Optional[int] = ..., in_service: _Optional[bool] = ..., last_revision: _Optional[int] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class Figures(_message.Message):
    __slots__ = ("executions", "file_bytes", "used_bytes", "limit_bytes", "readers", "oldest_reader_age", "waiting_operations", "waiting_bytes", "lock_waiters")
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    READERS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_READER_AGE_FIELD_NUMBER: _ClassVar[int]
    WAITING_OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    WAITING_BYTES_FIELD_NUMBER: _ClassVar[int]
    LOCK_WAITERS_FIELD_NUMBER: _ClassVar[int]
    executions: int
    file_bytes: int
    used_bytes: int
    limit_bytes: int
    readers: int
    oldest_reader_age: _duration_pb2.Duration
    waiting_operations: int
    waiting_bytes: int
    lock_waiters: int
    def __init__(self, executions: _Optional[int] = ..., file_bytes: _Optional[int] = ..., used_bytes: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., readers: _Optional[int] = ..., oldest_reader_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., waiting_operations: _Optional[int] = ..., waiting_bytes: _Optional[int] = ..., lock_waiters: _Optional[int] = ...) -> None: ...

class BackupRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class BackupResponse(_message.Message):
    __slots__ = ("written_bytes", "total_bytes", "result")
    WRITTEN_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    written_bytes: int
    total_bytes: int
    result: BackupResult
    def __init__(self, written_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ..., result: _Optional[_Union[BackupResult, _Mapping]] = ...) -> None: ...

class BackupResult(_message.Message):
    __slots__ = ("folder", "snapshot_time", "size_bytes", "last_revisions")
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_TIME_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    LAST_REVISIONS_FIELD_NUMBER: _ClassVar[int]
    folder: str
    snapshot_time: _timestamp_pb2.Timestamp
    size_bytes: int
    last_revisions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, folder: _Optional[str] = ..., snapshot_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., size_bytes: _Optional[int] = ..., last_revisions: _Optional[_Iterable[int]] = ...) -> None: ...

class CompactRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompactResponse(_message.Message):
    __slots__ = ("expired_executions", "garbage_rows", "log_rows", "request_rows", "history_rows", "result")
    EXPIRED_EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    GARBAGE_ROWS_FIELD_NUMBER: _ClassVar[int]
    LOG_ROWS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ROWS_FIELD_NUMBER: _ClassVar[int]
    HISTORY_ROWS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    expired_executions: int
    garbage_rows: int
    log_rows: int
    request_rows: int
    history_rows: int
    result: CompactResult
    def __init__(self, expired_executions: _Optional[int] = ..., garbage_rows: _Optional[int] = ..., log_rows: _Optional[int] = ..., request_rows: _Optional[int] = ..., history_rows: _Optional[int] = ..., result: _Optional[_Union[CompactResult, _Mapping]] = ...) -> None: ...

class CompactResult(_message.Message):
    __slots__ = ("used_bytes_before", "used_bytes_after", "file_bytes")
    USED_BYTES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_AFTER_FIELD_NUMBER: _ClassVar[int]
    FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    used_bytes_before: int
    used_bytes_after: int
    file_bytes: int
    def __init__(self, used_bytes_before: _Optional[int] = ..., used_bytes_after: _Optional[int] = ..., file_bytes: _Optional[int] = ...) -> None: ...
