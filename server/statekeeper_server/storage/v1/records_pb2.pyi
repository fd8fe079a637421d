import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import history_pb2 as _history_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Attributes(_message.Message):
    __slots__ = ("status", "current_member", "start_time", "labels", "schema_version", "documents")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_MEMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    status: _execution_pb2.Status
    current_member: str
    start_time: _timestamp_pb2.Timestamp
    labels: _containers.ScalarMap[str, str]
    schema_version: str
    documents: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, status: _Optional[_Union[_execution_pb2.Status, str]] = ..., current_member: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., schema_version: _Optional[str] = ..., documents: _Optional[_Iterable[int]] = ...) -> None: ...

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
    __slots__ = ("uid", "revision", "version", "create_time_us", "update_time_us", "expire_time_us", "ttl_us", "attributes", "sizes", "history_floor")
    UID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    TTL_US_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FLOOR_FIELD_NUMBER: _ClassVar[int]
    uid: int
    revision: int
    version: int
    create_time_us: int
    update_time_us: int
    expire_time_us: int
    ttl_us: int
    attributes: Attributes
    sizes: _containers.RepeatedCompositeFieldContainer[DocumentSize]
    history_floor: int
    def __init__(self, uid: _Optional[int] = ..., revision: _Optional[int] = ..., version: _Optional[int] = ..., create_time_us: _Optional[int] = ..., update_time_us: _Optional[int] = ..., expire_time_us: _Optional[int] = ..., ttl_us: _Optional[int] = ..., attributes: _Optional[_Union[Attributes, _Mapping]] = ..., sizes: _Optional[_Iterable[_Union[DocumentSize, _Mapping]]] = ..., history_floor: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("namespace", "execution_id", "uid", "kind", "version", "time_us", "changed", "actor", "previous_revision", "attributes")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_REVISION_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    execution_id: str
    uid: int
    kind: _history_pb2.EventKind
    version: int
    time_us: int
    changed: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    previous_revision: int
    attributes: Attributes
    def __init__(self, namespace: _Optional[str] = ..., execution_id: _Optional[str] = ..., uid: _Optional[int] = ..., kind: _Optional[_Union[_history_pb2.EventKind, str]] = ..., version: _Optional[int] = ..., time_us: _Optional[int] = ..., changed: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ..., previous_revision: _Optional[int] = ..., attributes: _Optional[_Union[Attributes, _Mapping]] = ...) -> None: ...

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
