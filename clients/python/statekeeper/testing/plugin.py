"""The pytest fixture `statekeeper_server`; pytest finds it by itself.

Nothing is imported before a test asks for the fixture, so it costs nothing
where it is not used.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from statekeeper.testing.server import TestServer


@pytest.fixture
def statekeeper_server() -> Iterator["TestServer"]:
    """A server of its own for one test, on an empty temporary folder."""
    from statekeeper.testing.server import TestServer  # noqa: PLC0415 - see above

    with TestServer() as server:
        yield server
