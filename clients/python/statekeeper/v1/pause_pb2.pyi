import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExpiryAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPIRY_ACTION_UNSPECIFIED: _ClassVar[ExpiryAction]
    EXPIRY_ACTION_FAIL: _ClassVar[ExpiryAction]
    EXPIRY_ACTION_RESUME: _ClassVar[ExpiryAction]
    EXPIRY_ACTION_KEEP: _ClassVar[ExpiryAction]

class PauseStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAUSE_STATUS_UNSPECIFIED: _ClassVar[PauseStatus]
    PAUSE_STATUS_OPEN: _ClassVar[PauseStatus]
    PAUSE_STATUS_OVERDUE: _ClassVar[PauseStatus]
    PAUSE_STATUS_RESUMED: _ClassVar[PauseStatus]
    PAUSE_STATUS_EXPIRED: _ClassVar[PauseStatus]
    PAUSE_STATUS_VOIDED: _ClassVar[PauseStatus]
EXPIRY_ACTION_UNSPECIFIED: ExpiryAction
EXPIRY_ACTION_FAIL: ExpiryAction
EXPIRY_ACTION_RESUME: ExpiryAction
EXPIRY_ACTION_KEEP: ExpiryAction
PAUSE_STATUS_UNSPECIFIED: PauseStatus
PAUSE_STATUS_OPEN: PauseStatus
PAUSE_STATUS_OVERDUE: PauseStatus
PAUSE_STATUS_RESUMED: PauseStatus
PAUSE_STATUS_EXPIRED: PauseStatus
PAUSE_STATUS_VOIDED: PauseStatus

class Resumption(_message.Message):
    __slots__ = ("input", "actor", "time")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    input: _value_pb2.Document
    actor: str
    time: _timestamp_pb2.Timestamp
    def __init__(self, input: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., actor: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Pause(_message.Message):
    __slots__ = ("pause_id", "status", "member", "reason", "data", "create_time", "expire_time", "on_expiry", "default_input", "actor", "resumption")
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ON_EXPIRY_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_INPUT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    RESUMPTION_FIELD_NUMBER: _ClassVar[int]
    pause_id: str
    status: PauseStatus
    member: str
    reason: str
    data: _value_pb2.Document
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    on_expiry: ExpiryAction
    default_input: _value_pb2.Document
    actor: str
    resumption: Resumption
    def __init__(self, pause_id: _Optional[str] = ..., status: _Optional[_Union[PauseStatus, str]] = ..., member: _Optional[str] = ..., reason: _Optional[str] = ..., data: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., on_expiry: _Optional[_Union[ExpiryAction, str]] = ..., default_input: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., actor: _Optional[str] = ..., resumption: _Optional[_Union[Resumption, _Mapping]] = ...) -> None: ...
