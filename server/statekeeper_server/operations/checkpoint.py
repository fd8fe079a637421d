"""Checkpoint and DeleteCheckpoint: names for revisions. No values are copied (B51)."""

from typing import NamedTuple

from statekeeper.v1.checkpoint_pb2 import CheckpointResponse, DeleteCheckpointResponse
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.storage.v1.records_pb2 import CheckpointRow


class Checkpoint(NamedTuple):
    """A checked CheckpointRequest."""

    key: ExecutionKey
    options: WriteOptions
    name: str
    stored_bytes: int


class DeleteCheckpoint(NamedTuple):
    """A checked DeleteCheckpointRequest."""

    key: ExecutionKey
    options: WriteOptions
    name: str
    stored_bytes: int = 0


def checkpoint(draft: Draft, request: Checkpoint) -> CheckpointResponse:
    """Name the state as it is now.

    Raises:
        StateNotFoundError: there is none.
        InvalidRequestError: the execution has too many checkpoints.
    """
    draft.existing()
    name = request.name
    row = CheckpointRow(time_us=draft.now_us, actor=draft.options.actor)
    if draft.writes:
        # It names what the draft writes, which has no execution to keep here yet.
        row.revision = draft.revision
    else:
        execution = draft.living_head().execution
        row.revision = execution.revision
        row.execution.CopyFrom(execution)
    _take_away(draft, name)
    kept = 0 if draft.old is None else draft.old.checkpoints - len(draft.gone_checkpoints)
    limit = draft.store.limits.checkpoints_max
    if kept + len(draft.checkpoints) >= limit:
        raise invalid("name", f"the execution has {limit} checkpoints, which is the limit")
    draft.checkpoints[name] = row
    return CheckpointResponse(revision=row.revision)


def delete_checkpoint(draft: Draft, request: DeleteCheckpoint) -> DeleteCheckpointResponse:
    """Take a name away.

    Raises:
        StateNotFoundError: there is no execution to have it.
    """
    draft.existing()
    return DeleteCheckpointResponse(existed=_take_away(draft, request.name))


def _take_away(draft: Draft, name: str) -> bool:
    if draft.checkpoints.pop(name, None) is not None:
        return True
    if draft.old is None or name in draft.gone_checkpoints:
        return False
    stored = draft.store.checkpoint(draft.uid, name)
    if stored is None:
        return False
    draft.gone_checkpoints[name] = stored
    return True
