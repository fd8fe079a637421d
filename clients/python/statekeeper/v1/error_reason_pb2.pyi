from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_STATE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_CHECKPOINT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_CONFLICT: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_TOKEN: _ClassVar[ErrorReason]
    ERROR_REASON_LOCK_TIMEOUT: _ClassVar[ErrorReason]
    ERROR_REASON_LOCKED: _ClassVar[ErrorReason]
    ERROR_REASON_FENCED: _ClassVar[ErrorReason]
    ERROR_REASON_SERIALIZATION_ERROR: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_STATE_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_SCHEMA_VIOLATION: _ClassVar[ErrorReason]
    ERROR_REASON_STATE_ACCESS_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_REVISION_COMPACTED: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_STORAGE_FULL: _ClassVar[ErrorReason]
    ERROR_REASON_STORAGE_ERROR: _ClassVar[ErrorReason]
    ERROR_REASON_BACKUP_FAILED: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_STATE_NOT_FOUND: ErrorReason
ERROR_REASON_CHECKPOINT_NOT_FOUND: ErrorReason
ERROR_REASON_CONFLICT: ErrorReason
ERROR_REASON_INVALID_TOKEN: ErrorReason
ERROR_REASON_LOCK_TIMEOUT: ErrorReason
ERROR_REASON_LOCKED: ErrorReason
ERROR_REASON_FENCED: ErrorReason
ERROR_REASON_SERIALIZATION_ERROR: ErrorReason
ERROR_REASON_INVALID_REQUEST: ErrorReason
ERROR_REASON_STATE_TOO_LARGE: ErrorReason
ERROR_REASON_SCHEMA_VIOLATION: ErrorReason
ERROR_REASON_STATE_ACCESS_DENIED: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_REVISION_COMPACTED: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_STORAGE_FULL: ErrorReason
ERROR_REASON_STORAGE_ERROR: ErrorReason
ERROR_REASON_BACKUP_FAILED: ErrorReason
