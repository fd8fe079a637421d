"""Time that passes only when the test says so, however slow the machine is."""

import pytest

from statekeeper.testing import TestServer


def freeze(monkeypatch: pytest.MonkeyPatch, server: TestServer) -> None:
    """Stop the clock of a server; it can still be moved."""
    clock = server.clock
    begin_us, begin_monotonic_us = clock.now_us(), clock.monotonic_us()
    monkeypatch.setattr(clock, "now_us", lambda: begin_us + clock._ahead_us)
    monkeypatch.setattr(clock, "monotonic_us", lambda: begin_monotonic_us + clock._ahead_us)
