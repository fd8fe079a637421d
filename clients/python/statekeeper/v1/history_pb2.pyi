import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import execution_pb2 as _execution_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_KIND_UNSPECIFIED: _ClassVar[EventKind]
    EVENT_KIND_SAVED: _ClassVar[EventKind]
    EVENT_KIND_UPDATED: _ClassVar[EventKind]
    EVENT_KIND_DELETED: _ClassVar[EventKind]
    EVENT_KIND_EXPIRED: _ClassVar[EventKind]
    EVENT_KIND_PAUSED: _ClassVar[EventKind]
    EVENT_KIND_RESUMED: _ClassVar[EventKind]
    EVENT_KIND_PAUSE_EXPIRED: _ClassVar[EventKind]
    EVENT_KIND_CHECKPOINTED: _ClassVar[EventKind]
    EVENT_KIND_RESTORED: _ClassVar[EventKind]
    EVENT_KIND_LOCKED: _ClassVar[EventKind]
    EVENT_KIND_UNLOCKED: _ClassVar[EventKind]
    EVENT_KIND_SNAPSHOT: _ClassVar[EventKind]
EVENT_KIND_UNSPECIFIED: EventKind
EVENT_KIND_SAVED: EventKind
EVENT_KIND_UPDATED: EventKind
EVENT_KIND_DELETED: EventKind
EVENT_KIND_EXPIRED: EventKind
EVENT_KIND_PAUSED: EventKind
EVENT_KIND_RESUMED: EventKind
EVENT_KIND_PAUSE_EXPIRED: EventKind
EVENT_KIND_CHECKPOINTED: EventKind
EVENT_KIND_RESTORED: EventKind
EVENT_KIND_LOCKED: EventKind
EVENT_KIND_UNLOCKED: EventKind
EVENT_KIND_SNAPSHOT: EventKind

class Revision(_message.Message):
    __slots__ = ("revision", "version", "time", "kind", "status", "changed", "actor", "pause_id", "checkpoint")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    revision: int
    version: int
    time: _timestamp_pb2.Timestamp
    kind: EventKind
    status: _execution_pb2.Status
    changed: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    pause_id: str
    checkpoint: str
    def __init__(self, revision: _Optional[int] = ..., version: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[EventKind, str]] = ..., status: _Optional[_Union[_execution_pb2.Status, str]] = ..., changed: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ..., pause_id: _Optional[str] = ..., checkpoint: _Optional[str] = ...) -> None: ...
