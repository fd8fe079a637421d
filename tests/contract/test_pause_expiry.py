"""What becomes of pauses that nobody answers in time. The clock is moved."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    ExecutionState,
    Status,
)
from statekeeper.v1.history_pb2 import EVENT_KIND_PAUSE_EXPIRED
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_OVERDUE,
    PAUSE_STATUS_RESUMED,
    PAUSE_STATUS_VOIDED,
    ExpiryAction,
    Pause,
    PauseStatus,
)
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest, PauseResponse
from statekeeper.v1.value_pb2 import Document
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.engine import Table
from statekeeper_server.engine.lmdb import LmdbEngine
from statekeeper_server.storage.v1.records_pb2 import Head
from tests.support.chance import chance
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
from tests.support.raw import (
    RawClient,
    document,
    key_of,
    save_request,
    update_request,
)
from tests.support.server_process import ServerProcess
from tests.support.tables import rows, wait_until

HOUR = timedelta(hours=1)
ACTIONS = {
    "FAIL": (EXPIRY_ACTION_FAIL, STATUS_FAILED, PAUSE_STATUS_EXPIRED),
    "RESUME": (EXPIRY_ACTION_RESUME, STATUS_RUNNING, PAUSE_STATUS_EXPIRED),
    "KEEP": (EXPIRY_ACTION_KEEP, STATUS_PAUSED, PAUSE_STATUS_OVERDUE),
}
NO = document(approved="false")


class Timed:
    """A server whose clock is moved, and a client of it."""

    def __init__(self, server: TestServer, raw: RawClient) -> None:
        self.server = server
        self.raw = raw

    def pause(self, hours: float, execution_id: str = "exec_1", **fields: Any) -> PauseResponse:
        """Open a pause that expires in so many hours."""
        at = from_now(hours * 3_600, self.server.clock.now_us())
        return open_pause(self.raw, execution_id, expire_time=at, **fields)

    def advance(self, hours: float) -> None:
        """Let time pass."""
        self.server.clock.advance(timedelta(hours=hours))

    def execution_ids(self) -> list[str]:
        """Whose pauses the inbox has. Looking there does nothing about those that are due."""
        return [each.execution.key.execution_id for each in inbox(self.raw)]

    def head(self, execution_id: str) -> Head:
        """An execution as it is stored; looking there does nothing either."""
        key = f"execution-state\0{execution_id}".encode()
        return Head.FromString(dict(rows(self.server, Table.HEADS))[key])


@pytest.fixture
def timed(statekeeper_server: TestServer) -> Iterator[Timed]:
    """A server of the test's own."""
    with RawClient(statekeeper_server.address) as raw:
        yield Timed(statekeeper_server, raw)


def _with_default(action: ExpiryAction) -> dict[str, Any]:
    fields: dict[str, Any] = {"on_expiry": action}
    if action == EXPIRY_ACTION_RESUME:
        fields["default_input"] = NO
    return fields


@pytest.mark.parametrize(("action", "status", "pause_status"), ACTIONS.values(), ids=ACTIONS)
def test_it_happens_by_itself(
    timed: Timed, action: ExpiryAction, status: Status, pause_status: PauseStatus
) -> None:
    """B37: without anybody calling; only what is stored is looked at."""
    opened = timed.pause(1, **_with_default(action))
    timed.advance(0.99)
    assert timed.head("exec_1").execution.revision == opened.result.revision
    timed.advance(0.01)
    wait_until(lambda: timed.head("exec_1").execution.version == 2)

    assert timed.head("exec_1").execution.state.status == status
    assert not rows(timed.server, Table.TIMERS)
    (pause,) = pauses_of(timed.raw, "exec_1")
    assert pause.status == pause_status
    assert timed.execution_ids() == (["exec_1"] if pause_status == PAUSE_STATUS_OVERDUE else [])


@pytest.mark.parametrize("chosen", ACTIONS)
@pytest.mark.parametrize(
    "look", ["Load", "fields", "revision", "GetPause", "ListRevisions", "Update", "Checkpoint"]
)
def test_nobody_meets_a_pause_whose_time_is_over(
    timed: Timed, monkeypatch: pytest.MonkeyPatch, look: str, chosen: str
) -> None:
    """B36: though its timer never comes."""
    action, status, pause_status = ACTIONS[chosen]
    monkeypatch.setattr("statekeeper_server.committer.expire_due_pauses", lambda *_: None)
    opened = timed.pause(1, **_with_default(action))
    timed.advance(1)
    raw = timed.raw
    if look == "Load":
        execution = execution_of(raw, "exec_1")
        assert (execution.state.status, execution.pauses[0].status) == (status, pause_status)
    elif look == "fields":
        assert execution_of(raw, "exec_1", fields=["status"]).state.status == status
    elif look == "revision":
        execution = execution_of(raw, "exec_1", revision=opened.result.revision)
        assert execution.state.status == STATUS_PAUSED
        assert execution.pauses[0].status == PAUSE_STATUS_OPEN
    elif look == "GetPause":
        pause = get_pause(raw, "exec_1", pause_id=opened.pause_id).pause
        assert pause.status == pause_status
    elif look == "ListRevisions":
        assert history(raw, "exec_1")[0].kind == EVENT_KIND_PAUSE_EXPIRED
    elif look == "Update":
        request = update_request("exec_1", expected_revision=opened.result.revision)
        assert raw.refusal(raw.stub.Update, request).reason == "CONFLICT"
    elif look == "Checkpoint":
        raw.stub.Update(update_request("exec_1", ExecutionState(labels={"l": "1"})))
    assert execution_of(raw, "exec_1").state.status == status


@pytest.mark.parametrize(("action", "status", "pause_status"), ACTIONS.values(), ids=ACTIONS)
def test_a_token_is_void_from_that_instant(
    timed: Timed, action: ExpiryAction, status: Status, pause_status: PauseStatus
) -> None:
    """B36, B30: it is the same answer as for any bad token, and what was chosen happens."""
    opened = timed.pause(1, **_with_default(action))
    timed.advance(1)
    for named in ("", "exec_1"):
        request = resume_request(named, token=opened.token)
        assert timed.raw.refusal(timed.raw.stub.Resume, request).reason == "INVALID_TOKEN"
    looked = GetPauseRequest(token=opened.token)
    assert timed.raw.refusal(timed.raw.stub.GetPause, looked).reason == "INVALID_TOKEN"

    execution = execution_of(timed.raw, "exec_1")
    assert (execution.state.status, execution.pauses[0].status) == (status, pause_status)


def test_a_token_is_good_until_then(timed: Timed) -> None:
    """B36, B26."""
    opened = timed.pause(1)
    timed.advance(0.99)

    assert resume(timed.raw, token=opened.token).pause_id == opened.pause_id
    timed.advance(1)
    assert pauses_of(timed.raw, "exec_1")[0].status == PAUSE_STATUS_RESUMED
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_RUNNING


@pytest.mark.parametrize("default", [NO, Document(), None], ids=["given", "empty", "none"])
def test_the_default_answer_is_given(timed: Timed, default: Document | None) -> None:
    """B37: as if someone had answered, but nobody did."""
    timed.pause(1, on_expiry=EXPIRY_ACTION_RESUME, default_input=default, actor="asker")
    timed.advance(1)

    (pause,) = pauses_of(timed.raw, "exec_1")
    assert pause.HasField("resumption")
    assert pause.resumption.HasField("input") == (default is not None)
    assert pause.resumption.input == (default or Document())
    assert pause.resumption.actor == ""
    assert to_us(pause.resumption.time) >= to_us(pause.expire_time)


@pytest.mark.parametrize(("action", "status", "pause_status"), ACTIONS.values(), ids=ACTIONS)
def test_the_history_shows_it(
    timed: Timed, action: ExpiryAction, status: Status, pause_status: PauseStatus
) -> None:
    """B37: as a change of its own kind, of the pause, by nobody."""
    del pause_status
    opened = timed.pause(1, **_with_default(action), actor="asker")
    timed.advance(1)

    newest = history(timed.raw, "exec_1")[0]
    assert (newest.kind, newest.pause_id, newest.actor, newest.status, newest.version) == (
        EVENT_KIND_PAUSE_EXPIRED,
        opened.pause_id,
        "",
        status,
        2,
    )
    assert execution_of(timed.raw, "exec_1").revision == newest.revision
    then = execution_of(timed.raw, "exec_1", revision=opened.result.revision)
    assert (then.state.status, then.pauses[0].status) == (STATUS_PAUSED, PAUSE_STATUS_OPEN)
    assert not then.pauses[0].HasField("resumption")


def test_a_kept_pause_can_be_answered_by_its_name(timed: Timed) -> None:
    """B37: at any later time, in the open pauses' own right (B39)."""
    kept = timed.pause(1, on_expiry=EXPIRY_ACTION_KEEP)
    timed.advance(20)
    (waiting,) = inbox(timed.raw)
    assert waiting.pause.status == PAUSE_STATUS_OVERDUE
    overdue = execution_of(timed.raw, "exec_1")
    resume(timed.raw, "exec_1", pause_id=kept.pause_id, input=NO, actor="late")

    execution = execution_of(timed.raw, "exec_1")
    assert execution.state.status == STATUS_RUNNING
    assert execution.pauses[0].status == PAUSE_STATUS_RESUMED
    assert execution.pauses[0].resumption.input == NO
    assert inbox(timed.raw) == []
    then = execution_of(timed.raw, "exec_1", revision=overdue.revision)
    assert then.pauses == overdue.pauses
    request = resume_request("exec_1", pause_id=kept.pause_id)
    assert timed.raw.refusal(timed.raw.stub.Resume, request).reason == "INVALID_TOKEN"


def test_a_kept_pause_counts_as_open(timed: Timed) -> None:
    """B39, B37: the execution goes on when it and the others are answered."""
    kept = timed.pause(1, on_expiry=EXPIRY_ACTION_KEEP)
    other = timed.pause(5)
    timed.advance(2)
    resume(timed.raw, token=other.token)
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_PAUSED
    resume(timed.raw, "exec_1", pause_id=kept.pause_id)

    assert execution_of(timed.raw, "exec_1").state.status == STATUS_RUNNING


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
        timed.pause(hours, execution_id, **_with_default(action))


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
        timed.pause(1 + n / 1_000, f"exec_{n}", **_with_default(EXPIRY_ACTION_RESUME))
    timed.advance(2)
    wait_until(lambda: not rows(timed.server, Table.TIMERS))

    heads = [Head.FromString(row) for _, row in rows(timed.server, Table.HEADS)]
    assert {head.execution.state.status for head in heads} == {STATUS_RUNNING}
    assert (len(heads), sum(len(head.open_pauses) for head in heads)) == (150, 0)
    assert not rows(timed.server, Table.INBOX)


def test_an_execution_outlives_its_pauses(timed: Timed) -> None:
    """B38: its ttl is shorter than the pause, and begins when the pause is over."""
    timed.pause(48, **_with_default(EXPIRY_ACTION_RESUME), ttl=HOUR)
    execution = execution_of(timed.raw, "exec_1")
    (pause,) = execution.pauses
    assert to_us(execution.expire_time) > to_us(pause.expire_time)
    timed.advance(47.9)
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_PAUSED
    timed.advance(0.2)
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_RUNNING
    timed.advance(1)

    assert timed.raw.load(key_of("exec_1")) is None


def test_every_write_lets_it_outlive_its_pauses(timed: Timed) -> None:
    """B38, B18: also one that sets a short ttl while a pause is open."""
    opened = timed.pause(48)
    timed.raw.stub.Update(update_request("exec_1", ttl=HOUR))
    timed.advance(47)
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_PAUSED
    answered = resume(timed.raw, token=opened.token)

    execution = execution_of(timed.raw, "exec_1")
    lifetime = to_us(execution.expire_time) - to_us(answered.result.update_time)
    assert lifetime == HOUR / timedelta(microseconds=1)


def test_an_execution_that_never_expires_has_pauses_that_do(timed: Timed) -> None:
    """B3, B37."""
    timed.pause(48, ttl=timedelta(0))
    assert not execution_of(timed.raw, "exec_1").HasField("expire_time")
    timed.advance(49)

    execution = execution_of(timed.raw, "exec_1")
    assert execution.state.status == STATUS_FAILED
    assert not execution.HasField("expire_time")


def test_the_pauses_of_an_expired_execution_are_gone(timed: Timed) -> None:
    """B17, B38: nothing happens to them, and a successor knows nothing of them."""
    kept = timed.pause(1, on_expiry=EXPIRY_ACTION_KEEP, ttl=HOUR)
    timed.advance(1.5)
    assert timed.execution_ids() == ["exec_1"]
    timed.advance(1)
    assert timed.raw.load(key_of("exec_1")) is None
    assert timed.execution_ids() == []
    request = resume_request("exec_1", pause_id=kept.pause_id)
    assert timed.raw.refusal(timed.raw.stub.Resume, request).reason == "STATE_NOT_FOUND"
    timed.raw.stub.Save(save_request("exec_1"))

    assert pauses_of(timed.raw, "exec_1") == []
    assert not rows(timed.server, Table.INBOX)
    assert not rows(timed.server, Table.TIMERS)


def test_a_timer_of_an_expired_execution_does_no_harm(timed: Timed) -> None:
    """B17, B80: the server was away past the end of both."""
    timed.pause(1, ttl=HOUR)
    other = timed.pause(10, "exec_2")
    timed.advance(3)
    wait_until(lambda: len(rows(timed.server, Table.TIMERS)) == 1)

    assert timed.raw.load(key_of("exec_1")) is None
    assert timed.execution_ids() == ["exec_2"]
    resume(timed.raw, token=other.token)


def test_an_answered_or_deleted_pause_does_not_expire(timed: Timed) -> None:
    """B37, B15: nor does it come to a successor's harm."""
    answered = timed.pause(1, "exec_1")
    resume(timed.raw, token=answered.token)
    timed.pause(1, "exec_2")
    timed.raw.delete(key_of("exec_2"))
    timed.raw.stub.Save(save_request("exec_2"))
    timed.pause(1, "exec_3")
    timed.raw.stub.Save(save_request("exec_3", ExecutionState(status=STATUS_COMPLETED)))
    assert not rows(timed.server, Table.TIMERS)
    timed.advance(2)

    assert execution_of(timed.raw, "exec_1").state.status == STATUS_RUNNING
    assert execution_of(timed.raw, "exec_2").state.status == STATUS_RUNNING
    assert execution_of(timed.raw, "exec_3").state.status == STATUS_COMPLETED


def test_reads_are_served_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """B36: also of an execution whose pause is due, before its timer comes."""
    monkeypatch.setattr("statekeeper_server.committer.expire_due_pauses", lambda *_: None)
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        timed = Timed(server, raw)
        opened = timed.pause(1)
        monkeypatch.setattr(LmdbEngine, "has_room", lambda *_: False)
        assert raw.refusal(raw.stub.Save, save_request("one_more")).reason == "STORAGE_FULL"
        timed.advance(1)

        assert execution_of(raw, "exec_1").state.status == STATUS_FAILED
        assert get_pause(raw, "exec_1", pause_id=opened.pause_id).pause.status == (
            PAUSE_STATUS_EXPIRED
        )


def test_a_lock_does_not_stop_it(timed: Timed) -> None:
    """B37, B63: an exclusive lock keeps callers out, not time."""
    timed.pause(1)
    lock = LockRequest(key=key_of("exec_1"), owner="other", exclusive=True)
    lock.lease.FromTimedelta(10 * HOUR)
    assert timed.raw.stub.Lock(lock).acquired
    timed.advance(1)
    wait_until(lambda: timed.head("exec_1").execution.state.status == STATUS_FAILED)

    assert pauses_of(timed.raw, "exec_1")[0].status == PAUSE_STATUS_EXPIRED


def test_a_refused_write_does_not_undo_it(timed: Timed) -> None:
    """B36, B63: what is due happens though the write that comes upon it is refused."""
    timed.pause(1)
    lock = LockRequest(key=key_of("exec_1"), owner="other", exclusive=True)
    lock.lease.FromTimedelta(10 * HOUR)
    timed.raw.stub.Lock(lock)
    timed.advance(1)
    assert timed.raw.refusal(timed.raw.stub.Update, update_request("exec_1")).reason == "LOCKED"

    assert execution_of(timed.raw, "exec_1").state.status == STATUS_FAILED
    assert len(history(timed.raw, "exec_1")) == 2


@pytest.mark.parametrize(("action", "status", "pause_status"), ACTIONS.values(), ids=ACTIONS)
def test_it_happens_after_a_restart(
    timed: Timed, action: ExpiryAction, status: Status, pause_status: PauseStatus
) -> None:
    """B37, B20: whether its time comes before, while or after the server is away."""
    timed.pause(1, "exec_1", **_with_default(action))
    timed.pause(3, "exec_2", **_with_default(action))
    timed.server.restart()
    timed.advance(2)
    wait_until(lambda: timed.head("exec_1").execution.state.status == status)
    wait_until(lambda: len(rows(timed.server, Table.TIMERS)) == 1)
    timed.raw.channel.close()

    with RawClient(timed.server.address) as raw:
        assert execution_of(raw, "exec_1").pauses[0].status == pause_status
        assert execution_of(raw, "exec_2").pauses[0].status == PAUSE_STATUS_OPEN


def test_a_token_is_good_after_a_restart(timed: Timed) -> None:
    """B20, B36."""
    opened = timed.pause(1)
    timed.server.restart()

    with RawClient(timed.server.address) as raw:
        assert resume(raw, token=opened.token).pause_id == opened.pause_id


def test_what_was_due_while_the_server_was_dead_happens_once_it_is_back(tmp_path: Path) -> None:
    """B37, B20: a process of its own, killed, and a moment on the machine's clock."""
    with ServerProcess(tmp_path / "data") as process:
        with RawClient(process.address) as raw:
            soon = from_now(0.3)
            failing = open_pause(raw, "exec_1", expire_time=soon)
            going = pause_request(
                "exec_2", expire_time=soon, on_expiry=EXPIRY_ACTION_RESUME, default_input=NO
            )
            raw.stub.Pause(going)
            open_pause(raw, "exec_3", expire_time=soon, on_expiry=EXPIRY_ACTION_KEEP)
            process.kill()
        process.start()
        with RawClient(process.address) as raw:
            wait_until(lambda: len(inbox(raw)) == 1)
            wait_until(lambda: _settled(raw, "exec_1").status == PAUSE_STATUS_EXPIRED)

            assert _settled(raw, "exec_2").resumption.input == NO
            assert _settled(raw, "exec_3").status == PAUSE_STATUS_OVERDUE
            request = resume_request(token=failing.token)
            assert raw.refusal(raw.stub.Resume, request).reason == "INVALID_TOKEN"


def _settled(raw: RawClient, execution_id: str) -> Pause:
    return pauses_of(raw, execution_id)[0]


@pytest.mark.parametrize(
    "hours", [0, -1, 100 * 365 * 24 + 1], ids=["now", "before", "in more than a century"]
)
def test_a_pause_must_expire_within_a_century(timed: Timed, hours: float) -> None:
    """B26, B80: and not have done so already."""
    at = from_now(hours * 3_600, timed.server.clock.now_us())
    refused = timed.raw.refusal(timed.raw.stub.Pause, pause_request("exec_1", expire_time=at))

    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["expire_time"])
    assert timed.raw.load(key_of("exec_1")) is None


def test_a_pause_may_wait_for_a_century(timed: Timed) -> None:
    """B26, B38."""
    hours = 100 * 365 * 24 - 1
    timed.pause(hours)
    timed.advance(hours - 1)
    assert execution_of(timed.raw, "exec_1").state.status == STATUS_PAUSED
    timed.advance(1)

    assert execution_of(timed.raw, "exec_1").state.status == STATUS_FAILED


def test_a_repeated_pause_is_replayed_after_its_time(timed: Timed) -> None:
    """B70: though its expire_time is in the past by then; nothing is opened."""
    at = from_now(3_600, timed.server.clock.now_us())
    request = pause_request("exec_1", expire_time=at, request_id="r1")
    first = timed.raw.stub.Pause(request)
    timed.advance(2)
    again = timed.raw.stub.Pause(request)

    assert (again.result.replayed, again.token) == (True, first.token)
    assert [pause.status for pause in pauses_of(timed.raw, "exec_1")] == [PAUSE_STATUS_EXPIRED]


def test_a_repeated_answer_is_replayed_after_its_time(timed: Timed) -> None:
    """B70, B31."""
    opened = timed.pause(1)
    request = resume_request(token=opened.token)
    request.options.CopyFrom(WriteOptions(request_id="r1"))
    first = timed.raw.stub.Resume(request)
    timed.advance(2)

    assert timed.raw.stub.Resume(request).result.revision == first.result.revision
