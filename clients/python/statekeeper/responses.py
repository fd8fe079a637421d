"""From the server's responses to what callers get."""

from statekeeper.model import DeleteResult, EventKind, Revision, WriteResult
from statekeeper.state_fields import read_status
from statekeeper.times import to_datetime
from statekeeper.v1 import history_pb2, state_requests_pb2, write_pb2

_EVENT_KINDS = {
    int(history_pb2.EVENT_KIND_SAVED): EventKind.SAVED,
    int(history_pb2.EVENT_KIND_UPDATED): EventKind.UPDATED,
    int(history_pb2.EVENT_KIND_DELETED): EventKind.DELETED,
}


def read_write_result(result: write_pb2.WriteResult) -> WriteResult:
    """Reads what a write did."""
    return WriteResult(
        namespace=result.key.namespace,
        execution_id=result.key.execution_id,
        revision=result.revision,
        version=result.version,
        update_time=to_datetime(result.update_time),
        replayed=result.replayed,
        warnings=tuple(result.warnings),
    )


def read_delete_result(response: state_requests_pb2.DeleteResponse) -> DeleteResult:
    """Reads what a delete did."""
    result = response.result
    return DeleteResult(
        namespace=result.key.namespace,
        execution_id=result.key.execution_id,
        revision=result.revision,
        version=result.version,
        update_time=to_datetime(result.update_time),
        replayed=result.replayed,
        warnings=tuple(result.warnings),
        existed=response.existed,
    )


def read_revision(revision: history_pb2.Revision) -> Revision:
    """Reads one change of an execution."""
    return Revision(
        revision=revision.revision,
        version=revision.version,
        time=to_datetime(revision.time),
        kind=_EVENT_KINDS.get(revision.kind, EventKind.UNKNOWN),
        status=read_status(revision.status) if revision.status else None,
        changed=tuple(revision.changed),
        actor=revision.actor,
    )
