"""Checkpoints over a fake server: what is sent, and what comes of the answers."""

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf import timestamp_pb2

from statekeeper import (
    CheckpointNotFoundError,
    Client,
    InvalidRequestError,
    StateManager,
)
from statekeeper.v1 import checkpoint_pb2, execution_pb2, value_pb2, write_pb2

from .answers import answer_with, refuse
from .fakes import FakeServer


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution, with a cache."""
    return client.state_manager("e", namespace="orders", cache_ttl=60)


def written(revision: int = 1) -> write_pb2.WriteResult:
    key = execution_pb2.ExecutionKey(namespace="orders", execution_id="e")
    return write_pb2.WriteResult(key=key, revision=revision, version=2)


def sent(fake: FakeServer) -> Any:
    """Gives the last request."""
    return fake.service.requests[-1][1]


def test_a_checkpoint_names_what_there_is(fake: FakeServer, sm: StateManager) -> None:
    """B45, B65."""
    fake.service.answers.append(
        answer_with(checkpoint_pb2.CheckpointResponse(result=written(5), revision=5))
    )
    result = sm.checkpoint("before-payment", expected_revision=5, actor="ann", request_id="r")

    assert result.revision == 5
    assert (sent(fake).name, sent(fake).key.execution_id) == ("before-payment", "e")
    options = sent(fake).options
    assert (options.expected_revision, options.actor, options.request_id) == (5, "ann", "r")


@pytest.mark.parametrize(
    ("arguments", "target", "value"),
    [
        ({"name": "before"}, "name", "before"),
        ({"revision": 3}, "revision", 3),
        ({"revision": 0}, "revision", 0),
    ],
)
def test_what_was_is_brought_back(
    fake: FakeServer, sm: StateManager, arguments: Any, target: str, value: Any
) -> None:
    """B45, B52, B65."""
    fake.service.answers.append(answer_with(checkpoint_pb2.RestoreResponse(result=written(6))))
    result = sm.restore(**arguments, expected_revision=5, ttl=60)

    assert result.revision == 6
    assert sent(fake).WhichOneof("target") == target
    assert getattr(sent(fake), target) == value
    assert (sent(fake).options.expected_revision, sent(fake).options.ttl.seconds) == (5, 60)


def test_a_name_that_is_not_there_is_told(fake: FakeServer, sm: StateManager) -> None:
    """B46."""
    fake.service.answers.append(
        refuse(
            grpc.StatusCode.NOT_FOUND, "CHECKPOINT_NOT_FOUND", metadata={"checkpoint": "nothing"}
        )
    )
    with pytest.raises(CheckpointNotFoundError) as caught:
        sm.restore("nothing")
    assert caught.value.checkpoint == "nothing"
    assert caught.value.execution_id == "e"


@pytest.mark.parametrize(
    ("method", "arguments", "field"),
    [
        ("checkpoint", {"name": ""}, "name"),
        ("checkpoint", {"name": None}, "name"),
        ("delete_checkpoint", {"name": ""}, "name"),
        ("restore", {}, "name"),
        ("restore", {"name": "a", "revision": 1}, "revision"),
        ("restore", {"name": ""}, "name"),
        ("restore", {"revision": -1}, "revision"),
        ("load", {"checkpoint": ""}, "checkpoint"),
        ("load", {"checkpoint": "a", "revision": 1}, "checkpoint"),
    ],
)
def test_an_argument_of_no_use_is_refused_by_name(
    fake: FakeServer, sm: StateManager, method: str, arguments: Any, field: str
) -> None:
    """B46."""
    with pytest.raises(InvalidRequestError) as caught:
        getattr(sm, method)(**arguments)
    assert caught.value.fields[0][0] == field
    assert caught.value.execution_id == "e"
    assert not fake.service.requests


def test_all_checkpoints_are_listed(fake: FakeServer, sm: StateManager) -> None:
    """B47."""
    state = execution_pb2.ExecutionState(id="e", status=execution_pb2.STATUS_RUNNING)
    state.context.entries["a"].CopyFrom(value_pb2.Value(json="1"))
    first = checkpoint_pb2.ListCheckpointsResponse(next_page_token="more")
    first.checkpoints.add(
        name="a", revision=3, create_time=timestamp_pb2.Timestamp(seconds=1), actor="ann"
    )
    last = checkpoint_pb2.ListCheckpointsResponse()
    last.checkpoints.add(name="b", revision=4, state=state)
    fake.service.answers += [answer_with(first), answer_with(last)]

    checkpoints = sm.list_checkpoints(include_state=True)

    assert isinstance(checkpoints, list)
    a, b = checkpoints
    assert (a.name, a.revision, a.actor, a.state) == ("a", 3, "ann", None)
    assert a.timestamp == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert b.state is not None
    assert (b.state.status, b.state.context, b.state.revision) == ("running", {"a": 1}, 4)
    requests = [request for _, request in fake.service.requests]
    assert [(each.include_state, each.page_token) for each in requests] == [
        (True, ""),
        (True, "more"),
    ]


def test_no_checkpoints_are_an_empty_list(fake: FakeServer, sm: StateManager) -> None:
    """B47."""
    fake.service.answers.append(answer_with(checkpoint_pb2.ListCheckpointsResponse()))

    assert sm.list_checkpoints() == []
    assert not sent(fake).include_state


def test_deleting_a_checkpoint_tells_whether_it_was_there(
    fake: FakeServer, sm: StateManager
) -> None:
    fake.service.answers.append(
        answer_with(checkpoint_pb2.DeleteCheckpointResponse(result=written(), existed=True))
    )
    assert sm.delete_checkpoint("a").existed
    assert sent(fake).name == "a"


def test_the_state_of_a_checkpoint_can_be_loaded(fake: FakeServer, sm: StateManager) -> None:
    """B52, B76: and is not taken for what is there now."""
    sm.save({"status": "running", "start_time": datetime(2026, 1, 1, tzinfo=UTC)})
    sm.load()
    assert fake.service.count("Load") == 0
    sm.load(checkpoint="a", fields=["context"])

    assert fake.service.count("Load") == 1
    assert sent(fake).checkpoint == "a"
    assert not sent(fake).HasField("revision")


@pytest.mark.parametrize("write", ["checkpoint", "restore", "delete_checkpoint"])
def test_the_cache_notices(fake: FakeServer, sm: StateManager, write: str) -> None:
    """B76."""
    sm.save({"status": "running", "start_time": datetime(2026, 1, 1, tzinfo=UTC)})
    answers: dict[str, Any] = {
        "checkpoint": checkpoint_pb2.CheckpointResponse(result=written()),
        "restore": checkpoint_pb2.RestoreResponse(result=written(2)),
        "delete_checkpoint": checkpoint_pb2.DeleteCheckpointResponse(result=written()),
    }
    fake.service.answers.append(answer_with(answers[write]))
    getattr(sm, write)("a")
    sm.load()

    assert fake.service.count("Load") == 1
