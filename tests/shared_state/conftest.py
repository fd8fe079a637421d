"""A shared state of each kind in turn."""

import asyncio
import threading
import uuid
from collections.abc import Iterator

import pytest

from statekeeper import AsyncClient, Client
from statekeeper.testing import TestServer

from .worlds import AsyncServerWorld, MemoryWorld, ServerWorld, World

KINDS = ("in memory", "on a server", "on a server, by asyncio")


@pytest.fixture(scope="session")
def server() -> Iterator[TestServer]:
    """A server for all tests, each with an execution of its own."""
    with TestServer() as server:
        yield server


@pytest.fixture
def execution_id() -> str:
    """The id of an execution that does not exist yet."""
    return f"exec-{uuid.uuid4().hex}"


@pytest.fixture
def client(server: TestServer) -> Iterator[Client]:
    """A client of the server."""
    with Client(server.address, timeout=30) as client:
        yield client


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, server: TestServer, execution_id: str) -> Iterator[World]:
    """A shared state that is not defined yet."""
    if request.param == KINDS[0]:
        yield MemoryWorld()
    elif request.param == KINDS[1]:
        with Client(server.address, timeout=30) as client:
            yield ServerWorld(client.state_manager(execution_id))
    else:
        yield from _async_world(server, execution_id)


def _async_world(server: TestServer, execution_id: str) -> Iterator[World]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    client = AsyncClient(server.address, timeout=30)
    yield AsyncServerWorld(client.state_manager(execution_id), loop)
    asyncio.run_coroutine_threadsafe(client.close(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
