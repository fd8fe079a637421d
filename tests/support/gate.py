"""Saves that are held up until the test lets them go."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from statekeeper_server.operations.plain import PlainWrite, WritesDone, write_all
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
        monkeypatch.setattr("statekeeper_server.write_group.write_all", self._apply_all)

    def wait_until_reached(self) -> None:
        """Wait until a save is held up."""
        assert self.reached.wait(_DEADLINE_S)

    def _apply(self, store: Writer, request: WriteRequest, now_us: int) -> Done:
        if request.key.execution_id == HELD:
            self._hold_up()
        return apply_save(store, request, now_us)

    def _apply_all(
        self,
        operation_of: Any,
        store: Writer,
        writes: Sequence[PlainWrite],
        *rest: Any,
        **named: Any,
    ) -> WritesDone:
        if any(write.key.execution_id == HELD for write in writes):
            self._hold_up()
        return write_all(operation_of, store, writes, *rest, **named)

    def _hold_up(self) -> None:
        self.reached.set()
        assert self.opened.wait(_DEADLINE_S)
