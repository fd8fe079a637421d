"""What becomes of several pauses that nobody answers in time."""

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_PAUSED,
    STATUS_RUNNING,
    Status,
)
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_VOIDED,
    ExpiryAction,
    PauseStatus,
)
from statekeeper_server.engine import Table
from statekeeper_server.storage.v1.records_pb2 import Head
from tests.support.chance import chance
from tests.support.pauses import (
    execution_of,
    history,
    inbox,
    pauses_of,
    resume,
    resume_request,
)
from tests.support.raw import (
    RawClient,
)
from tests.support.tables import rows, wait_until
from tests.support.timed_pauses import NO, Timed, with_default


def test_failing_closes_the_other_pauses(timed: Timed) -> None:
    """B37, B44."""
    others = [timed.pause(5), timed.pause(9, on_expiry=EXPIRY_ACTION_RESUME)]
    timed.pause(1)
    timed.advance(1)

    statuses = [pause.status for pause in pauses_of(timed.raw, "exec_1")]
    assert statuses == [PAUSE_STATUS_VOIDED, PAUSE_STATUS_VOIDED, PAUSE_STATUS_EXPIRED]
    assert inbox(timed.raw) == []
    assert not rows(timed.server, Table.TIMERS)
    for other in others:
        request = resume_request(token=other.token)
        assert timed.raw.refusal(timed.raw.stub.Resume, request).reason == "INVALID_TOKEN"
    timed.advance(20)
    assert len(history(timed.raw, "exec_1")) == 4


def test_a_default_answer_leaves_the_other_pauses_open(timed: Timed) -> None:
    """B37, B39: the execution stays paused until the last of them."""
    other = timed.pause(5)
    timed.pause(1, on_expiry=EXPIRY_ACTION_RESUME)
    timed.advance(1)
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_PAUSED
    resume(timed.raw, token=other.token)

    assert execution_of(timed.raw, "exec_1").state.status == STATUS_RUNNING


def _one_by_one(timed: Timed, execution_id: str, plan: list[tuple[int, ExpiryAction]]) -> None:
    for hours, action in plan:
        timed.pause(hours, execution_id, **with_default(action))


def _outcome(raw: RawClient, execution_id: str) -> tuple[Status, list[PauseStatus]]:
    execution = execution_of(raw, execution_id)
    return execution.state.status, [pause.status for pause in execution.pauses]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_due_together_happens_in_the_order_of_its_times(timed: Timed, seed: int) -> None:
    """B37: a server that was away meanwhile comes to the same as one that was not."""
    dice = chance(("together", seed))
    actions = (EXPIRY_ACTION_RESUME, EXPIRY_ACTION_RESUME, EXPIRY_ACTION_KEEP, EXPIRY_ACTION_FAIL)
    plan = [(hours, dice.choice(actions)) for hours in dice.sample(range(1, 9), 5)]
    _one_by_one(timed, "exec_1", plan)
    for _ in range(9):
        timed.advance(1)
        execution_of(timed.raw, "exec_1")
    _one_by_one(timed, "exec_2", plan)
    timed.advance(9)

    assert _outcome(timed.raw, "exec_2") == _outcome(timed.raw, "exec_1"), plan


def test_a_later_failure_does_not_take_an_earlier_default_answer_away(timed: Timed) -> None:
    """B37: what was due first is done first, whichever pause was opened first."""
    timed.pause(2, on_expiry=EXPIRY_ACTION_FAIL)
    timed.pause(1, on_expiry=EXPIRY_ACTION_RESUME, default_input=NO)
    timed.advance(3)

    first, second = pauses_of(timed.raw, "exec_1")
    assert (first.status, second.status) == (PAUSE_STATUS_EXPIRED, PAUSE_STATUS_EXPIRED)
    assert second.resumption.input == NO


def test_several_due_at_once_are_one_change(timed: Timed) -> None:
    """B37: which the history shows pause by pause."""
    opened = [timed.pause(1, on_expiry=EXPIRY_ACTION_RESUME) for _ in range(3)]
    timed.advance(2)

    execution = execution_of(timed.raw, "exec_1")
    newest = history(timed.raw, "exec_1")[:3]
    assert {each.revision for each in newest} == {execution.revision}
    assert {each.pause_id for each in newest} == {answer.pause_id for answer in opened}
    assert (execution.version, execution.state.status) == (4, STATUS_RUNNING)


def test_the_pauses_of_many_executions_are_due_at_once(timed: Timed) -> None:
    """B37: more than are done in one commit, none is left out."""
    for n in range(150):
        timed.pause(1 + n / 1_000, f"exec_{n}", **with_default(EXPIRY_ACTION_RESUME))
    timed.advance(2)
    wait_until(lambda: not rows(timed.server, Table.TIMERS))

    heads = [Head.FromString(row) for _, row in rows(timed.server, Table.HEADS)]
    assert {head.execution.state.status for head in heads} == {STATUS_RUNNING}
    assert (len(heads), sum(len(head.open_pauses) for head in heads)) == (150, 0)
    assert not rows(timed.server, Table.INBOX)
