"""Stopping an execution until someone answers."""

import re

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    STATUS_WAITING,
    ExecutionState,
    Status,
)
from statekeeper.v1.history_pb2 import EVENT_KIND_PAUSED
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_VOIDED,
    ExpiryAction,
    Pause,
)
from statekeeper.v1.value_pb2 import Document, Value
from tests.support.pauses import (
    execution_of,
    from_now,
    get_pause,
    history,
    inbox,
    open_pause,
    pause_request,
    pauses_of,
    resume,
    resume_request,
    to_us,
)
from tests.support.raw import RawClient, document, key_of, save_request, update_request

DAY_US = 24 * 3600 * 1_000_000
DATA = Document(
    entries={
        "amount": Value(json="12345678901234567890"),
        "ü🦶": Value(json='{"deep": [null, true]}'),
        "raw": Value(binary=b"\x00\xff", content_type="application/pdf"),
    }
)


def test_a_pause_gives_a_token_and_a_name(raw: RawClient, execution_id: str) -> None:
    """B22, B34: what is random in a token differs in each."""
    raw.stub.Save(save_request(execution_id))
    answers = [open_pause(raw, execution_id) for _ in range(10)]

    for answer in answers:
        assert re.fullmatch(r"hitl_[A-Za-z0-9_-]{32}", answer.token)
        assert answer.pause_id
    assert len({answer.token for answer in answers}) == 10
    assert len({answer.pause_id for answer in answers}) == 10
    # 160 bits are 26 characters; whatever two tokens share there is chance.
    heads = [answer.token.removeprefix("hitl_")[:26] for answer in answers]
    alike = [sum(map(str.__eq__, left, right)) for left in heads for right in heads if left < right]
    assert max(alike) < 10


def test_a_pause_stops_the_execution_and_names_the_member(
    raw: RawClient, execution_id: str
) -> None:
    """B27: and changes nothing else."""
    state = ExecutionState(
        status=STATUS_RUNNING, context=document(a="1"), labels={"l": "1"}, current_member="before"
    )
    raw.stub.Save(save_request(execution_id, state))
    before = execution_of(raw, execution_id)
    answer = open_pause(raw, execution_id, member="review")

    after = execution_of(raw, execution_id)
    assert (after.revision, after.version) == (answer.result.revision, 2)
    assert after.update_time == answer.result.update_time
    assert after.state.status == STATUS_PAUSED
    assert after.state.current_member == "review"
    after.state.status, after.state.current_member = STATUS_RUNNING, "before"
    assert after.state == before.state


def test_a_pause_of_nothing_creates_the_execution(raw: RawClient, execution_id: str) -> None:
    """B23: with its id and start time, and nothing more."""
    answer = open_pause(raw, execution_id, expected_revision=0)

    execution = execution_of(raw, execution_id)
    assert (execution.revision, execution.version) == (answer.result.revision, 1)
    assert execution.create_time == execution.state.start_time == answer.result.update_time
    assert execution.state == ExecutionState(
        id=execution_id,
        status=STATUS_PAUSED,
        current_member="approver",
        start_time=answer.result.update_time,
    )


def test_all_that_was_said_is_shown_to_whoever_looks(raw: RawClient, execution_id: str) -> None:
    """B24, B25, B26, B40: by token, by name, in the execution and in the inbox alike."""
    expire_time = from_now(3_600)
    answer = open_pause(
        raw,
        execution_id,
        namespace=execution_id[:63],
        member="m" * 256,
        reason="r" * 4_096,
        data=DATA,
        default_input=document(approved="false"),
        expire_time=expire_time,
        on_expiry=EXPIRY_ACTION_RESUME,
        actor="workflow-7",
    )
    key = key_of(execution_id, execution_id[:63])
    wanted = Pause(
        pause_id=answer.pause_id,
        status=PAUSE_STATUS_OPEN,
        member="m" * 256,
        reason="r" * 4_096,
        data=DATA,
        default_input=document(approved="false"),
        create_time=answer.result.update_time,
        expire_time=expire_time,
        on_expiry=EXPIRY_ACTION_RESUME,
        actor="workflow-7",
    )

    assert get_pause(raw, token=answer.token).pause == wanted
    assert pauses_of(raw, execution_id, key=key) == [wanted]
    assert [each.pause for each in inbox(raw, execution_id[:63])] == [wanted]


def test_what_was_not_said_has_its_default(raw: RawClient, execution_id: str) -> None:
    """B26, B37: a day, and FAIL; no document and an empty one are different (B11)."""
    open_pause(raw, execution_id)
    open_pause(raw, execution_id, data=Document())

    plain, empty = pauses_of(raw, execution_id)
    assert to_us(plain.expire_time) - to_us(plain.create_time) == DAY_US
    assert plain.on_expiry == EXPIRY_ACTION_FAIL
    assert not plain.HasField("data")
    assert not plain.HasField("default_input")
    assert not plain.HasField("resumption")
    assert empty.HasField("data")
    assert not empty.data.entries


def test_looking_never_consumes(raw: RawClient, execution_id: str) -> None:
    """B40: nor writes anything."""
    answer = open_pause(raw, execution_id, data=document(a="1"))
    before = execution_of(raw, execution_id)
    seen = {
        get_pause(raw, token=answer.token).SerializeToString(deterministic=True) for _ in range(20)
    }

    assert len(seen) == 1
    assert execution_of(raw, execution_id) == before
    assert get_pause(raw, execution_id, token=answer.token).pause == before.pauses[0]
    assert get_pause(raw, execution_id, pause_id=answer.pause_id).pause == before.pauses[0]
    resume(raw, token=answer.token)


def test_looking_shows_the_execution_without_its_values(raw: RawClient, execution_id: str) -> None:
    """B40: who may answer need not see all of it."""
    state = ExecutionState(
        status=STATUS_RUNNING, context=document(private='"s"'), labels={"team": "a"}
    )
    raw.stub.Save(save_request(execution_id, state))
    answer = open_pause(raw, execution_id)
    shown = get_pause(raw, token=answer.token).execution

    whole = execution_of(raw, execution_id)
    del whole.pauses[:]
    whole.state.context.entries.clear()
    assert shown == whole


def test_several_pauses_can_be_open_at_once(raw: RawClient, execution_id: str) -> None:
    """B39: the execution runs when the last is answered, and not before."""
    answers = [open_pause(raw, execution_id, member=f"m{n}") for n in range(4)]
    assert [pause.pause_id for pause in pauses_of(raw, execution_id)] == [
        answer.pause_id for answer in answers
    ]
    for answer in (answers[2], answers[0], answers[3]):
        resume(raw, token=answer.token)
        assert execution_of(raw, execution_id).state.status == STATUS_PAUSED
    resume(raw, token=answers[1].token)

    assert execution_of(raw, execution_id).state.status == STATUS_RUNNING
    assert execution_of(raw, execution_id).state.current_member == "m3"


def test_sixty_four_pauses_can_be_open_and_no_more(raw: RawClient, execution_id: str) -> None:
    """B39: the sixty-fifth is refused, until one of them is answered."""
    answers = [open_pause(raw, execution_id) for _ in range(64)]
    before = execution_of(raw, execution_id)
    refused = raw.refusal(raw.stub.Pause, pause_request(execution_id))

    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["key"])
    assert "64" in refused.message
    assert execution_of(raw, execution_id) == before
    assert len(before.pauses) == 64
    resume(raw, token=answers[7].token)
    open_pause(raw, execution_id)


@pytest.mark.parametrize(
    "status", [STATUS_RUNNING, STATUS_WAITING, STATUS_COMPLETED, STATUS_FAILED]
)
@pytest.mark.parametrize("write", ["Save", "Update"])
def test_a_write_of_another_status_closes_the_pauses(
    raw: RawClient, execution_id: str, write: str, status: Status
) -> None:
    """B44: and voids their tokens."""
    answers = [open_pause(raw, execution_id), open_pause(raw, execution_id)]
    state = ExecutionState(status=status)
    if write == "Save":
        raw.stub.Save(save_request(execution_id, state))
    else:
        raw.stub.Update(update_request(execution_id, state))

    execution = execution_of(raw, execution_id)
    assert execution.state.status == status
    assert [pause.status for pause in execution.pauses] == [PAUSE_STATUS_VOIDED] * 2
    assert not any(pause.HasField("resumption") for pause in execution.pauses)
    for answer in answers:
        for target in ({"token": answer.token}, {"pause_id": answer.pause_id}):
            request = resume_request(execution_id, **target)
            assert raw.refusal(raw.stub.Resume, request).reason == "INVALID_TOKEN"
    assert execution_id not in {each.execution.key.execution_id for each in inbox(raw)}
    assert execution_of(raw, execution_id) == execution


@pytest.mark.parametrize("write", ["Save", "Update", "Update of nothing"])
def test_a_write_that_leaves_the_status_paused_leaves_the_pauses(
    raw: RawClient, execution_id: str, write: str
) -> None:
    """B44: other branches may go on meanwhile."""
    answer = open_pause(raw, execution_id, data=document(kept="1"))
    state = ExecutionState(status=STATUS_PAUSED, context=document(n="1"))
    if write == "Save":
        raw.stub.Save(save_request(execution_id, state))
    else:
        changes = state if write == "Update" else ExecutionState(context=document(n="1"))
        raw.stub.Update(update_request(execution_id, changes))

    assert get_pause(raw, token=answer.token).pause.data == document(kept="1")
    assert resume(raw, token=answer.token).pause_id == answer.pause_id
    assert execution_of(raw, execution_id).state.context == document(n="1")


def test_expected_revisions_hold_for_pauses_and_answers(raw: RawClient, execution_id: str) -> None:
    """B65."""
    revision = raw.stub.Save(save_request(execution_id)).result.revision
    refused = raw.refusal(raw.stub.Pause, pause_request(execution_id, expected_revision=0))
    assert (refused.reason, refused.metadata["current"]) == ("CONFLICT", str(revision))
    answer = open_pause(raw, execution_id, expected_revision=revision)
    refused = raw.refusal(
        raw.stub.Resume,
        resume_request(execution_id, token=answer.token, expected_revision=revision),
    )

    assert refused.reason == "CONFLICT"
    assert refused.metadata["current"] == str(answer.result.revision)
    assert get_pause(raw, token=answer.token).pause.status == PAUSE_STATUS_OPEN
    resume(raw, token=answer.token, expected_revision=answer.result.revision)
    missing = pause_request(f"{execution_id}-2", expected_revision=7)
    assert raw.refusal(raw.stub.Pause, missing).metadata["current"] == "0"


def test_the_history_shows_a_pause(raw: RawClient, execution_id: str) -> None:
    """B42's other half: which, when and who; not its data."""
    raw.stub.Save(save_request(execution_id))
    answer = open_pause(raw, execution_id, actor="workflow-7", data=document(private='"s"'))

    newest = history(raw, execution_id)[0]
    assert (newest.kind, newest.actor, newest.pause_id, newest.status) == (
        EVENT_KIND_PAUSED,
        "workflow-7",
        answer.pause_id,
        STATUS_PAUSED,
    )
    assert newest.revision == answer.result.revision
    assert newest.time == answer.result.update_time
    assert set(newest.changed) == {"status", "current_member"}


def test_a_load_at_a_revision_shows_the_pauses_as_they_were(
    raw: RawClient, execution_id: str
) -> None:
    """B52: open ones open, unanswered ones unanswered, later ones not at all."""
    saved = raw.stub.Save(save_request(execution_id)).result.revision
    answers, wanted = [], {saved: list[Pause]()}
    for n in range(3):
        answers.append(open_pause(raw, execution_id, data=document(n=str(n))))
        wanted[answers[-1].result.revision] = pauses_of(raw, execution_id)
    for answer in answers[:2]:
        result = resume(raw, token=answer.token, input=document(ok="true")).result
        wanted[result.revision] = pauses_of(raw, execution_id)
    voided = raw.stub.Update(
        update_request(execution_id, ExecutionState(status=STATUS_FAILED))
    ).result.revision
    wanted[voided] = pauses_of(raw, execution_id)

    for revision, pauses in wanted.items():
        assert pauses_of(raw, execution_id, revision=revision) == pauses


def test_pauses_are_read_only_when_they_are_asked_for(raw: RawClient, execution_id: str) -> None:
    """B12's reading side."""
    open_pause(raw, execution_id, data=document(a="1"))

    assert len(pauses_of(raw, execution_id, fields=["pauses"])) == 1
    assert pauses_of(raw, execution_id, fields=["status", "context"]) == []
    assert execution_of(raw, execution_id, fields=["pauses"]).state == ExecutionState(
        id=execution_id, status=STATUS_PAUSED
    )


@pytest.mark.parametrize("on_expiry", [EXPIRY_ACTION_FAIL, EXPIRY_ACTION_KEEP])
def test_a_default_input_is_for_resume_alone(
    raw: RawClient, execution_id: str, on_expiry: ExpiryAction
) -> None:
    """B37."""
    request = pause_request(execution_id, on_expiry=on_expiry, default_input=Document())
    refused = raw.refusal(raw.stub.Pause, request)

    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["default_input"])
    assert raw.load(key_of(execution_id)) is None


def test_a_pause_of_a_completed_execution_stops_it_again(raw: RawClient, execution_id: str) -> None:
    """B27: the server knows no last status."""
    raw.stub.Save(save_request(execution_id, ExecutionState(status=STATUS_COMPLETED)))
    open_pause(raw, execution_id)

    assert execution_of(raw, execution_id).state.status == STATUS_PAUSED
