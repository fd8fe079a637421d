"""What callers are told of a write, and which execution it is."""

from statekeeper.v1 import execution_pb2
from statekeeper.v1.write_pb2 import WriteResult
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.times import written_times
from statekeeper_server.storage.v1.records_pb2 import Head


def put_key(message: execution_pb2.ExecutionKey, key: ExecutionKey) -> None:
    """Fill in which execution it is."""
    message.namespace = key.namespace
    message.execution_id = key.execution_id


def put_result(result: WriteResult, key: ExecutionKey, head: Head | None, now_us: int) -> None:
    """Fill in what was done.

    Args:
        result: where to.
        key: the execution.
        head: the execution after it; None: there is none.
        now_us: when.
    """
    put_key(result.key, key)
    expire_time_us = 0
    if head is not None:
        execution = head.execution
        result.revision = execution.revision
        result.version = execution.version
        expire_time_us = head.expire_time_us
    result.MergeFromString(written_times(WriteResult, now_us, expire_time_us))
