"""Restore: bring an earlier state back, writing only what differs."""

from typing import NamedTuple

from statekeeper.v1.checkpoint_pb2 import RestoreResponse
from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.history_pb2 import EVENT_KIND_RESTORED
from statekeeper_server.errors import CheckpointNotFoundError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.past import at_checkpoint, at_revision, check_given
from statekeeper_server.operations.writing import WriteOptions


class Restore(NamedTuple):
    """A checked RestoreRequest: of a checkpoint, or else of a revision."""

    key: ExecutionKey
    options: WriteOptions
    name: str
    revision: int
    stored_bytes: int


def restore(draft: Draft, request: Restore) -> RestoreResponse:
    """Make the state what it was; pauses are closed and stay so (B50).

    Raises:
        StateNotFoundError: the execution does not exist.
        CheckpointNotFoundError.
        InvalidRequestError: the revision is in the future.
        RevisionCompactedError: the state at the revision is no longer whole.
    """
    past = _past(draft, request)
    draft.act(EVENT_KIND_RESTORED, checkpoint=request.name)
    draft.restore_entries(past.revision)
    draft.void_pauses()
    draft.put_state(past.state)
    return RestoreResponse()


def _past(draft: Draft, request: Restore) -> Execution:
    draft.existing()
    store, name = draft.store, request.name
    if not name:
        # What the same transaction creates has no past.
        head = draft.living_head()
        check_given(store, request.revision)
        return at_revision(store, head, request.revision)
    made = draft.checkpoints.get(name)
    if made is not None:
        # By the same transaction; it cannot be of what that writes itself.
        return made.execution
    if draft.old is None or name in draft.gone_checkpoints:
        raise CheckpointNotFoundError(name)
    return at_checkpoint(store, draft.old, name)
