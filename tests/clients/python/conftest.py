"""Fixtures: a fake server, a loop in a thread, and clients of both kinds."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from statekeeper import AsyncClient, Client

from .fakes import FakeServer, awaited

MakeClient = Callable[..., Client]


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    """A fake server that serves."""
    server = FakeServer()
    server.start()
    yield server
    server.release.set()
    server.stop()


@pytest.fixture
def loop_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(params=["sync", "async"])
def make_client(
    request: pytest.FixtureRequest, loop_thread: asyncio.AbstractEventLoop
) -> Iterator[MakeClient]:
    """Makes clients, sync ones and async ones in turn, and closes them."""
    made: list[Client] = []

    def make(target: str, **options: Any) -> Client:
        if request.param == "sync":
            client = Client(target, **options)
        else:
            client = awaited(AsyncClient(target, **options), loop_thread)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(fake: FakeServer, make_client: MakeClient) -> Client:
    """A client of the fake server."""
    return make_client(fake.address)
