from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import history_pb2 as _history_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DocumentSize(_message.Message):
    __slots__ = ("document", "entries", "value_bytes")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    VALUE_BYTES_FIELD_NUMBER: _ClassVar[int]
    document: int
    entries: int
    value_bytes: int
    def __init__(self, document: _Optional[int] = ..., entries: _Optional[int] = ..., value_bytes: _Optional[int] = ...) -> None: ...

class Head(_message.Message):
    __slots__ = ("uid", "execution", "expire_time_us", "ttl_us", "sizes", "history_floor")
    UID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    TTL_US_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FLOOR_FIELD_NUMBER: _ClassVar[int]
    uid: int
    execution: _execution_pb2.Execution
    expire_time_us: int
    ttl_us: int
    sizes: _containers.RepeatedCompositeFieldContainer[DocumentSize]
    history_floor: int
    def __init__(self, uid: _Optional[int] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ..., expire_time_us: _Optional[int] = ..., ttl_us: _Optional[int] = ..., sizes: _Optional[_Iterable[_Union[DocumentSize, _Mapping]]] = ..., history_floor: _Optional[int] = ...) -> None: ...

class EntryVersion(_message.Message):
    __slots__ = ("ordinal", "time_us", "value_bytes", "plain", "zstd", "chunks")
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    VALUE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PLAIN_FIELD_NUMBER: _ClassVar[int]
    ZSTD_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    ordinal: int
    time_us: int
    value_bytes: int
    plain: bytes
    zstd: bytes
    chunks: Chunks
    def __init__(self, ordinal: _Optional[int] = ..., time_us: _Optional[int] = ..., value_bytes: _Optional[int] = ..., plain: _Optional[bytes] = ..., zstd: _Optional[bytes] = ..., chunks: _Optional[_Union[Chunks, _Mapping]] = ...) -> None: ...

class Chunks(_message.Message):
    __slots__ = ("ordinal", "count", "zstd", "digest")
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ZSTD_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ordinal: int
    count: int
    zstd: bool
    digest: bytes
    def __init__(self, ordinal: _Optional[int] = ..., count: _Optional[int] = ..., zstd: _Optional[bool] = ..., digest: _Optional[bytes] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("uid", "kind", "execution", "changed", "actor", "previous_revision")
    UID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_REVISION_FIELD_NUMBER: _ClassVar[int]
    uid: int
    kind: _history_pb2.EventKind
    execution: _execution_pb2.Execution
    changed: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    previous_revision: int
    def __init__(self, uid: _Optional[int] = ..., kind: _Optional[_Union[_history_pb2.EventKind, str]] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ..., changed: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ..., previous_revision: _Optional[int] = ...) -> None: ...

class DoneRequest(_message.Message):
    __slots__ = ("digest", "revision", "version", "time_us", "warnings", "existed")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    EXISTED_FIELD_NUMBER: _ClassVar[int]
    digest: bytes
    revision: int
    version: int
    time_us: int
    warnings: _containers.RepeatedScalarFieldContainer[str]
    existed: bool
    def __init__(self, digest: _Optional[bytes] = ..., revision: _Optional[int] = ..., version: _Optional[int] = ..., time_us: _Optional[int] = ..., warnings: _Optional[_Iterable[str]] = ..., existed: _Optional[bool] = ...) -> None: ...

class ShardMeta(_message.Message):
    __slots__ = ("format", "folder_id", "shard", "shards")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    FOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    format: int
    folder_id: str
    shard: int
    shards: int
    def __init__(self, format: _Optional[int] = ..., folder_id: _Optional[str] = ..., shard: _Optional[int] = ..., shards: _Optional[int] = ...) -> None: ...
