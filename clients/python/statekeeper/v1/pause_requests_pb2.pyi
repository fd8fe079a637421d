import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import pause_pb2 as _pause_pb2
from statekeeper.v1 import value_pb2 as _value_pb2
from statekeeper.v1 import write_pb2 as _write_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PauseRequest(_message.Message):
    __slots__ = ("key", "options", "member", "reason", "data", "expire_time", "on_expiry", "default_input")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ON_EXPIRY_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_INPUT_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    member: str
    reason: str
    data: _value_pb2.Document
    expire_time: _timestamp_pb2.Timestamp
    on_expiry: _pause_pb2.ExpiryAction
    default_input: _value_pb2.Document
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., member: _Optional[str] = ..., reason: _Optional[str] = ..., data: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., on_expiry: _Optional[_Union[_pause_pb2.ExpiryAction, str]] = ..., default_input: _Optional[_Union[_value_pb2.Document, _Mapping]] = ...) -> None: ...

class PauseResponse(_message.Message):
    __slots__ = ("result", "token", "pause_id")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    token: str
    pause_id: str
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., token: _Optional[str] = ..., pause_id: _Optional[str] = ...) -> None: ...

class ResumeRequest(_message.Message):
    __slots__ = ("key", "options", "token", "pause_id", "input")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    token: str
    pause_id: str
    input: _value_pb2.Document
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., token: _Optional[str] = ..., pause_id: _Optional[str] = ..., input: _Optional[_Union[_value_pb2.Document, _Mapping]] = ...) -> None: ...

class ResumeResponse(_message.Message):
    __slots__ = ("result", "member", "pause_id")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    member: str
    pause_id: str
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., member: _Optional[str] = ..., pause_id: _Optional[str] = ...) -> None: ...

class GetPauseRequest(_message.Message):
    __slots__ = ("key", "token", "pause_id")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    token: str
    pause_id: str
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., token: _Optional[str] = ..., pause_id: _Optional[str] = ...) -> None: ...

class GetPauseResponse(_message.Message):
    __slots__ = ("pause", "execution")
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    pause: _pause_pb2.Pause
    execution: _execution_pb2.Execution
    def __init__(self, pause: _Optional[_Union[_pause_pb2.Pause, _Mapping]] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ...) -> None: ...

class ListPausesRequest(_message.Message):
    __slots__ = ("namespace", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class WaitingPause(_message.Message):
    __slots__ = ("pause", "execution")
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    pause: _pause_pb2.Pause
    execution: _execution_pb2.Execution
    def __init__(self, pause: _Optional[_Union[_pause_pb2.Pause, _Mapping]] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ...) -> None: ...

class ListPausesResponse(_message.Message):
    __slots__ = ("pauses", "next_page_token")
    PAUSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    pauses: _containers.RepeatedCompositeFieldContainer[WaitingPause]
    next_page_token: str
    def __init__(self, pauses: _Optional[_Iterable[_Union[WaitingPause, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
