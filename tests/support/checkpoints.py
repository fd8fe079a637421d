"""Checkpoints as they are on the wire: requests for them, and what is there."""

from typing import Any

from statekeeper.v1.checkpoint_pb2 import (
    Checkpoint,
    CheckpointRequest,
    CheckpointResponse,
    DeleteCheckpointRequest,
    DeleteCheckpointResponse,
    ListCheckpointsRequest,
    RestoreRequest,
    RestoreResponse,
)
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import DEADLINE_S, RawClient, key_of


def checkpoint_request(execution_id: str, name: str, **options: Any) -> CheckpointRequest:
    """A CheckpointRequest."""
    return CheckpointRequest(key=key_of(execution_id), name=name, options=_options(options))


def checkpoint(raw: RawClient, execution_id: str, name: str, **options: Any) -> CheckpointResponse:
    """Name the state as it is."""
    request = checkpoint_request(execution_id, name, **options)
    response = raw.stub.Checkpoint(request, timeout=DEADLINE_S)
    assert isinstance(response, CheckpointResponse)
    return response


def restore_request(execution_id: str, target: str | int, **options: Any) -> RestoreRequest:
    """A RestoreRequest of a checkpoint's name or of a revision."""
    request = RestoreRequest(key=key_of(execution_id), options=_options(options))
    if isinstance(target, str):
        request.name = target
    else:
        request.revision = target
    return request


def restore(
    raw: RawClient, execution_id: str, target: str | int, **options: Any
) -> RestoreResponse:
    """Bring a state back."""
    request = restore_request(execution_id, target, **options)
    response = raw.stub.Restore(request, timeout=DEADLINE_S)
    assert isinstance(response, RestoreResponse)
    return response


def delete_checkpoint_request(
    execution_id: str, name: str, **options: Any
) -> DeleteCheckpointRequest:
    """A DeleteCheckpointRequest."""
    return DeleteCheckpointRequest(key=key_of(execution_id), name=name, options=_options(options))


def delete_checkpoint(
    raw: RawClient, execution_id: str, name: str, **options: Any
) -> DeleteCheckpointResponse:
    """Take a name away."""
    request = delete_checkpoint_request(execution_id, name, **options)
    response = raw.stub.DeleteCheckpoint(request, timeout=DEADLINE_S)
    assert isinstance(response, DeleteCheckpointResponse)
    return response


def checkpoints_of(
    raw: RawClient, execution_id: str, *, include_state: bool = False, page_size: int = 0
) -> list[Checkpoint]:
    """All checkpoints of an execution, page by page."""
    request = ListCheckpointsRequest(
        key=key_of(execution_id), include_state=include_state, page_size=page_size
    )
    found: list[Checkpoint] = []
    while True:
        response = raw.stub.ListCheckpoints(request, timeout=DEADLINE_S)
        found += response.checkpoints
        if not response.next_page_token:
            return found
        assert len(response.checkpoints) <= (page_size or 100)
        request.page_token = response.next_page_token


def names(checkpoints: list[Checkpoint]) -> list[str]:
    """Their names."""
    return [each.name for each in checkpoints]


def _options(options: dict[str, Any]) -> WriteOptions | None:
    return WriteOptions(**options) if options else None
