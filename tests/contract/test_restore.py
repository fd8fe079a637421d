"""Going back to an earlier state."""

from typing import Any

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    STATUS_WAITING,
    ExecutionState,
)
from statekeeper.v1.history_pb2 import EVENT_KIND_RESTORED
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper.v1.pause_pb2 import PAUSE_STATUS_RESUMED, PAUSE_STATUS_VOIDED
from tests.support.chance import chance
from tests.support.checkpoints import (
    checkpoint,
    checkpoint_request,
    checkpoints_of,
    delete_checkpoint_request,
    names,
    restore,
    restore_request,
)
from tests.support.pauses import (
    execution_of,
    history,
    inbox,
    open_pause,
    pause_request,
    pauses_of,
    resume,
    resume_request,
)
from tests.support.raw import RawClient, document, key_of, save_request, update_request

FULL = ExecutionState(
    status=STATUS_WAITING,
    input=document(a="1", raw=b"\x00\xff"),
    context=document(big='"' + "x" * 200_000 + '"', noise=bytes(range(256)) * 1_000),
    member_outputs=document(),
    current_member="pay",
    labels={"team": "a"},
    schema_version="2",
)


@pytest.mark.parametrize("by", ["name", "revision"])
def test_a_state_is_brought_back_whole(raw: RawClient, execution_id: str, by: str) -> None:
    """B45: as a new revision, with every field that it had and none that it had not."""
    raw.stub.Save(save_request(execution_id, FULL))
    before = execution_of(raw, execution_id)
    checkpoint(raw, execution_id, "a")
    other = ExecutionState(
        status=STATUS_FAILED, context=document(new="1"), metadata=document(m="1"), labels={"l": ""}
    )
    raw.stub.Save(save_request(execution_id, other))
    between = execution_of(raw, execution_id)
    restored = restore(raw, execution_id, "a" if by == "name" else before.revision)

    after = execution_of(raw, execution_id)
    assert after.state == before.state
    assert (after.revision, after.version) == (restored.result.revision, 3)
    assert after.revision > between.revision
    assert after.update_time == restored.result.update_time
    assert after.create_time == before.create_time
    assert execution_of(raw, execution_id, revision=between.revision).state == between.state


def test_restoring_can_be_done_again_and_undone(raw: RawClient, execution_id: str) -> None:
    """B45, B48: a checkpoint is not used up, and what was left can be gone back to."""
    raw.stub.Save(save_request(execution_id, FULL))
    checkpoint(raw, execution_id, "a")
    full = execution_of(raw, execution_id).state
    for n in range(3):
        changes = ExecutionState(status=STATUS_RUNNING, context=document(n=str(n), big="null"))
        raw.stub.Update(update_request(execution_id, changes))
        left = execution_of(raw, execution_id)
        restore(raw, execution_id, "a")
        assert execution_of(raw, execution_id).state == full
        restore(raw, execution_id, left.revision)
        assert execution_of(raw, execution_id).state == left.state


def test_the_history_shows_what_differs(raw: RawClient, execution_id: str) -> None:
    """B42's neighbour: who, from which checkpoint, and what really changed."""
    raw.stub.Save(save_request(execution_id, FULL))
    checkpoint(raw, execution_id, "a")
    raw.stub.Update(
        update_request(execution_id, ExecutionState(input=document(a="2", b="3"), labels={"x": ""}))
    )
    restore(raw, execution_id, "a", actor="me")

    newest = history(raw, execution_id)[0]
    assert (newest.kind, newest.actor, newest.checkpoint) == (EVENT_KIND_RESTORED, "me", "a")
    assert set(newest.changed) == {"input.a", "input.b", "labels"}


def test_restoring_what_is_there_writes_a_revision_and_no_values(
    raw: RawClient, execution_id: str
) -> None:
    """B45."""
    revision = raw.stub.Save(save_request(execution_id, FULL)).result.revision
    restore(raw, execution_id, revision)

    newest = history(raw, execution_id)[0]
    assert (newest.version, list(newest.changed)) == (2, [])


def test_restoring_closes_the_open_pauses(raw: RawClient, execution_id: str) -> None:
    """B50: whatever the status that comes back; their tokens are void."""
    raw.stub.Save(save_request(execution_id))
    checkpoint(raw, execution_id, "running")
    for back in ("running", "paused"):
        answer = open_pause(raw, execution_id)
        checkpoint(raw, execution_id, "paused")
        restore(raw, execution_id, back)
        state = execution_of(raw, execution_id).state
        assert state.status == (STATUS_RUNNING if back == "running" else STATUS_PAUSED)
        assert pauses_of(raw, execution_id)[-1].status == PAUSE_STATUS_VOIDED
        assert raw.refusal(raw.stub.Resume, resume_request(token=answer.token)).reason == (
            "INVALID_TOKEN"
        )
    assert execution_id not in {each.execution.key.execution_id for each in inbox(raw)}


def test_restoring_does_not_revive_spent_tokens(raw: RawClient, execution_id: str) -> None:
    """B50, B31: the answer that was given stays given."""
    answer = open_pause(raw, execution_id, data=document(a="1"))
    checkpoint(raw, execution_id, "waiting for the answer")
    resume(raw, token=answer.token, input=document(yes="true"))
    restore(raw, execution_id, "waiting for the answer")

    for request in (
        resume_request(token=answer.token),
        resume_request(execution_id, pause_id=answer.pause_id),
    ):
        assert raw.refusal(raw.stub.Resume, request).reason == "INVALID_TOKEN"
    (pause,) = pauses_of(raw, execution_id)
    assert (pause.status, pause.data) == (PAUSE_STATUS_RESUMED, document(a="1"))
    assert pause.resumption.input == document(yes="true")
    # It can be stopped anew, and go on.
    again = open_pause(raw, execution_id)
    resume(raw, token=again.token)
    assert execution_of(raw, execution_id).state.status == STATUS_RUNNING


def test_the_checkpoints_stay(raw: RawClient, execution_id: str) -> None:
    """B45: later ones too."""
    raw.stub.Save(save_request(execution_id))
    for n, name in enumerate("abc"):
        changes = ExecutionState(context=document(n=str(n)))
        raw.stub.Update(update_request(execution_id, changes))
        checkpoint(raw, execution_id, name)
    restore(raw, execution_id, "a")

    assert names(checkpoints_of(raw, execution_id)) == ["a", "b", "c"]
    restore(raw, execution_id, "c")
    assert execution_of(raw, execution_id).state.context == document(n="2")


@pytest.mark.parametrize("name", ["b", "A", "a ", "checkpoint of another"])
def test_an_unknown_name_is_not_found(raw: RawClient, execution_id: str, name: str) -> None:
    """B46: and told."""
    for key in (execution_id, f"{execution_id}-2"):
        raw.stub.Save(save_request(key))
    checkpoint(raw, execution_id, "a")
    checkpoint(raw, f"{execution_id}-2", "checkpoint of another")
    before = execution_of(raw, execution_id)
    refused = raw.refusal(raw.stub.Restore, restore_request(execution_id, name))

    assert (refused.reason, refused.metadata["checkpoint"]) == ("CHECKPOINT_NOT_FOUND", name)
    assert execution_of(raw, execution_id) == before


def test_a_revision_of_another_execution_or_time_is_refused(
    raw: RawClient, execution_id: str
) -> None:
    """B52: before the creation it is compacted, after the newest it is malformed."""
    old = raw.stub.Save(save_request(execution_id)).result.revision
    raw.delete(key_of(execution_id))
    new = raw.stub.Save(save_request(execution_id)).result.revision
    before = execution_of(raw, execution_id)
    refused = raw.refusal(raw.stub.Restore, restore_request(execution_id, old))
    assert refused.reason == "REVISION_COMPACTED"
    assert refused.metadata["oldest_revision"] == str(new)
    refused = raw.refusal(raw.stub.Restore, restore_request(execution_id, 2**62))

    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["revision"])
    assert execution_of(raw, execution_id) == before


def test_an_exclusive_lock_keeps_all_of_them_out(raw: RawClient, execution_id: str) -> None:
    """B63: unless they carry its token; with a wrong one they are FENCED."""
    answer = open_pause(raw, execution_id)
    checkpoint(raw, execution_id, "a")
    lock = LockRequest(key=key_of(execution_id), owner="me", exclusive=True)
    token = raw.stub.Lock(lock).fencing_token
    before = execution_of(raw, execution_id)

    def writes(**options: Any) -> list[tuple[Any, Any]]:
        return [
            (raw.stub.Pause, pause_request(execution_id, **options)),
            (raw.stub.Resume, resume_request(execution_id, token=answer.token, **options)),
            (raw.stub.Resume, resume_request(token=answer.token, **options)),
            (raw.stub.Checkpoint, checkpoint_request(execution_id, "b", **options)),
            (raw.stub.Restore, restore_request(execution_id, "a", **options)),
            (raw.stub.DeleteCheckpoint, delete_checkpoint_request(execution_id, "a", **options)),
        ]

    for method, request in writes():
        refused = raw.refusal(method, request)
        assert (refused.reason, refused.metadata["owner"]) == ("LOCKED", "me")
    for method, request in writes(fencing_token=token + 1):
        assert raw.refusal(method, request).reason == "FENCED"
    assert execution_of(raw, execution_id) == before
    assert names(checkpoints_of(raw, execution_id)) == ["a"]
    for method, request in writes(fencing_token=token):
        if request != resume_request(token=answer.token, fencing_token=token):
            method(request)
    assert names(checkpoints_of(raw, execution_id)) == ["b"]


@pytest.mark.parametrize("seed", range(4))
def test_any_state_of_any_history_can_be_gone_back_to(
    raw: RawClient, execution_id: str, seed: int
) -> None:
    """B45, B48, B52: saves, updates, restores and checkpoints in any order."""
    dice = chance(("restore", seed))
    raw.stub.Save(save_request(execution_id))
    seen: dict[int, ExecutionState] = {}
    named: dict[str, ExecutionState] = {}
    for n in range(60):
        kind = dice.choice(["save", "update", "update", "restore", "back", "name"])
        values = dict.fromkeys(dice.sample("abcd", dice.randint(0, 3)), f"[{n}]")
        if dice.random() < 0.2:
            values["big"] = f'"{str(n) * 40_000}"'
        state = ExecutionState(
            status=dice.choice([STATUS_RUNNING, STATUS_PAUSED, STATUS_COMPLETED]),
            context=document(**values),
            labels={"n": str(n)} if n % 3 else {},
        )
        if kind == "save":
            raw.stub.Save(save_request(execution_id, state))
        elif kind == "update":
            raw.stub.Update(update_request(execution_id, state))
        elif kind == "restore" and named:
            name = dice.choice(sorted(named))
            restore(raw, execution_id, name)
            assert execution_of(raw, execution_id).state == named[name]
        elif kind == "back" and seen:
            revision = dice.choice(sorted(seen))
            restore(raw, execution_id, revision)
            assert execution_of(raw, execution_id).state == seen[revision]
        elif kind == "name":
            name = dice.choice("xyz")
            checkpoint(raw, execution_id, name)
            named[name] = execution_of(raw, execution_id).state
        execution = execution_of(raw, execution_id)
        seen[execution.revision] = execution.state
    for revision, state in seen.items():
        assert execution_of(raw, execution_id, revision=revision).state == state
    for name, state in named.items():
        assert execution_of(raw, execution_id, checkpoint=name).state == state
