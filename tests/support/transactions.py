"""Requests of transactions, and their operations."""

from typing import Any

from google.protobuf.message import Message

from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    ListCheckpointsRequest,
    RestoreRequest,
)
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest, PauseRequest, ResumeRequest
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    ListRevisionsRequest,
    LoadRequest,
    SaveRequest,
    UpdateRequest,
)
from statekeeper.v1.transaction_pb2 import TransactionRequest, TransactionResponse
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.locks import holder_of
from tests.support.raw import DEADLINE_S, RawClient, document, key_of


def save_op(**context: str | bytes) -> Operation:
    """A save of a running state with this context."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(**context))
    return Operation(save=SaveRequest(state=state))


def update_op(**context: str | bytes) -> Operation:
    """An update of entries of the context."""
    return Operation(update=UpdateRequest(changes=ExecutionState(context=document(**context))))


def load_op(**fields: Any) -> Operation:
    """A load, of everything as it is unless told otherwise."""
    return Operation(load=LoadRequest(**fields))


def delete_op() -> Operation:
    """A delete."""
    return Operation(delete=DeleteRequest())


def pause_op(member: str = "m") -> Operation:
    """A pause."""
    return Operation(pause=PauseRequest(member=member, reason="why"))


def resume_op(**target: Any) -> Operation:
    """A resume."""
    return Operation(resume=ResumeRequest(**target))


def checkpoint_op(name: str) -> Operation:
    """A checkpoint."""
    return Operation(checkpoint=CheckpointRequest(name=name))


def restore_op(**target: Any) -> Operation:
    """A restore."""
    return Operation(restore=RestoreRequest(**target))


def transaction_request(
    execution_id: str, *operations: Operation, **options: Any
) -> TransactionRequest:
    """A TransactionRequest."""
    return TransactionRequest(
        key=key_of(execution_id), operations=operations, options=WriteOptions(**options)
    )


def transact(
    raw: RawClient, execution_id: str, *operations: Operation, **options: Any
) -> TransactionResponse:
    """Do a transaction."""
    request = transaction_request(execution_id, *operations, **options)
    response = raw.stub.Transaction(request, timeout=DEADLINE_S)
    assert isinstance(response, TransactionResponse)
    return response


def everything(raw: RawClient, execution_id: str, *tokens: str) -> list[Message | str | None]:
    """All that callers can see of an execution, and where these tokens lead."""
    key = key_of(execution_id)
    seen: list[Message | str | None] = [
        raw.load(key),
        raw.stub.ListRevisions(ListRevisionsRequest(key=key, page_size=1_000)),
        raw.stub.ListCheckpoints(ListCheckpointsRequest(key=key, include_state=True)),
        holder_of(raw, execution_id),
    ]
    return seen + [raw.stub.GetPause(GetPauseRequest(token=token)) for token in tokens]
