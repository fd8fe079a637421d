"""Executions as a client finds them."""

import datetime as dt
from typing import Any

import pytest

from statekeeper import Client, ExecutionState, InvalidRequestError, Status
from statekeeper.testing import TestServer

from .conftest import MakeClient


@pytest.fixture
def client(statekeeper_server: TestServer, make_client: MakeClient) -> Client:
    """A client, sync and async, of a server with some executions."""
    client = make_client(statekeeper_server.address)
    for n in range(7):
        sm = client.state_manager(f"order-{n}", namespace="shop")
        status = Status.FAILED if n % 3 == 0 else Status.RUNNING
        sm.save({"status": status, "context": {"n": n}, "labels": {"even": str(n % 2 == 0)}})
    return client


def found(client: Client, **query: Any) -> list[str]:
    return [state.id for state in client.list(namespace="shop", **query)]


def test_executions_are_found_by_what_they_are(client: Client) -> None:
    assert found(client) == [f"order-{n}" for n in range(7)]
    assert found(client, status="failed") == ["order-0", "order-3", "order-6"]
    assert found(client, status=[Status.FAILED, "waiting"], page_size=1) == found(
        client, status="failed"
    )
    assert found(client, labels={"even": "True"}, status="failed") == ["order-0", "order-6"]
    assert found(client, id_prefix="order-5") == ["order-5"]
    assert list(client.list()) == []


def test_executions_are_found_by_when_they_were_written(
    client: Client, statekeeper_server: TestServer
) -> None:
    statekeeper_server.clock.advance(60)
    client.state_manager("order-2", namespace="shop").update(context={"late": True})
    state = client.state_manager("order-1", namespace="shop").load()
    assert isinstance(state, ExecutionState)
    assert state.update_time is not None

    assert found(client, updated_after=state.update_time + dt.timedelta(seconds=30)) == ["order-2"]


def test_a_list_gives_states_whole_or_in_part(client: Client) -> None:
    (whole,) = client.list(namespace="shop", id_prefix="order-3")
    assert whole == client.state_manager("order-3", namespace="shop").load()
    assert (whole.context, whole.partial) == ({"n": 3}, False)

    (part,) = client.list(namespace="shop", id_prefix="order-3", fields=["labels"])
    assert (part.context, part.labels, part.partial) == (None, {"even": "False"}, True)


def test_a_list_is_fetched_page_by_page(client: Client) -> None:
    """What is changed meanwhile is seen where its page comes later."""
    states = client.list(namespace="shop", page_size=2)
    first = next(states)
    client.state_manager("order-5", namespace="shop").delete()

    assert [first.id, *(state.id for state in states)] == [f"order-{n}" for n in range(7) if n != 5]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "happy"}, "status"),
        ({"status": ["running", 1]}, "status"),
        ({"labels": ["team"]}, "labels"),
        ({"labels": {"team": 1}}, "labels.team"),
        ({"id_prefix": 1}, "id_prefix"),
        ({"updated_after": dt.datetime(2026, 1, 1)}, "updated_after"),  # noqa: DTZ001 - what is wrong
        ({"fields": "context"}, "fields"),
        ({"page_size": 0}, "page_size"),
    ],
)
def test_what_cannot_be_asked_for_is_told_at_once(
    client: Client, query: dict[str, Any], field: str
) -> None:
    """Where the list is asked for, not where its first item is."""
    with pytest.raises(InvalidRequestError) as caught:
        client.list(**query)
    assert [name for name, _ in caught.value.fields] == [field]
