"""What becomes of pauses that nobody answers in time. The clock is moved."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    Status,
)
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_OVERDUE,
    ExpiryAction,
    Pause,
    PauseStatus,
)
from statekeeper.v1.pause_requests_pb2 import PauseResponse
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.engine import Table
from statekeeper_server.engine.lmdb import LmdbEngine
from statekeeper_server.storage.v1.records_pb2 import Head
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
