"""Saves that are held up until the test lets them go."""

import threading

import pytest

from statekeeper.v1.state_requests_pb2 import SaveResponse
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.save import Save, save

_DEADLINE_S = 30.0
HELD = "exec_held"


class Gate:
    """Holds up the saves of `exec_held`, and with them their shard, until it is opened.

    Attributes:
        reached: set when such a save is being applied.
        opened: set it to let them go on.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        monkeypatch.setattr("statekeeper_server.service.save", self._save)

    def wait_until_reached(self) -> None:
        """Wait until a save is held up."""
        assert self.reached.wait(_DEADLINE_S)

    def _save(self, draft: Draft, request: Save) -> SaveResponse:
        if request.key.execution_id == HELD:
            self.reached.set()
            assert self.opened.wait(_DEADLINE_S)
        return save(draft, request)
