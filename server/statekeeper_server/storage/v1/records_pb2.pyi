from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import history_pb2 as _history_pb2
from statekeeper.v1 import pause_pb2 as _pause_pb2
from statekeeper.v1 import pause_requests_pb2 as _pause_requests_pb2
from statekeeper.v1 import transaction_pb2 as _transaction_pb2
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
    __slots__ = ("uid", "execution", "expire_time_us", "ttl_us", "sizes", "history_floor", "open_pauses", "pauses", "checkpoints", "sweep_time_us", "update_time_us")
    UID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    TTL_US_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FLOOR_FIELD_NUMBER: _ClassVar[int]
    OPEN_PAUSES_FIELD_NUMBER: _ClassVar[int]
    PAUSES_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    SWEEP_TIME_US_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    uid: int
    execution: _execution_pb2.Execution
    expire_time_us: int
    ttl_us: int
    sizes: _containers.RepeatedCompositeFieldContainer[DocumentSize]
    history_floor: int
    open_pauses: _containers.RepeatedCompositeFieldContainer[OpenPause]
    pauses: int
    checkpoints: int
    sweep_time_us: int
    update_time_us: int
    def __init__(self, uid: _Optional[int] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ..., expire_time_us: _Optional[int] = ..., ttl_us: _Optional[int] = ..., sizes: _Optional[_Iterable[_Union[DocumentSize, _Mapping]]] = ..., history_floor: _Optional[int] = ..., open_pauses: _Optional[_Iterable[_Union[OpenPause, _Mapping]]] = ..., pauses: _Optional[int] = ..., checkpoints: _Optional[int] = ..., sweep_time_us: _Optional[int] = ..., update_time_us: _Optional[int] = ...) -> None: ...

class OpenPause(_message.Message):
    __slots__ = ("revision", "ordinal", "create_time_us", "expire_time_us", "token_hash")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    TOKEN_HASH_FIELD_NUMBER: _ClassVar[int]
    revision: int
    ordinal: int
    create_time_us: int
    expire_time_us: int
    token_hash: bytes
    def __init__(self, revision: _Optional[int] = ..., ordinal: _Optional[int] = ..., create_time_us: _Optional[int] = ..., expire_time_us: _Optional[int] = ..., token_hash: _Optional[bytes] = ...) -> None: ...

class PauseRow(_message.Message):
    __slots__ = ("pause", "overdue_revision", "closed_revision", "token_hash")
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    OVERDUE_REVISION_FIELD_NUMBER: _ClassVar[int]
    CLOSED_REVISION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_HASH_FIELD_NUMBER: _ClassVar[int]
    pause: _pause_pb2.Pause
    overdue_revision: int
    closed_revision: int
    token_hash: bytes
    def __init__(self, pause: _Optional[_Union[_pause_pb2.Pause, _Mapping]] = ..., overdue_revision: _Optional[int] = ..., closed_revision: _Optional[int] = ..., token_hash: _Optional[bytes] = ...) -> None: ...

class TokenRow(_message.Message):
    __slots__ = ("key", "uid", "revision", "ordinal")
    KEY_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    uid: int
    revision: int
    ordinal: int
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., uid: _Optional[int] = ..., revision: _Optional[int] = ..., ordinal: _Optional[int] = ...) -> None: ...

class PauseRef(_message.Message):
    __slots__ = ("key", "uid")
    KEY_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    uid: int
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., uid: _Optional[int] = ...) -> None: ...

class CheckpointRow(_message.Message):
    __slots__ = ("revision", "time_us", "position", "actor", "execution", "ordinal")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    revision: int
    time_us: int
    position: int
    actor: str
    execution: _execution_pb2.Execution
    ordinal: int
    def __init__(self, revision: _Optional[int] = ..., time_us: _Optional[int] = ..., position: _Optional[int] = ..., actor: _Optional[str] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ..., ordinal: _Optional[int] = ...) -> None: ...

class LockRow(_message.Message):
    __slots__ = ("owner", "fencing_token", "lease_us", "expire_time_us", "exclusive")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEASE_US_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_US_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    owner: str
    fencing_token: int
    lease_us: int
    expire_time_us: int
    exclusive: bool
    def __init__(self, owner: _Optional[str] = ..., fencing_token: _Optional[int] = ..., lease_us: _Optional[int] = ..., expire_time_us: _Optional[int] = ..., exclusive: _Optional[bool] = ...) -> None: ...

class AccessRow(_message.Message):
    __slots__ = ("counts", "recent")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    RECENT_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[AccessCount]
    recent: _containers.RepeatedCompositeFieldContainer[RecentAccess]
    def __init__(self, counts: _Optional[_Iterable[_Union[AccessCount, _Mapping]]] = ..., recent: _Optional[_Iterable[_Union[RecentAccess, _Mapping]]] = ...) -> None: ...

class AccessCount(_message.Message):
    __slots__ = ("member", "reads", "writes")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    member: str
    reads: int
    writes: int
    def __init__(self, member: _Optional[str] = ..., reads: _Optional[int] = ..., writes: _Optional[int] = ...) -> None: ...

class RecentAccess(_message.Message):
    __slots__ = ("member", "wrote", "time_us", "revision")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    WROTE_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    member: str
    wrote: bool
    time_us: int
    revision: int
    def __init__(self, member: _Optional[str] = ..., wrote: _Optional[bool] = ..., time_us: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...

class EntryVersion(_message.Message):
    __slots__ = ("ordinal", "time_us", "pruned_revision", "value_bytes", "plain", "zstd", "chunks")
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    PRUNED_REVISION_FIELD_NUMBER: _ClassVar[int]
    VALUE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PLAIN_FIELD_NUMBER: _ClassVar[int]
    ZSTD_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    ordinal: int
    time_us: int
    pruned_revision: int
    value_bytes: int
    plain: bytes
    zstd: bytes
    chunks: Chunks
    def __init__(self, ordinal: _Optional[int] = ..., time_us: _Optional[int] = ..., pruned_revision: _Optional[int] = ..., value_bytes: _Optional[int] = ..., plain: _Optional[bytes] = ..., zstd: _Optional[bytes] = ..., chunks: _Optional[_Union[Chunks, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("uid", "execution", "acts", "actor", "previous_revision", "time_us")
    UID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    ACTS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_REVISION_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    uid: int
    execution: _execution_pb2.Execution
    acts: _containers.RepeatedCompositeFieldContainer[Act]
    actor: str
    previous_revision: int
    time_us: int
    def __init__(self, uid: _Optional[int] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ..., acts: _Optional[_Iterable[_Union[Act, _Mapping]]] = ..., actor: _Optional[str] = ..., previous_revision: _Optional[int] = ..., time_us: _Optional[int] = ...) -> None: ...

class Act(_message.Message):
    __slots__ = ("kind", "changed", "pause_id", "checkpoint", "owner")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    kind: _history_pb2.EventKind
    changed: _containers.RepeatedScalarFieldContainer[str]
    pause_id: str
    checkpoint: str
    owner: str
    def __init__(self, kind: _Optional[_Union[_history_pb2.EventKind, str]] = ..., changed: _Optional[_Iterable[str]] = ..., pause_id: _Optional[str] = ..., checkpoint: _Optional[str] = ..., owner: _Optional[str] = ...) -> None: ...

class DoneRequest(_message.Message):
    __slots__ = ("digest", "plain", "pause", "transaction", "sealed_tokens", "token_hash")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PLAIN_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    SEALED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_HASH_FIELD_NUMBER: _ClassVar[int]
    digest: bytes
    plain: bytes
    pause: _pause_requests_pb2.PauseResponse
    transaction: _transaction_pb2.TransactionResponse
    sealed_tokens: _containers.RepeatedScalarFieldContainer[bytes]
    token_hash: bytes
    def __init__(self, digest: _Optional[bytes] = ..., plain: _Optional[bytes] = ..., pause: _Optional[_Union[_pause_requests_pb2.PauseResponse, _Mapping]] = ..., transaction: _Optional[_Union[_transaction_pb2.TransactionResponse, _Mapping]] = ..., sealed_tokens: _Optional[_Iterable[bytes]] = ..., token_hash: _Optional[bytes] = ...) -> None: ...

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

class LogGaps(_message.Message):
    __slots__ = ("gaps",)
    GAPS_FIELD_NUMBER: _ClassVar[int]
    gaps: _containers.RepeatedCompositeFieldContainer[LogGap]
    def __init__(self, gaps: _Optional[_Iterable[_Union[LogGap, _Mapping]]] = ...) -> None: ...

class LogGap(_message.Message):
    __slots__ = ("after", "until")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    after: int
    until: int
    def __init__(self, after: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...

class RequestGeneration(_message.Message):
    __slots__ = ("generation", "began_us")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    BEGAN_US_FIELD_NUMBER: _ClassVar[int]
    generation: int
    began_us: int
    def __init__(self, generation: _Optional[int] = ..., began_us: _Optional[int] = ...) -> None: ...
