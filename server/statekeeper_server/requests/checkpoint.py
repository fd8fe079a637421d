"""What makes requests about checkpoints valid."""

from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    DeleteCheckpointRequest,
    ListCheckpointsRequest,
    RestoreRequest,
)
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import OVERHEAD_BYTES
from statekeeper_server.operations.checkpoint import Checkpoint, DeleteCheckpoint
from statekeeper_server.operations.list_checkpoints import ListCheckpoints
from statekeeper_server.operations.restore import Restore
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.fields import check_key, check_name, check_options
from statekeeper_server.requests.pages import check_page_size, read_page_token


def check_checkpoint(request: CheckpointRequest) -> Checkpoint:
    """Check a CheckpointRequest."""
    key = check_key(request.key)
    return take_checkpoint(request, key, check_options(request, key))


def take_checkpoint(
    request: CheckpointRequest, key: ExecutionKey, options: WriteOptions
) -> Checkpoint:
    """Check what is particular to it."""
    return Checkpoint(key, options, check_name("name", request.name), OVERHEAD_BYTES)


def check_restore(request: RestoreRequest) -> Restore:
    """Check a RestoreRequest."""
    key = check_key(request.key)
    return take_restore(request, key, check_options(request, key))


def take_restore(request: RestoreRequest, key: ExecutionKey, options: WriteOptions) -> Restore:
    """Check what is particular to it."""
    target = request.WhichOneof("target")
    if target is None:
        raise invalid("name", "is missing: either a name or a revision is needed")
    if target == "name":
        check_name("name", request.name)
    elif request.revision <= 0:
        raise invalid("revision", f"is {request.revision}, revisions are positive")
    return Restore(key, options, request.name, request.revision, OVERHEAD_BYTES)


def check_delete_checkpoint(request: DeleteCheckpointRequest) -> DeleteCheckpoint:
    """Check a DeleteCheckpointRequest."""
    key = check_key(request.key)
    return DeleteCheckpoint(key, check_options(request, key), check_name("name", request.name))


def check_list_checkpoints(request: ListCheckpointsRequest) -> ListCheckpoints:
    """Check a ListCheckpointsRequest."""
    key = check_key(request.key)
    place = read_page_token(request.page_token, key.row, 2)
    after = (0, 0) if place is None else (place[0], place[1])
    page_size = check_page_size(request.page_size)
    return ListCheckpoints(key, request.include_state, page_size, after)
