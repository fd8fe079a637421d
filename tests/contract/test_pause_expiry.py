"""What becomes of a pause that nobody answers in time. The clock is moved."""

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    ExecutionState,
    Status,
)
from statekeeper.v1.history_pb2 import EVENT_KIND_PAUSE_EXPIRED
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_OVERDUE,
    PAUSE_STATUS_RESUMED,
    ExpiryAction,
    PauseStatus,
)
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest
from statekeeper.v1.value_pb2 import Document
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.engine import Table
from statekeeper_server.engine.journaled import JournaledEngine
from tests.support.pauses import (
    execution_of,
    from_now,
    get_pause,
    history,
    inbox,
    pause_request,
    pauses_of,
    resume,
    resume_request,
    to_us,
)
from tests.support.raw import (
    RawClient,
    key_of,
    save_request,
    update_request,
)
from tests.support.tables import rows, wait_until
from tests.support.timed_pauses import ACTIONS, HOUR, NO, Timed, with_default


@pytest.mark.parametrize(("action", "status", "pause_status"), ACTIONS.values(), ids=ACTIONS)
def test_it_happens_by_itself(
    timed: Timed, action: ExpiryAction, status: Status, pause_status: PauseStatus
) -> None:
    """B37: without anybody calling; only what is stored is looked at."""
    opened = timed.pause(1, **with_default(action))
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
    opened = timed.pause(1, **with_default(action))
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
    opened = timed.pause(1, **with_default(action))
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
    opened = timed.pause(1, **with_default(action), actor="asker")
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


def test_reads_are_served_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """B36: also of an execution whose pause is due, before its timer comes."""
    monkeypatch.setattr("statekeeper_server.committer.expire_due_pauses", lambda *_: None)
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        timed = Timed(server, raw)
        opened = timed.pause(1)
        monkeypatch.setattr(JournaledEngine, "has_room", lambda *_: False)
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
