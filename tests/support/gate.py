"""Saves that are held up until the test lets them go."""

import threading

import pytest

from statekeeper_server.operations.writing import Done, WriteRequest
from statekeeper_server.service import apply_save
from statekeeper_server.store.writer import Writer

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
        monkeypatch.setattr("statekeeper_server.service.apply_save", self._apply)

    def wait_until_reached(self) -> None:
        """Wait until a save is held up."""
        assert self.reached.wait(_DEADLINE_S)

    def _apply(self, store: Writer, request: WriteRequest, now_us: int) -> Done:
        if request.key.execution_id == HELD:
            self.reached.set()
            assert self.opened.wait(_DEADLINE_S)
        return apply_save(store, request, now_us)
