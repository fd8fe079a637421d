"""Delete: remove an execution and all that belongs to it."""

from dataclasses import dataclass

from statekeeper.v1.state_requests_pb2 import DeleteResponse
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.writing import WriteOptions


@dataclass(frozen=True, slots=True)
class Delete:
    """A checked DeleteRequest. It adds nothing, so it is served when there is no room."""

    key: ExecutionKey
    options: WriteOptions
    stored_bytes: int = 0


def delete(draft: Draft, request: Delete) -> DeleteResponse:
    """Take the head away, and leave the rest to be reclaimed: the same cost at any size."""
    del request
    draft.deleted = True
    return DeleteResponse(existed=draft.state is not None)
