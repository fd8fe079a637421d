"""One name for one thing: what the server finds wrong is named as the caller has given it."""

from collections.abc import Callable

import pytest

from statekeeper import Client, InvalidRequestError, StateManager
from statekeeper.testing import TestServer

from .conftest import MakeClient

LONG = "a" * 300


@pytest.fixture
def client(statekeeper_server: TestServer, make_client: MakeClient) -> Client:
    """A client of the real server, which looks at what the client leaves to it."""
    client = make_client(statekeeper_server.address)
    client.state_manager("exec_1").save({"status": "running"})
    return client


def _handle(client: Client) -> StateManager:
    return client.state_manager("exec_1")


REFUSED: dict[str, Callable[[Client], object]] = {
    "namespace": lambda c: c.state_manager("exec_1", namespace="no spaces").load(),
    "execution_id": lambda c: c.state_manager("a\tb").load(),
    "ttl": lambda c: _handle(c).update(ttl=10**10),
    "request_id": lambda c: _handle(c).update(request_id=LONG),
    "actor": lambda c: _handle(c).update(actor=LONG),
    'labels["team"]': lambda c: _handle(c).update(labels={"team": LONG}),
    "schema_version": lambda c: _handle(c).save({"status": "running", "schema_version": LONG}),
    "current_member": lambda c: _handle(c).update(current_member=LONG),
    "remove[0]": lambda c: _handle(c).update(remove=["nothing.a"]),
    "member": lambda c: _handle(c).pause(member=LONG, reason="r"),
    "name": lambda c: _handle(c).checkpoint(LONG),
}


@pytest.mark.parametrize("name", REFUSED)
def test_b71_a_field_is_named_as_it_was_given(client: Client, name: str) -> None:
    """B71: in the list of fields and in the message."""
    with pytest.raises(InvalidRequestError) as caught:
        REFUSED[name](client)
    ((field, sentence),) = caught.value.fields
    assert field == name
    assert caught.value.message == f"{name}: {sentence}"


def test_b71_a_field_is_named_so_in_a_batch_as_well(client: Client) -> None:
    """B71."""
    sm = client.state_manager("exec_1", namespace="no spaces")
    (error,) = client.batch([sm.operation.load()])
    assert isinstance(error, InvalidRequestError)
    assert [field for field, _ in error.fields] == ["namespace"]
