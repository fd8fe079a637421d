"""Checkpoint, Restore, DeleteCheckpoint and ListCheckpoints."""

from tests.model import answers
from tests.model.answers import CheckpointDeleted, Checkpointed, Restored
from tests.model.executions import Checkpoint, Execution, Version
from tests.model.requests import Checkpoint as CheckpointRequest
from tests.model.requests import DeleteCheckpoint, Restore
from tests.model.terms import Refused, check_not_future
from tests.model.writing import Act, Work


def checkpoint(work: Work, request: CheckpointRequest) -> Checkpointed:
    """Give what the execution is now a name, in the place of an older one's (B45, B49)."""
    work.existing()
    others = {name: each for name, each in work.checkpoints.items() if name != request.name}
    if len(others) >= work.limits.checkpoints:
        raise Refused("INVALID_REQUEST")
    version = work.version()
    made = Checkpoint(version, work.now, work.options.actor)
    work.checkpoints = {**others, request.name: made}
    work.made.add(request.name)
    work.named.discard(request.name)
    if work.changes:
        work.named.add(request.name)
    return Checkpointed(None, version.revision)


def restore(work: Work, request: Restore) -> Restored:
    """Bring an earlier state back, as a new revision. Open pauses are closed (B50)."""
    work.existing()
    past = _past(work, request)
    work.act(Act("RESTORED", checkpoint=request.name))
    work.close_pauses()
    work.put_state(past.state)
    work.shared = past.shared
    return Restored(None)


def delete_checkpoint(work: Work, request: DeleteCheckpoint) -> CheckpointDeleted:
    """Take a name away, if it is there."""
    work.existing()
    existed = work.checkpoints.pop(request.name, None) is not None
    return CheckpointDeleted(None, existed=existed)


def list_checkpoints(execution: Execution | None) -> tuple[answers.Checkpoint, ...]:
    """The checkpoints, the oldest first (B47)."""
    if execution is None:
        return ()
    return tuple(
        answers.Checkpoint(name, each.version.revision, each.time, each.actor, each.version.state)
        for name, each in execution.checkpoints.items()
    )


def _past(work: Work, request: Restore) -> Version:
    if request.name:
        if request.name not in work.checkpoints:
            raise Refused("CHECKPOINT_NOT_FOUND", checkpoint=request.name)
        return work.checkpoints[request.name].version
    if work.before is None:
        # It is only just being created, and has no past.
        raise Refused("STATE_NOT_FOUND")
    check_not_future(request.revision)
    return work.before.at(request.revision, work.chosen)
