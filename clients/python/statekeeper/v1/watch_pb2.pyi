import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import history_pb2 as _history_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchInclude(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_INCLUDE_UNSPECIFIED: _ClassVar[WatchInclude]
    WATCH_INCLUDE_HEAD: _ClassVar[WatchInclude]
    WATCH_INCLUDE_CHANGES: _ClassVar[WatchInclude]
    WATCH_INCLUDE_STATE: _ClassVar[WatchInclude]
WATCH_INCLUDE_UNSPECIFIED: WatchInclude
WATCH_INCLUDE_HEAD: WatchInclude
WATCH_INCLUDE_CHANGES: WatchInclude
WATCH_INCLUDE_STATE: WatchInclude

class WatchRequest(_message.Message):
    __slots__ = ("key", "namespace", "id_prefix", "snapshot", "after_revision", "resume_token", "kinds", "include", "heartbeat_interval")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    AFTER_REVISION_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    namespace: str
    id_prefix: str
    snapshot: bool
    after_revision: int
    resume_token: str
    kinds: _containers.RepeatedScalarFieldContainer[_history_pb2.EventKind]
    include: WatchInclude
    heartbeat_interval: _duration_pb2.Duration
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., namespace: _Optional[str] = ..., id_prefix: _Optional[str] = ..., snapshot: _Optional[bool] = ..., after_revision: _Optional[int] = ..., resume_token: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_history_pb2.EventKind, str]]] = ..., include: _Optional[_Union[WatchInclude, str]] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("events", "resume_token", "heartbeat", "snapshot_complete", "snapshot_tokens")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    resume_token: str
    heartbeat: bool
    snapshot_complete: bool
    snapshot_tokens: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., resume_token: _Optional[str] = ..., heartbeat: _Optional[bool] = ..., snapshot_complete: _Optional[bool] = ..., snapshot_tokens: _Optional[_Iterable[str]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("kind", "key", "revision", "execution_revision", "version", "time", "status", "changed", "actor", "pause_id", "checkpoint", "owner", "changes", "removed", "execution", "values_missing")
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_REVISION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    VALUES_MISSING_FIELD_NUMBER: _ClassVar[int]
    kind: _history_pb2.EventKind
    key: _execution_pb2.ExecutionKey
    revision: int
    execution_revision: int
    version: int
    time: _timestamp_pb2.Timestamp
    status: _execution_pb2.Status
    changed: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    pause_id: str
    checkpoint: str
    owner: str
    changes: _execution_pb2.ExecutionState
    removed: _containers.RepeatedScalarFieldContainer[str]
    execution: _execution_pb2.Execution
    values_missing: bool
    def __init__(self, kind: _Optional[_Union[_history_pb2.EventKind, str]] = ..., key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., revision: _Optional[int] = ..., execution_revision: _Optional[int] = ..., version: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status: _Optional[_Union[_execution_pb2.Status, str]] = ..., changed: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ..., pause_id: _Optional[str] = ..., checkpoint: _Optional[str] = ..., owner: _Optional[str] = ..., changes: _Optional[_Union[_execution_pb2.ExecutionState, _Mapping]] = ..., removed: _Optional[_Iterable[str]] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ..., values_missing: _Optional[bool] = ...) -> None: ...
