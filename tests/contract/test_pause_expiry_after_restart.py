"""Pauses whose time is over while the server is away, or soon after."""

from pathlib import Path

import pytest

from statekeeper.v1.execution_pb2 import Status
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_OVERDUE,
    ExpiryAction,
    Pause,
    PauseStatus,
)
from statekeeper_server.engine import Table
from tests.support.pauses import (
    execution_of,
    from_now,
    inbox,
    open_pause,
    pause_request,
    pauses_of,
    resume,
    resume_request,
)
from tests.support.raw import RawClient
from tests.support.server_process import ServerProcess
from tests.support.tables import rows, wait_until
from tests.support.timed_pauses import ACTIONS, NO, Timed, with_default


@pytest.mark.parametrize(("action", "status", "pause_status"), ACTIONS.values(), ids=ACTIONS)
def test_it_happens_after_a_restart(
    timed: Timed, action: ExpiryAction, status: Status, pause_status: PauseStatus
) -> None:
    """B37, B20: whether its time comes before, while or after the server is away."""
    timed.pause(1, "exec_1", **with_default(action))
    timed.pause(3, "exec_2", **with_default(action))
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
