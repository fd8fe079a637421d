from statekeeper.v1 import checkpoint_pb2 as _checkpoint_pb2
from statekeeper.v1 import execution_pb2 as _execution_pb2
from statekeeper.v1 import pause_requests_pb2 as _pause_requests_pb2
from statekeeper.v1 import state_requests_pb2 as _state_requests_pb2
from statekeeper.v1 import write_pb2 as _write_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Operation(_message.Message):
    __slots__ = ("save", "load", "update", "delete", "pause", "resume", "checkpoint", "restore")
    SAVE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FIELD_NUMBER: _ClassVar[int]
    save: _state_requests_pb2.SaveRequest
    load: _state_requests_pb2.LoadRequest
    update: _state_requests_pb2.UpdateRequest
    delete: _state_requests_pb2.DeleteRequest
    pause: _pause_requests_pb2.PauseRequest
    resume: _pause_requests_pb2.ResumeRequest
    checkpoint: _checkpoint_pb2.CheckpointRequest
    restore: _checkpoint_pb2.RestoreRequest
    def __init__(self, save: _Optional[_Union[_state_requests_pb2.SaveRequest, _Mapping]] = ..., load: _Optional[_Union[_state_requests_pb2.LoadRequest, _Mapping]] = ..., update: _Optional[_Union[_state_requests_pb2.UpdateRequest, _Mapping]] = ..., delete: _Optional[_Union[_state_requests_pb2.DeleteRequest, _Mapping]] = ..., pause: _Optional[_Union[_pause_requests_pb2.PauseRequest, _Mapping]] = ..., resume: _Optional[_Union[_pause_requests_pb2.ResumeRequest, _Mapping]] = ..., checkpoint: _Optional[_Union[_checkpoint_pb2.CheckpointRequest, _Mapping]] = ..., restore: _Optional[_Union[_checkpoint_pb2.RestoreRequest, _Mapping]] = ...) -> None: ...

class OperationResult(_message.Message):
    __slots__ = ("save", "load", "update", "delete", "pause", "resume", "checkpoint", "restore")
    SAVE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FIELD_NUMBER: _ClassVar[int]
    save: _state_requests_pb2.SaveResponse
    load: _state_requests_pb2.LoadResponse
    update: _state_requests_pb2.UpdateResponse
    delete: _state_requests_pb2.DeleteResponse
    pause: _pause_requests_pb2.PauseResponse
    resume: _pause_requests_pb2.ResumeResponse
    checkpoint: _checkpoint_pb2.CheckpointResponse
    restore: _checkpoint_pb2.RestoreResponse
    def __init__(self, save: _Optional[_Union[_state_requests_pb2.SaveResponse, _Mapping]] = ..., load: _Optional[_Union[_state_requests_pb2.LoadResponse, _Mapping]] = ..., update: _Optional[_Union[_state_requests_pb2.UpdateResponse, _Mapping]] = ..., delete: _Optional[_Union[_state_requests_pb2.DeleteResponse, _Mapping]] = ..., pause: _Optional[_Union[_pause_requests_pb2.PauseResponse, _Mapping]] = ..., resume: _Optional[_Union[_pause_requests_pb2.ResumeResponse, _Mapping]] = ..., checkpoint: _Optional[_Union[_checkpoint_pb2.CheckpointResponse, _Mapping]] = ..., restore: _Optional[_Union[_checkpoint_pb2.RestoreResponse, _Mapping]] = ...) -> None: ...

class TransactionRequest(_message.Message):
    __slots__ = ("key", "options", "operations")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    key: _execution_pb2.ExecutionKey
    options: _write_pb2.WriteOptions
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    def __init__(self, key: _Optional[_Union[_execution_pb2.ExecutionKey, _Mapping]] = ..., options: _Optional[_Union[_write_pb2.WriteOptions, _Mapping]] = ..., operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ...) -> None: ...

class TransactionResponse(_message.Message):
    __slots__ = ("result", "results")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    result: _write_pb2.WriteResult
    results: _containers.RepeatedCompositeFieldContainer[OperationResult]
    def __init__(self, result: _Optional[_Union[_write_pb2.WriteResult, _Mapping]] = ..., results: _Optional[_Iterable[_Union[OperationResult, _Mapping]]] = ...) -> None: ...
