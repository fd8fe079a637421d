import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import value_pb2 as _value_pb2
from statekeeper.v1 import write_pb2 as _write_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UndeclaredAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNDECLARED_ACTION_UNSPECIFIED: _ClassVar[UndeclaredAction]
    UNDECLARED_ACTION_REJECT: _ClassVar[UndeclaredAction]
    UNDECLARED_ACTION_DROP: _ClassVar[UndeclaredAction]

class AccessOperation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCESS_OPERATION_UNSPECIFIED: _ClassVar[AccessOperation]
    ACCESS_OPERATION_READ: _ClassVar[AccessOperation]
    ACCESS_OPERATION_WRITE: _ClassVar[AccessOperation]
UNDECLARED_ACTION_UNSPECIFIED: UndeclaredAction
UNDECLARED_ACTION_REJECT: UndeclaredAction
UNDECLARED_ACTION_DROP: UndeclaredAction
ACCESS_OPERATION_UNSPECIFIED: AccessOperation
ACCESS_OPERATION_READ: AccessOperation
ACCESS_OPERATION_WRITE: AccessOperation

class MemberAccess(_message.Message):
    __slots__ = ("use", "set")
    USE_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    use: _containers.RepeatedScalarFieldContainer[str]
    set: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, use: _Optional[_Iterable[str]] = ..., set: _Optional[_Iterable[str]] = ...) -> None: ...

class DefineStateRequest(_message.Message):
    __slots__ = ("key", "options", "schema", "initial", "input", "members")
    class SchemaEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class MembersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: MemberAccess
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[MemberAccess, _Mapping]] = ...) -> None: ...
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    INITIAL_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    schema: _containers.ScalarMap[str, str]
    initial: _value_pb2.Document
    input: _value_pb2.Document
    members: _containers.MessageMap[str, MemberAccess]
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., schema: _Optional[_Mapping[str, str]] = ..., initial: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., input: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., members: _Optional[_Mapping[str, MemberAccess]] = ...) -> None: ...

class Misfit(_message.Message):
    __slots__ = ("key", "path", "rule", "problem")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    key: str
    path: str
    rule: str
    problem: str
    def __init__(self, key: _Optional[str] = ..., path: _Optional[str] = ..., rule: _Optional[str] = ..., problem: _Optional[str] = ...) -> None: ...

class DefineStateResponse(_message.Message):
    __slots__ = ("result", "definition_version", "misfits")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    MISFITS_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    definition_version: int
    misfits: _containers.RepeatedCompositeFieldContainer[Misfit]
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., definition_version: _Optional[int] = ..., misfits: _Optional[_Iterable[_Union[Misfit, _Mapping]]] = ...) -> None: ...

class ReadStateRequest(_message.Message):
    __slots__ = ("key", "options", "member")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    member: str
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., member: _Optional[str] = ...) -> None: ...

class ReadStateResponse(_message.Message):
    __slots__ = ("result", "view")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    view: _value_pb2.Document
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., view: _Optional[_Union[_value_pb2.Document, _Mapping]] = ...) -> None: ...

class WriteStateRequest(_message.Message):
    __slots__ = ("key", "options", "member", "updates", "on_undeclared")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    ON_UNDECLARED_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    member: str
    updates: _value_pb2.Document
    on_undeclared: UndeclaredAction
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., member: _Optional[str] = ..., updates: _Optional[_Union[_value_pb2.Document, _Mapping]] = ..., on_undeclared: _Optional[_Union[UndeclaredAction, str]] = ...) -> None: ...

class WriteStateResponse(_message.Message):
    __slots__ = ("result", "dropped")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    dropped: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., dropped: _Optional[_Iterable[str]] = ...) -> None: ...

class GetAccessReportRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ...) -> None: ...

class Access(_message.Message):
    __slots__ = ("member", "operation", "time", "revision")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    member: str
    operation: AccessOperation
    time: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, member: _Optional[str] = ..., operation: _Optional[_Union[AccessOperation, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class AccessCount(_message.Message):
    __slots__ = ("member", "reads", "writes")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    member: str
    reads: int
    writes: int
    def __init__(self, member: _Optional[str] = ..., reads: _Optional[int] = ..., writes: _Optional[int] = ...) -> None: ...

class KeyAccesses(_message.Message):
    __slots__ = ("key", "recent", "counts")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RECENT_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    key: str
    recent: _containers.RepeatedCompositeFieldContainer[Access]
    counts: _containers.RepeatedCompositeFieldContainer[AccessCount]
    def __init__(self, key: _Optional[str] = ..., recent: _Optional[_Iterable[_Union[Access, _Mapping]]] = ..., counts: _Optional[_Iterable[_Union[AccessCount, _Mapping]]] = ...) -> None: ...

class GetAccessReportResponse(_message.Message):
    __slots__ = ("unused_keys", "keys")
    UNUSED_KEYS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    unused_keys: _containers.RepeatedScalarFieldContainer[str]
    keys: _containers.RepeatedCompositeFieldContainer[KeyAccesses]
    def __init__(self, unused_keys: _Optional[_Iterable[str]] = ..., keys: _Optional[_Iterable[_Union[KeyAccesses, _Mapping]]] = ...) -> None: ...
