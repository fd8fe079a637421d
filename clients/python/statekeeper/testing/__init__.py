"""A real server for tests, in the test's own process.

::

    from statekeeper.testing import TestServer

    with TestServer() as server:
        sm = server.client().state_manager("exec_abc123")
        sm.save({"status": "running"}, ttl=60)
        server.clock.advance(61)
        assert sm.load() is None

pytest has it as the fixture `statekeeper_server`. It needs the server:
`pip install 'statekeeper[server]'`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statekeeper.testing.clock import MovableClock
    from statekeeper.testing.server import TestServer

__all__ = ["MovableClock", "TestServer"]


# Imported at first use: pytest imports this package at its start.
def __getattr__(name: str) -> Any:
    if name == "TestServer":
        from statekeeper.testing.server import TestServer  # noqa: PLC0415 - see above

        return TestServer
    if name == "MovableClock":
        from statekeeper.testing.clock import MovableClock  # noqa: PLC0415 - see above

        return MovableClock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
