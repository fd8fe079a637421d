"""Every way the server can run, and clients of it.

A server is shared by all tests of a session, each with an execution of its own.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from statekeeper import Client, StateManager
from statekeeper.testing import TestServer
from statekeeper_server.verification import problems_of
from tests.support.raw import RawClient
from tests.support.server_process import ServerProcess
from tests.support.timed_pauses import Timed

WAYS = ("in this process", "a process of its own")

# Limits that tests reach quickly; the default ones have tests of their own.
_SMALL = {
    "state_bytes_max": "65536",
    "state_bytes_warn": "8192",
    "entries_max": "50",
    "versions_kept": "4",
}


class Service(Protocol):
    """A server that serves."""

    address: str


@pytest.fixture(scope="session", params=WAYS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A server as it is by default, run in each way in turn."""
    yield from _serve(request.param, tmp_path_factory.mktemp("service") / "data", {})


@pytest.fixture(scope="session", params=WAYS)
def small_service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A server with small limits, which keeps few old versions."""
    yield from _serve(request.param, tmp_path_factory.mktemp("small") / "data", _SMALL)


def _serve(way: str, data_dir: Path, config: dict[str, str]) -> Iterator[Service]:
    if way == WAYS[0]:
        with TestServer(data_dir, **config) as server:
            yield server
    else:
        flags = [f"--{name.replace('_', '-')}={text}" for name, text in config.items()]
        with ServerProcess(data_dir, *flags) as process:
            yield process
    # Whatever the tests have done, and though a process is killed: all rows agree.
    assert list(problems_of(data_dir, lambda *_: None)) == []


@pytest.fixture
def execution_id() -> str:
    """The id of an execution that does not exist yet."""
    return f"exec-{uuid.uuid4().hex}"


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """A client of the service."""
    with Client(service.address, timeout=30) as client:
        yield client


@pytest.fixture
def sm(client: Client, execution_id: str) -> StateManager:
    """The handle of an execution that does not exist yet."""
    return client.state_manager(execution_id)


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    """A client of the service that sends what it is given."""
    with RawClient(service.address) as raw:
        yield raw


@pytest.fixture
def small_sm(small_service: Service, execution_id: str) -> Iterator[StateManager]:
    """The handle of an execution that does not exist yet, where limits are small."""
    with Client(small_service.address, timeout=30) as client:
        yield client.state_manager(execution_id)


@pytest.fixture
def small_raw(small_service: Service) -> Iterator[RawClient]:
    """A client that sends what it is given to where limits are small."""
    with RawClient(small_service.address) as raw:
        yield raw


@pytest.fixture
def timed(statekeeper_server: TestServer) -> Iterator[Timed]:
    """A server of the test's own, with a clock and pauses."""
    with RawClient(statekeeper_server.address) as raw:
        yield Timed(statekeeper_server, raw)
