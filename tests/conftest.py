"""What holds for all suites."""

import faulthandler
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("statekeeper", deadline=None)
settings.load_profile("statekeeper")

# A test that is told that its time is over may wait for what does not end either: a thread,
# a server that it has in its hands. So long it may take to give up.
_GIVE_UP_S = 60.0


class _Backstop:
    """Ends the process of tests that do not end, and shows where all its threads stand.

    A test's time being over is an exception in its main thread, which is not heeded where
    that waits in C code, and not enough where leaving takes as long.
    """

    def __init__(self) -> None:
        # Tests have another, which is captured.
        self._stderr = os.dup(2)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        mark = item.get_closest_marker("timeout")
        limit_s = float(mark.args[0] if mark else item.config.getini("timeout"))
        self._end_after(limit_s + _GIVE_UP_S)
        try:
            return (yield)
        finally:
            faulthandler.cancel_dump_traceback_later()

    # Last: at a failure, which somebody may look into, pytest and pytest-timeout give up to
    # watch over the test, though what it leaves may still have to be ended.
    @pytest.hookimpl(trylast=True)
    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector) -> None:
        if isinstance(node, pytest.Item):
            self._end_after(_GIVE_UP_S)

    # The process waits at its end for the threads that tests have left.
    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        self._end_after(_GIVE_UP_S)

    def _end_after(self, seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._stderr)


def pytest_configure(config: pytest.Config) -> None:
    """Watch over all tests, but where a debugger may stop them."""
    if not config.getoption("usepdb"):
        config.pluginmanager.register(_Backstop())
