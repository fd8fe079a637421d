"""What the times of pauses and of their execution have to do with each other."""

from datetime import timedelta

from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    ExecutionState,
)
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
)
from statekeeper_server.engine import Table
from tests.support.pauses import (
    execution_of,
    pauses_of,
    resume,
    resume_request,
    to_us,
)
from tests.support.raw import (
    key_of,
    save_request,
    update_request,
)
from tests.support.tables import rows, wait_until
from tests.support.timed_pauses import HOUR, Timed, with_default


def test_an_execution_outlives_its_pauses(timed: Timed) -> None:
    """B38: its ttl is shorter than the pause, and begins when the pause is over."""
    timed.pause(48, **with_default(EXPIRY_ACTION_RESUME), ttl=HOUR)
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
