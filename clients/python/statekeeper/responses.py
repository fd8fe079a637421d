"""From the server's responses to what callers get."""

import dataclasses
import datetime as dt
from typing import TypedDict

from statekeeper.event_fields import read_event_kind
from statekeeper.model import (
    Checkpoint,
    DeleteResult,
    LockHolder,
    Pause,
    ResumeResult,
    ResumeToken,
    Revision,
    WriteResult,
)
from statekeeper.pause_fields import read_pause
from statekeeper.state_fields import DOCUMENTS, read_execution, read_state, read_status
from statekeeper.times import to_datetime
from statekeeper.v1 import (
    checkpoint_pb2,
    execution_pb2,
    history_pb2,
    lock_pb2,
    pause_pb2,
    pause_requests_pb2,
    state_requests_pb2,
    write_pb2,
)


class WriteFacts(TypedDict):
    """What the results of all writes have, by name."""

    namespace: str
    execution_id: str
    revision: int
    version: int
    update_time: dt.datetime
    replayed: bool
    warnings: tuple[str, ...]
    expire_time: dt.datetime | None


def write_facts(result: write_pb2.WriteResult) -> WriteFacts:
    """Reads what the results of all writes have."""
    return {
        "namespace": result.key.namespace,
        "execution_id": result.key.execution_id,
        "revision": result.revision,
        "version": result.version,
        "update_time": to_datetime(result.update_time),
        "replayed": result.replayed,
        "warnings": tuple(result.warnings),
        "expire_time": to_datetime(result.expire_time) if result.HasField("expire_time") else None,
    }


def read_write_result(result: write_pb2.WriteResult) -> WriteResult:
    """Reads what a write did."""
    return WriteResult(**write_facts(result))


def read_delete_result(
    response: state_requests_pb2.DeleteResponse | checkpoint_pb2.DeleteCheckpointResponse,
) -> DeleteResult:
    """Reads what a delete did."""
    return DeleteResult(**write_facts(response.result), existed=response.existed)


def read_resume_token(response: pause_requests_pb2.PauseResponse) -> ResumeToken:
    """Reads what a pause gave."""
    result = read_write_result(response.result)
    return ResumeToken(response.token, pause_id=response.pause_id, result=result)


def read_resume_result(response: pause_requests_pb2.ResumeResponse) -> ResumeResult:
    """Reads what a resume did."""
    facts = write_facts(response.result)
    return ResumeResult(**facts, member=response.member, pause_id=response.pause_id)


def read_pause_of(pause: pause_pb2.Pause, execution: execution_pb2.Execution) -> Pause:
    """Reads a pause together with what is told of its execution.

    Raises:
        SerializationError: Python cannot hold a value.
    """
    known = execution_pb2.Execution()
    known.CopyFrom(execution)
    # They come without their entries, and what is not known must not look as if
    # it were empty.
    for name in DOCUMENTS:
        known.state.ClearField(name)
    return dataclasses.replace(
        read_pause(pause, execution.key), execution=read_execution(known, partial=True)
    )


def read_checkpoint(checkpoint: checkpoint_pb2.Checkpoint) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        SerializationError: Python cannot hold a value of its state.
    """
    state = None
    if checkpoint.HasField("state"):
        state = read_state(checkpoint.state)
        state.revision = checkpoint.revision
    return Checkpoint(
        name=checkpoint.name,
        timestamp=to_datetime(checkpoint.create_time),
        revision=checkpoint.revision,
        actor=checkpoint.actor,
        state=state,
    )


def read_lock_holder(holder: lock_pb2.LockHolder) -> LockHolder:
    """Reads who holds a lock."""
    return LockHolder(
        owner=holder.owner,
        fencing_token=holder.fencing_token,
        lease_expire_time=to_datetime(holder.lease_expire_time),
        exclusive=holder.exclusive,
    )


def read_revision(revision: history_pb2.Revision) -> Revision:
    """Reads one change of an execution."""
    return Revision(
        revision=revision.revision,
        version=revision.version,
        time=to_datetime(revision.time),
        kind=read_event_kind(revision.kind),
        status=read_status(revision.status) if revision.status else None,
        changed=tuple(revision.changed),
        actor=revision.actor,
        pause_id=revision.pause_id,
        checkpoint=revision.checkpoint,
    )
