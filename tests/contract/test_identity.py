"""What an execution is called."""

import pytest

from statekeeper import Client, ConflictError, StateManager
from tests.support.raw import RawClient, key_of, save_request
from tests.support.states import loaded


def test_namespace_and_id_are_echoed_in_every_reply(client: Client, execution_id: str) -> None:
    """B1."""
    sm = client.state_manager(execution_id, namespace="orders")

    for result in (sm.save({"status": "running"}), sm.update(status="waiting"), sm.delete()):
        assert (result.namespace, result.execution_id) == ("orders", execution_id)


def test_namespace_and_id_are_echoed_in_a_loaded_execution(
    raw: RawClient, execution_id: str
) -> None:
    """B1."""
    raw.stub.Save(save_request(execution_id))

    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.key == key_of(execution_id, "execution-state")
    assert execution.state.id == execution_id


def test_namespace_and_id_are_echoed_in_an_error(client: Client, execution_id: str) -> None:
    """B1, B71."""
    sm = client.state_manager(execution_id, namespace="orders")

    with pytest.raises(ConflictError) as caught:
        sm.save({"status": "running"}, expected_revision=7)
    assert (caught.value.namespace, caught.value.execution_id) == ("orders", execution_id)


def test_the_namespace_left_out_is_the_default_one(client: Client, execution_id: str) -> None:
    """B2."""
    client.state_manager(execution_id, namespace="execution-state").save(
        {"status": "running", "context": {"n": 1}}
    )

    assert loaded(client.state_manager(execution_id)).context == {"n": 1}


def test_the_server_fills_in_the_default_namespace(raw: RawClient, execution_id: str) -> None:
    """B2: also for a client that sends none."""
    result = raw.stub.Save(save_request(execution_id)).result

    assert result.key.namespace == "execution-state"
    assert raw.load(key_of(execution_id, "execution-state")) is not None


def test_equal_ids_in_two_namespaces_never_meet(client: Client, execution_id: str) -> None:
    """B4."""
    left, right = (client.state_manager(execution_id, namespace=name) for name in ("a", "b"))
    left.save({"status": "running", "context": {"side": "left"}})

    assert right.load() is None
    assert list(right.list_revisions()) == []
    right.save({"status": "failed", "context": {"side": "right"}}, expected_revision=0)
    assert right.delete().existed
    assert loaded(left).context == {"side": "left"}
    assert len(list(left.list_revisions())) == 1


def test_a_namespace_and_an_id_that_join_alike_are_apart(client: Client, execution_id: str) -> None:
    """B4: "a" + "b.c" is not "a.b" + "c"."""
    first = client.state_manager(f"b.{execution_id}", namespace="a")
    second = client.state_manager(execution_id, namespace="a.b")
    first.save({"status": "running"})

    assert second.load() is None


@pytest.mark.parametrize(
    "name", ["ü" * 128, "🦶" * 64, "x" * 256, " ", "a/b\\c", "..", "\u202e", "'; --", "\ufffd"]
)
def test_any_text_of_256_bytes_is_an_id(client: Client, name: str) -> None:
    """B1, B78."""
    sm = client.state_manager(name, namespace="any-text")
    sm.save({"status": "running", "context": {"name": name}})

    assert loaded(sm).id == name
    assert loaded(sm).context == {"name": name}
    assert sm.delete().existed


def test_ids_that_look_alike_are_different(client: Client, execution_id: str) -> None:
    """B1: bytes count, neither case nor Unicode's forms of the same character."""
    names = [f"{execution_id}{end}" for end in ("é", "e\u0301", "E", "e", "", " ")]
    for number, name in enumerate(names):
        client.state_manager(name).save({"status": "running", "context": {"n": number}})

    for number, name in enumerate(names):
        assert loaded(client.state_manager(name)).context == {"n": number}


def test_namespaces_of_63_characters_are_accepted(client: Client, execution_id: str) -> None:
    """B1."""
    for namespace in ("a" * 63, "0._-Z", "A"):
        sm: StateManager = client.state_manager(execution_id, namespace=namespace)
        assert sm.save({"status": "running"}).namespace == namespace
