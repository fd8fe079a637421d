from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import history_pb2 as _history_pb2
from statekeeper.v1 import write_pb2 as _write_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SaveRequest(_message.Message):
    __slots__ = ("key", "options", "state")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    state: _execution_pb2.ExecutionState
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., state: _Optional[_Union[_execution_pb2.ExecutionState, _Mapping]] = ...) -> None: ...

class SaveResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ...) -> None: ...

class LoadRequest(_message.Message):
    __slots__ = ("key", "revision", "checkpoint", "fields")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    revision: int
    checkpoint: str
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., revision: _Optional[int] = ..., checkpoint: _Optional[str] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class LoadResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: _execution_pb2.Execution
    def __init__(self, execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ...) -> None: ...

class UpdateRequest(_message.Message):
    __slots__ = ("key", "options", "changes", "replace", "remove", "return_execution")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REPLACE_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    RETURN_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    changes: _execution_pb2.ExecutionState
    replace: _containers.RepeatedScalarFieldContainer[str]
    remove: _containers.RepeatedScalarFieldContainer[str]
    return_execution: bool
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., changes: _Optional[_Union[_execution_pb2.ExecutionState, _Mapping]] = ..., replace: _Optional[_Iterable[str]] = ..., remove: _Optional[_Iterable[str]] = ..., return_execution: _Optional[bool] = ...) -> None: ...

class UpdateResponse(_message.Message):
    __slots__ = ("result", "execution")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    execution: _execution_pb2.Execution
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., execution: _Optional[_Union[_execution_pb2.Execution, _Mapping]] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ("key", "options")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ...) -> None: ...

class DeleteResponse(_message.Message):
    __slots__ = ("result", "existed")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    EXISTED_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    existed: bool
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., existed: _Optional[bool] = ...) -> None: ...

class ListRevisionsRequest(_message.Message):
    __slots__ = ("key", "page_size", "page_token")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    page_size: int
    page_token: str
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRevisionsResponse(_message.Message):
    __slots__ = ("revisions", "next_page_token")
    REVISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    revisions: _containers.RepeatedCompositeFieldContainer[_history_pb2.Revision]
    next_page_token: str
    def __init__(self, revisions: _Optional[_Iterable[_Union[_history_pb2.Revision, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
