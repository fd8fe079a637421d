"""Pauses whose time is over, and pauses that never were."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_FAILED
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_VOIDED,
    ExpiryAction,
)
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest, PauseRequest
from tests.support.raw import RawClient, key_of


def test_what_is_over_at_once_happens_in_the_order_of_its_times(
    statekeeper_server: TestServer,
) -> None:
    """B37: the later one, though it was opened first, is closed by the failure before."""
    key, now_s = key_of("exec_1"), statekeeper_server.clock.now_us() // 1_000_000

    def pause(action: ExpiryAction, seconds: int) -> PauseRequest:
        until = Timestamp(seconds=now_s + seconds)
        return PauseRequest(key=key, member="m", reason="r", on_expiry=action, expire_time=until)

    with RawClient(statekeeper_server.address) as raw:
        raw.stub.Pause(pause(EXPIRY_ACTION_RESUME, 200))
        raw.stub.Pause(pause(EXPIRY_ACTION_FAIL, 100))
        statekeeper_server.clock.advance(300)
        execution = raw.load(key)

    assert execution is not None
    assert execution.state.status == STATUS_FAILED
    assert [each.status for each in execution.pauses] == [PAUSE_STATUS_VOIDED, PAUSE_STATUS_EXPIRED]


@pytest.mark.parametrize("pause_id", ["p1", "nonsense"])
def test_what_does_not_exist_has_no_pause_by_whatever_id(
    raw: RawClient, execution_id: str, pause_id: str
) -> None:
    """B14: what cannot be a pause_id is like one of a pause that is not there."""
    request = GetPauseRequest(key=key_of(execution_id), pause_id=pause_id)

    assert raw.refusal(raw.stub.GetPause, request).reason == "STATE_NOT_FOUND"
