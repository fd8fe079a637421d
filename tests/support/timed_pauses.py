"""Pauses whose time is over, on a server whose clock is moved."""

from datetime import timedelta
from typing import Any

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
)
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OVERDUE,
    ExpiryAction,
)
from statekeeper.v1.pause_requests_pb2 import PauseResponse
from statekeeper_server.engine import Table
from statekeeper_server.storage.v1.records_pb2 import Head
from tests.support.pauses import (
    from_now,
    inbox,
    open_pause,
)
from tests.support.raw import (
    RawClient,
    document,
)
from tests.support.tables import rows

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


def with_default(action: ExpiryAction) -> dict[str, Any]:
    """The fields of a pause that does so."""
    fields: dict[str, Any] = {"on_expiry": action}
    if action == EXPIRY_ACTION_RESUME:
        fields["default_input"] = NO
    return fields
