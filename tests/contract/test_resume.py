"""Answering a pause, once."""

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_PAUSED,
    STATUS_RUNNING,
    ExecutionState,
)
from statekeeper.v1.history_pb2 import EVENT_KIND_PAUSED, EVENT_KIND_RESUMED
from statekeeper.v1.pause_pb2 import PAUSE_STATUS_OPEN, PAUSE_STATUS_RESUMED, Resumption
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest
from statekeeper.v1.value_pb2 import Document
from tests.support.chance import chance
from tests.support.pauses import (
    execution_of,
    get_pause,
    history,
    ids,
    inbox,
    open_pause,
    pauses_of,
    resume,
    resume_request,
)
from tests.support.raw import RawClient, document, key_of, save_request, update_request


def test_an_answer_lets_the_execution_run(raw: RawClient, execution_id: str) -> None:
    """B28: and changes nothing else of its state."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(a="1"), labels={"l": "1"})
    raw.stub.Save(save_request(execution_id, state))
    answer = open_pause(raw, execution_id, member="review")
    paused = execution_of(raw, execution_id)
    resumed = resume(raw, token=answer.token)

    assert (resumed.member, resumed.pause_id) == ("review", answer.pause_id)
    assert resumed.result.key == key_of(execution_id, "execution-state")
    execution = execution_of(raw, execution_id)
    assert (execution.revision, execution.version) == (resumed.result.revision, 3)
    assert execution.state.status == STATUS_RUNNING
    paused.state.status = STATUS_RUNNING
    assert execution.state == paused.state


@pytest.mark.parametrize(
    "given",
    [
        None,
        Document(),
        document(approved="false"),
        document(raw=b"\x00\xff", big='"' + "x" * 200_000 + '"', ü="null"),
    ],
    ids=["nothing", "empty", "no", "large"],
)
def test_the_answer_is_kept(raw: RawClient, execution_id: str, given: Document | None) -> None:
    """B29, B42, B43, B11: input, actor and time; whatever it says, the status is running."""
    answer = open_pause(raw, execution_id, data=document(kept="1"), actor="asker")
    resumed = resume(raw, token=answer.token, input=given, actor="a person")
    raw.stub.Update(update_request(execution_id, ExecutionState(context=document(later="1"))))

    (pause,) = pauses_of(raw, execution_id)
    assert pause.status == PAUSE_STATUS_RESUMED
    assert pause.resumption == Resumption(
        input=given, actor="a person", time=resumed.result.update_time
    )
    assert pause.resumption.HasField("input") == (given is not None)
    assert (pause.actor, pause.data) == ("asker", document(kept="1"))
    assert get_pause(raw, execution_id, pause_id=answer.pause_id).pause == pause
    assert execution_of(raw, execution_id).state.status == STATUS_RUNNING


def test_a_pause_can_be_answered_by_its_name(raw: RawClient, execution_id: str) -> None:
    """B29: and its token is spent then."""
    first, second = open_pause(raw, execution_id), open_pause(raw, execution_id)
    resumed = resume(raw, execution_id, pause_id=second.pause_id, input=document(n="2"))

    assert resumed.pause_id == second.pause_id
    assert raw.refusal(raw.stub.Resume, resume_request(token=second.token)).reason == (
        "INVALID_TOKEN"
    )
    assert [pause.status for pause in pauses_of(raw, execution_id)] == [
        PAUSE_STATUS_OPEN,
        PAUSE_STATUS_RESUMED,
    ]
    resume(raw, execution_id, token=first.token)


def test_a_token_works_once(raw: RawClient, execution_id: str) -> None:
    """B31: and its pause cannot be answered by name any more either."""
    answer = open_pause(raw, execution_id)
    resume(raw, token=answer.token, input=document(first="1"))
    before = execution_of(raw, execution_id)

    for request in (
        resume_request(token=answer.token),
        resume_request(execution_id, token=answer.token),
        resume_request(execution_id, token=answer.token, input=document(second="2")),
        resume_request(execution_id, pause_id=answer.pause_id),
    ):
        assert raw.refusal(raw.stub.Resume, request).reason == "INVALID_TOKEN"
    assert execution_of(raw, execution_id) == before


def test_a_token_is_of_one_execution(raw: RawClient, execution_id: str) -> None:
    """B33, B4: not of another, nor of one of the same name in another namespace."""
    own = open_pause(raw, execution_id)
    others = [(f"{execution_id}-2", ""), (execution_id, "elsewhere")]
    for name, namespace in others:
        open_pause(raw, name, namespace)
        keyed = resume_request(name, namespace, token=own.token)
        refused = raw.refusal(raw.stub.Resume, keyed)
        assert (refused.reason, refused.metadata["execution_id"]) == ("INVALID_TOKEN", name)
        looked = GetPauseRequest(key=key_of(name, namespace), token=own.token)
        assert raw.refusal(raw.stub.GetPause, looked).reason == "INVALID_TOKEN"
        by_name = resume_request(name, namespace, pause_id=own.pause_id)
        assert raw.refusal(raw.stub.Resume, by_name).reason == "INVALID_TOKEN"
        assert [pause.status for pause in pauses_of(raw, name, key=key_of(name, namespace))] == [
            PAUSE_STATUS_OPEN
        ]

    assert resume(raw, token=own.token).result.key.execution_id == execution_id


def _bad_tokens(good: str) -> list[str]:
    dice = chance("bad tokens")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bent = []
    for at in range(len("hitl_"), len(good)):
        other = dice.choice([each for each in alphabet if each != good[at]])
        bent.append(good[:at] + other + good[at + 1 :])
    return [
        *bent,
        *(good[:-1], good + "A", good[5:], good.upper(), f" {good}", f"{good}\n", f"{good}="),
        *("hitl_", "hitl_" + "A" * 32, "x", "\x00", "ü" * 37, "hitl_" + "+" * 32, "A" * 100_000),
    ]


def test_all_bad_tokens_meet_the_same_answer(raw: RawClient, execution_id: str) -> None:
    """B30: unknown, malformed, spent, void or another's: there is nothing to be learnt."""
    spent = open_pause(raw, execution_id).token
    resume(raw, token=spent)
    void = open_pause(raw, execution_id).token
    raw.stub.Save(save_request(execution_id))
    open_pause(raw, execution_id)
    gone = open_pause(raw, f"{execution_id}-gone").token
    raw.delete(key_of(f"{execution_id}-gone"))
    others = open_pause(raw, f"{execution_id}-other").token
    bad = [spent, void, gone, *_bad_tokens(spent)]
    before = execution_of(raw, execution_id)

    met = set()
    for token in bad:
        for method, request in (
            (raw.stub.Resume, resume_request(token=token)),
            (raw.stub.GetPause, GetPauseRequest(token=token)),
        ):
            refusal = raw.refusal(method, request)
            met.add((refusal.code, refusal.message, str(refusal.info)))
    assert len(met) == 1
    met.clear()
    for token in [*bad, others]:
        refusal = raw.refusal(raw.stub.Resume, resume_request(execution_id, token=token))
        met.add((refusal.code, refusal.message, str(refusal.info)))
    assert len(met) == 1
    assert execution_of(raw, execution_id) == before


def test_a_missing_execution_has_no_pauses(raw: RawClient, execution_id: str) -> None:
    """B30, B14: by token there is one answer, by name the execution is missed."""
    by_token = resume_request(execution_id, token="hitl_" + "A" * 32)
    assert raw.refusal(raw.stub.Resume, by_token).reason == "INVALID_TOKEN"
    by_name = resume_request(execution_id, pause_id="p1")
    assert raw.refusal(raw.stub.Resume, by_name).reason == "STATE_NOT_FOUND"
    looked = GetPauseRequest(key=key_of(execution_id), pause_id="p1")
    assert raw.refusal(raw.stub.GetPause, looked).reason == "STATE_NOT_FOUND"
    assert raw.load(key_of(execution_id)) is None


@pytest.mark.parametrize("pause_id", ["p", "p0", "p01", "1", "x", "p1.0", "p9" * 100, "p1\n", "-1"])
def test_no_other_pause_is_found(raw: RawClient, execution_id: str, pause_id: str) -> None:
    """B30: what cannot be a pause is like one that is not there; no token is spoken of."""
    open_pause(raw, execution_id)

    resumed = raw.refusal(raw.stub.Resume, resume_request(execution_id, pause_id=pause_id))
    assert resumed.reason == "INVALID_TOKEN"
    assert resumed.message.startswith("the execution has no pause of this id that waits: ")
    looked = GetPauseRequest(key=key_of(execution_id), pause_id=pause_id)
    found = raw.refusal(raw.stub.GetPause, looked)
    assert (found.reason, found.message) == (
        "INVALID_TOKEN",
        "the execution has no pause of this id",
    )


def test_the_history_shows_who_answered(raw: RawClient, execution_id: str) -> None:
    """B42."""
    answers = [open_pause(raw, execution_id, actor=f"asker {n}") for n in range(2)]
    for n, answer in enumerate(answers):
        resume(raw, token=answer.token, actor=f"person {n}")

    told = [(each.kind, each.actor, each.pause_id) for each in history(raw, execution_id)]
    assert told == [
        (EVENT_KIND_RESUMED, "person 1", answers[1].pause_id),
        (EVENT_KIND_RESUMED, "person 0", answers[0].pause_id),
        (EVENT_KIND_PAUSED, "asker 1", answers[1].pause_id),
        (EVENT_KIND_PAUSED, "asker 0", answers[0].pause_id),
    ]
    statuses = [each.status for each in history(raw, execution_id)]
    assert statuses == [STATUS_RUNNING, STATUS_PAUSED, STATUS_PAUSED, STATUS_PAUSED]


def test_what_is_deleted_takes_its_pauses_along(raw: RawClient, execution_id: str) -> None:
    """B15: tokens, inbox, answers; a successor has none of them."""
    answered, waiting = open_pause(raw, execution_id), open_pause(raw, execution_id)
    resume(raw, token=answered.token, input=document(a="1"))
    raw.delete(key_of(execution_id))
    assert raw.refusal(raw.stub.Resume, resume_request(token=waiting.token)).reason == (
        "INVALID_TOKEN"
    )
    successor = open_pause(raw, execution_id)

    assert [pause.pause_id for pause in pauses_of(raw, execution_id)] == [successor.pause_id]
    for request in (
        resume_request(token=waiting.token),
        resume_request(execution_id, token=waiting.token),
        resume_request(execution_id, pause_id=waiting.pause_id),
    ):
        assert raw.refusal(raw.stub.Resume, request).reason == "INVALID_TOKEN"
    own = [each for each in ids(inbox(raw)) if each[0] == execution_id]
    assert own == [(execution_id, successor.pause_id)]


def test_the_last_sixty_four_closed_pauses_are_kept(raw: RawClient, execution_id: str) -> None:
    """B29: with every open one, however old."""
    first = open_pause(raw, execution_id, data=document(n='"first"'))
    closed = []
    for n in range(70):
        closed.append(open_pause(raw, execution_id, data=document(n=str(n))))
        resume(raw, token=closed[-1].token, input=document(n=str(n)))

    pauses = pauses_of(raw, execution_id)
    assert [pause.pause_id for pause in pauses] == [
        first.pause_id,
        *(answer.pause_id for answer in closed[-64:]),
    ]
    assert [pause.resumption.input for pause in pauses[1:]] == [
        document(n=str(n)) for n in range(6, 70)
    ]
    looked = GetPauseRequest(key=key_of(execution_id), pause_id=closed[5].pause_id)
    assert raw.refusal(raw.stub.GetPause, looked).reason == "INVALID_TOKEN"
    assert raw.refusal(raw.stub.Resume, resume_request(token=closed[5].token)).reason == (
        "INVALID_TOKEN"
    )
    assert get_pause(raw, token=first.token).pause.data == document(n='"first"')
