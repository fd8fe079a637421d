"""An empty namespace is the default one, wherever one is given."""

from statekeeper.testing import TestServer

from .conftest import MakeClient

DEFAULT = "execution-state"


def test_b2_empty_means_the_default(
    statekeeper_server: TestServer, make_client: MakeClient
) -> None:
    """B2: for what is read, written, listed and watched."""
    client = make_client(statekeeper_server.address)
    sm = client.state_manager("exec_1", namespace="")
    assert sm.namespace == DEFAULT
    with client.watch(namespace="") as events:
        assert sm.pause(member="m", reason="r")
        event = next(events)
    assert (event.namespace, event.execution_id) == (DEFAULT, "exec_1")
    assert [each.id for each in client.list(namespace="")] == ["exec_1"]
    assert [each.namespace for each in client.list_pauses(namespace="")] == [DEFAULT]
    assert client.state_manager("exec_1").load() == sm.load()
