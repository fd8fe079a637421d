"""The test of the document that statekeeper began with, line by line."""

import re
import time
from datetime import UTC, datetime

import pytest

from statekeeper import ExecutionState, StateManager, Status
from statekeeper.testing import TestServer


@pytest.fixture
def state_manager(statekeeper_server: TestServer) -> StateManager:
    return statekeeper_server.client().state_manager("test-exec-123")


class TestStateManager:
    def test_saves_and_loads_state(self, state_manager: StateManager) -> None:
        """B5."""
        state = ExecutionState(
            id="test-exec-123",
            status=Status.RUNNING,
            start_time=datetime.fromtimestamp(time.time(), UTC),
        )

        state_manager.save(state)
        loaded = state_manager.load()

        assert loaded == state

    def test_handles_pause_and_resume(self, state_manager: StateManager) -> None:
        """B22, B23, B28."""
        token = state_manager.pause(
            member="approval",
            reason="waiting",
        )

        assert re.match(r"^hitl_", token)

        state_manager.resume(token, {"approved": True})

        state = state_manager.load()
        assert state is not None
        assert state.status == "running"
