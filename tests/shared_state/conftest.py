"""A shared state of each kind in turn."""

import pytest

from .worlds import MemoryWorld, World


@pytest.fixture(params=["in memory"])
def world(request: pytest.FixtureRequest) -> World:
    """A shared state that is not defined yet."""
    assert request.param == "in memory"
    return MemoryWorld()
