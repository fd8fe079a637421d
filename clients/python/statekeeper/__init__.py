"""The Python client of statekeeper."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statekeeper.aio import AsyncClient
    from statekeeper.aio_state_manager import AsyncStateManager
    from statekeeper.aio_state_manager.lock import AsyncLock
    from statekeeper.aio_watch import AsyncWatch
    from statekeeper.client import Client
    from statekeeper.errors import (
        BackupFailedError,
        CallCancelledError,
        CheckpointNotFoundError,
        ConflictError,
        DeadlineExceededError,
        FencedError,
        InternalError,
        InvalidRequestError,
        InvalidTokenError,
        LockedError,
        LockTimeoutError,
        OverloadedError,
        RequestIdReusedError,
        RevisionCompactedError,
        SchemaViolationError,
        SerializationError,
        StateAccessDeniedError,
        StateError,
        StateNotFoundError,
        StateTooLargeError,
        StorageError,
        StorageFullError,
        UnauthenticatedError,
        UnavailableError,
        UnimplementedError,
        WaitTimeoutError,
    )
    from statekeeper.migration import migrate_state
    from statekeeper.model import (
        BatchResults,
        Checkpoint,
        DefineResult,
        DeleteResult,
        EventKind,
        ExecutionState,
        ExpiryAction,
        LockHolder,
        Pause,
        PauseStatus,
        ResumeResult,
        ResumeToken,
        Resumption,
        Revision,
        StateFields,
        StateWriteResult,
        Status,
        TransactionState,
        WatchEvent,
        WriteResult,
    )
    from statekeeper.operations import Operation, Operations
    from statekeeper.state_manager import StateManager
    from statekeeper.state_manager.lock import Lock
    from statekeeper.values import Binary
    from statekeeper.watch import Watch

__all__ = [
    "AsyncClient",
    "AsyncLock",
    "AsyncStateManager",
    "AsyncWatch",
    "BackupFailedError",
    "BatchResults",
    "Binary",
    "CallCancelledError",
    "Checkpoint",
    "CheckpointNotFoundError",
    "Client",
    "ConflictError",
    "DeadlineExceededError",
    "DefineResult",
    "DeleteResult",
    "EventKind",
    "ExecutionState",
    "ExpiryAction",
    "FencedError",
    "InternalError",
    "InvalidRequestError",
    "InvalidTokenError",
    "Lock",
    "LockHolder",
    "LockTimeoutError",
    "LockedError",
    "Operation",
    "Operations",
    "OverloadedError",
    "Pause",
    "PauseStatus",
    "RequestIdReusedError",
    "ResumeResult",
    "ResumeToken",
    "Resumption",
    "Revision",
    "RevisionCompactedError",
    "SchemaViolationError",
    "SerializationError",
    "StateAccessDeniedError",
    "StateError",
    "StateFields",
    "StateManager",
    "StateNotFoundError",
    "StateTooLargeError",
    "StateWriteResult",
    "Status",
    "StorageError",
    "StorageFullError",
    "TransactionState",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "WaitTimeoutError",
    "Watch",
    "WatchEvent",
    "WriteResult",
    "migrate_state",
]

# Where the names are, the cheap modules first. They are imported when a name
# is first used: pytest imports this package at its start, for its fixture, and
# nobody's tests should have to wait for gRPC.
_MODULES = (
    "errors",
    "model",
    "values",
    "migration",
    "operations",
    "state_manager",
    "state_manager.lock",
    "aio_state_manager",
    "aio_state_manager.lock",
    "watch",
    "aio_watch",
    "client",
    "aio",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module_name in _MODULES:
            module = importlib.import_module(f"{__name__}.{module_name}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
