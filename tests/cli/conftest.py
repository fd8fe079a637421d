"""A server, and the command line for it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from statekeeper import Client, StateManager
from statekeeper.testing import TestServer
from tests.support.cli import Cli


@pytest.fixture(scope="session")
def backup_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server makes backups."""
    return tmp_path_factory.mktemp("backups")


@pytest.fixture(scope="session")
def server(backup_dir: Path) -> Iterator[TestServer]:
    """A server, shared by all tests of a session."""
    with TestServer(shards=2, backup_dir=backup_dir) as server:
        yield server


@pytest.fixture
def namespace() -> str:
    """A namespace that nobody else uses."""
    return f"n{uuid.uuid4().hex[:12]}"


@pytest.fixture
def cli(server: TestServer, namespace: str) -> Cli:
    """The command line in that namespace."""
    return Cli(server.address, namespace)


@pytest.fixture
def client(server: TestServer) -> Iterator[Client]:
    """A client of the server."""
    with Client(server.address) as client:
        yield client


@pytest.fixture
def order(client: Client, namespace: str) -> StateManager:
    """The handle of `order-1`, which has a state, a checkpoint of it and a later one."""
    order = client.state_manager("order-1", namespace=namespace)
    order.save(
        {
            "status": "running",
            "input": {"amount": 39.9, "raw": b"\x01\x02"},
            "context": {"user": {"name": "Ada", "n": 1}},
            "labels": {"team": "core"},
        },
        actor="web",
    )
    order.checkpoint("before")
    order.update(context={"user": {"name": "Bob", "n": 1}, "new": None}, remove=["input.amount"])
    return order
