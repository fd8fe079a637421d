"""What callers see: executions, what writes and batches did, history, checkpoints and locks."""

from statekeeper.model.batch import BatchResults
from statekeeper.model.checkpoint import Checkpoint
from statekeeper.model.execution import (
    DataclassInstance,
    Document,
    ExecutionState,
    ExpiryAction,
    Pause,
    PauseStatus,
    Resumption,
    State,
    StateFields,
    Status,
)
from statekeeper.model.history import EventKind, Revision
from statekeeper.model.lock import LockHolder
from statekeeper.model.shared_state import DefineResult, StateWriteResult
from statekeeper.model.transaction import TransactionState, writable
from statekeeper.model.watch import WatchEvent
from statekeeper.model.write import DeleteResult, ResumeResult, ResumeToken, WriteResult

__all__ = [
    "BatchResults",
    "Checkpoint",
    "DataclassInstance",
    "DefineResult",
    "DeleteResult",
    "Document",
    "EventKind",
    "ExecutionState",
    "ExpiryAction",
    "LockHolder",
    "Pause",
    "PauseStatus",
    "ResumeResult",
    "ResumeToken",
    "Resumption",
    "Revision",
    "State",
    "StateFields",
    "StateWriteResult",
    "Status",
    "TransactionState",
    "WatchEvent",
    "WriteResult",
    "writable",
]
