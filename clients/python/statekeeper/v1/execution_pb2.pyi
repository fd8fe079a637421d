import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import pause_pb2 as _pause_pb2
from statekeeper.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATUS_UNSPECIFIED: _ClassVar[Status]
    STATUS_RUNNING: _ClassVar[Status]
    STATUS_WAITING: _ClassVar[Status]
    STATUS_PAUSED: _ClassVar[Status]
    STATUS_COMPLETED: _ClassVar[Status]
    STATUS_FAILED: _ClassVar[Status]
STATUS_UNSPECIFIED: Status
STATUS_RUNNING: Status
STATUS_WAITING: Status
STATUS_PAUSED: Status
STATUS_COMPLETED: Status
STATUS_FAILED: Status

class ExecutionKey(_message.Message):
    __slots__ = ("namespace", "execution_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    execution_id: str
    def __init__(self, namespace: _Optional[str] = ..., execution_id: _Optional[str] = ...) -> None: ...

class ExecutionState(_message.Message):
    __slots__ = ("id", "status", "input", "context", "member_outputs", "current_member", "start_time", "metadata", "labels", "schema_version")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    MEMBER_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_MEMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    status: Status
    input: _value_pb2.Document
    context: _value_pb2.Document
    member_outputs: _value_pb2.Document
    current_member: str
    start_time: _timestamp_pb2.Timestamp
    metadata: _value_pb2.Document
    labels: _containers.ScalarMap[str, str]
    schema_version: str
    def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[Status, str]] = ..., input: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., context: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., member_outputs: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., current_member: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., schema_version: _Optional[str] = ...) -> None: ...

class Execution(_message.Message):
    __slots__ = ("key", "revision", "version", "create_time", "update_time", "expire_time", "state", "pauses", "shared_state")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAUSES_FIELD_NUMBER: _ClassVar[int]
    SHARED_STATE_FIELD_NUMBER: _ClassVar[int]
    key: ExecutionKey
    revision: int
    version: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    state: ExecutionState
    pauses: _containers.RepeatedCompositeFieldContainer[_pause_pb2.Pause]
    shared_state: _value_pb2.Document
    def __init__(self, key: _Optional[_Union[ExecutionKey, _Mapping]] = ..., revision: _Optional[int] = ..., version: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[ExecutionState, _Mapping]] = ..., pauses: _Optional[_Iterable[_Union[_pause_pb2.Pause, _Mapping]]] = ..., shared_state: _Optional[_Union[_value_pb2.Document, _Mapping]] = ...) -> None: ...
