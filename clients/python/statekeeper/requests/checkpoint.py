"""Requests of Checkpoint, Restore and DeleteCheckpoint."""

from statekeeper.arguments import check_one, checked_name, checked_revision
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.write import Write, fill_options
from statekeeper.v1 import checkpoint_pb2


def checkpoint_request(
    execution: ExecutionRef, name: str, write: Write
) -> checkpoint_pb2.CheckpointRequest:
    """Makes the request that names the execution's revision.

    Raises:
        InvalidRequestError: The name or an option is of no use.
    """
    request = checkpoint_pb2.CheckpointRequest(key=execution.key(), name=checked_name("name", name))
    fill_options(request.options, execution, write)
    return request


def restore_request(
    execution: ExecutionRef, name: str | None, revision: int | None, write: Write
) -> checkpoint_pb2.RestoreRequest:
    """Makes the request that brings an earlier state back.

    Raises:
        InvalidRequestError: An argument is of no use, or not exactly one of
            name and revision is given.
    """
    check_one(name=name, revision=revision)
    request = checkpoint_pb2.RestoreRequest(key=execution.key())
    if name is not None:
        request.name = checked_name("name", name)
    else:
        request.revision = checked_revision("revision", revision)
    fill_options(request.options, execution, write)
    return request


def delete_checkpoint_request(
    execution: ExecutionRef, name: str, write: Write
) -> checkpoint_pb2.DeleteCheckpointRequest:
    """Makes the request that removes a checkpoint.

    Raises:
        InvalidRequestError: The name or an option is of no use.
    """
    request = checkpoint_pb2.DeleteCheckpointRequest(
        key=execution.key(), name=checked_name("name", name)
    )
    fill_options(request.options, execution, write)
    return request
