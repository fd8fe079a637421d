import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.rpc import status_pb2 as _status_pb2
from statekeeper.v1 import checkpoint_pb2 as _checkpoint_pb2
from statekeeper.v1 import lock_pb2 as _lock_pb2
from statekeeper.v1 import pause_requests_pb2 as _pause_requests_pb2
from statekeeper.v1 import shared_state_requests_pb2 as _shared_state_requests_pb2
from statekeeper.v1 import state_requests_pb2 as _state_requests_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Operation(_message.Message):
    __slots__ = ("save", "load", "update", "delete", "pause", "resume", "checkpoint", "restore", "lock", "renew_lock", "unlock", "define_state", "write_state", "read_state", "timeout", "tag")
    SAVE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    RENEW_LOCK_FIELD_NUMBER: _ClassVar[int]
    UNLOCK_FIELD_NUMBER: _ClassVar[int]
    DEFINE_STATE_FIELD_NUMBER: _ClassVar[int]
    WRITE_STATE_FIELD_NUMBER: _ClassVar[int]
    READ_STATE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    save: _state_requests_pb2.SaveRequest
    load: _state_requests_pb2.LoadRequest
    update: _state_requests_pb2.UpdateRequest
    delete: _state_requests_pb2.DeleteRequest
    pause: _pause_requests_pb2.PauseRequest
    resume: _pause_requests_pb2.ResumeRequest
    checkpoint: _checkpoint_pb2.CheckpointRequest
    restore: _checkpoint_pb2.RestoreRequest
    lock: _lock_pb2.LockRequest
    renew_lock: _lock_pb2.RenewLockRequest
    unlock: _lock_pb2.UnlockRequest
    define_state: _shared_state_requests_pb2.DefineStateRequest
    write_state: _shared_state_requests_pb2.WriteStateRequest
    read_state: _shared_state_requests_pb2.ReadStateRequest
    timeout: _duration_pb2.Duration
    tag: int
    def __init__(self, save: _Optional[_Union[_state_requests_pb2.SaveRequest, _Mapping]] = ..., load: _Optional[_Union[_state_requests_pb2.LoadRequest, _Mapping]] = ..., update: _Optional[_Union[_state_requests_pb2.UpdateRequest, _Mapping]] = ..., delete: _Optional[_Union[_state_requests_pb2.DeleteRequest, _Mapping]] = ..., pause: _Optional[_Union[_pause_requests_pb2.PauseRequest, _Mapping]] = ..., resume: _Optional[_Union[_pause_requests_pb2.ResumeRequest, _Mapping]] = ..., checkpoint: _Optional[_Union[_checkpoint_pb2.CheckpointRequest, _Mapping]] = ..., restore: _Optional[_Union[_checkpoint_pb2.RestoreRequest, _Mapping]] = ..., lock: _Optional[_Union[_lock_pb2.LockRequest, _Mapping]] = ..., renew_lock: _Optional[_Union[_lock_pb2.RenewLockRequest, _Mapping]] = ..., unlock: _Optional[_Union[_lock_pb2.UnlockRequest, _Mapping]] = ..., define_state: _Optional[_Union[_shared_state_requests_pb2.DefineStateRequest, _Mapping]] = ..., write_state: _Optional[_Union[_shared_state_requests_pb2.WriteStateRequest, _Mapping]] = ..., read_state: _Optional[_Union[_shared_state_requests_pb2.ReadStateRequest, _Mapping]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., tag: _Optional[int] = ...) -> None: ...

class OperationResult(_message.Message):
    __slots__ = ("save", "load", "update", "delete", "pause", "resume", "checkpoint", "restore", "lock", "renew_lock", "unlock", "define_state", "write_state", "read_state", "error", "tag")
    SAVE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    RENEW_LOCK_FIELD_NUMBER: _ClassVar[int]
    UNLOCK_FIELD_NUMBER: _ClassVar[int]
    DEFINE_STATE_FIELD_NUMBER: _ClassVar[int]
    WRITE_STATE_FIELD_NUMBER: _ClassVar[int]
    READ_STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    save: _state_requests_pb2.SaveResponse
    load: _state_requests_pb2.LoadResponse
    update: _state_requests_pb2.UpdateResponse
    delete: _state_requests_pb2.DeleteResponse
    pause: _pause_requests_pb2.PauseResponse
    resume: _pause_requests_pb2.ResumeResponse
    checkpoint: _checkpoint_pb2.CheckpointResponse
    restore: _checkpoint_pb2.RestoreResponse
    lock: _lock_pb2.LockResponse
    renew_lock: _lock_pb2.RenewLockResponse
    unlock: _lock_pb2.UnlockResponse
    define_state: _shared_state_requests_pb2.DefineStateResponse
    write_state: _shared_state_requests_pb2.WriteStateResponse
    read_state: _shared_state_requests_pb2.ReadStateResponse
    error: _status_pb2.Status
    tag: int
    def __init__(self, save: _Optional[_Union[_state_requests_pb2.SaveResponse, _Mapping]] = ..., load: _Optional[_Union[_state_requests_pb2.LoadResponse, _Mapping]] = ..., update: _Optional[_Union[_state_requests_pb2.UpdateResponse, _Mapping]] = ..., delete: _Optional[_Union[_state_requests_pb2.DeleteResponse, _Mapping]] = ..., pause: _Optional[_Union[_pause_requests_pb2.PauseResponse, _Mapping]] = ..., resume: _Optional[_Union[_pause_requests_pb2.ResumeResponse, _Mapping]] = ..., checkpoint: _Optional[_Union[_checkpoint_pb2.CheckpointResponse, _Mapping]] = ..., restore: _Optional[_Union[_checkpoint_pb2.RestoreResponse, _Mapping]] = ..., lock: _Optional[_Union[_lock_pb2.LockResponse, _Mapping]] = ..., renew_lock: _Optional[_Union[_lock_pb2.RenewLockResponse, _Mapping]] = ..., unlock: _Optional[_Union[_lock_pb2.UnlockResponse, _Mapping]] = ..., define_state: _Optional[_Union[_shared_state_requests_pb2.DefineStateResponse, _Mapping]] = ..., write_state: _Optional[_Union[_shared_state_requests_pb2.WriteStateResponse, _Mapping]] = ..., read_state: _Optional[_Union[_shared_state_requests_pb2.ReadStateResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., tag: _Optional[int] = ...) -> None: ...
