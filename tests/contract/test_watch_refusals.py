"""Watches that cannot begin, and what is said of it."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import ExecutionKey
from statekeeper.v1.history_pb2 import EVENT_KIND_SAVED, EVENT_KIND_SNAPSHOT
from statekeeper.v1.watch_pb2 import WatchRequest
from tests.support.operations import seconds
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of, save_request
from tests.support.watching import Watch, watch_request

LONG = "x" * 257
NOBODYS = "hello"
NO_ASCII = "é"
MALFORMED = {
    "a key without an id": (WatchRequest(key=ExecutionKey()), "key.execution_id"),
    "a key with a control character": (watch_request("a\nb"), "key.execution_id"),
    "a bad namespace of a key": (WatchRequest(key=key_of("a", "no/such")), "key.namespace"),
    "a key and a namespace": (watch_request("a", namespace="orders"), "namespace"),
    "a key and a prefix": (watch_request("a", id_prefix="o"), "id_prefix"),
    "a bad namespace": (watch_request(namespace="-"), "namespace"),
    "a long prefix": (watch_request(id_prefix=LONG), "id_prefix"),
    "a prefix with a control character": (watch_request(id_prefix="a\x00"), "id_prefix"),
    "no kind": (watch_request(kinds=[EVENT_KIND_SAVED, 0]), "kinds[1]"),
    "a kind that is no change": (watch_request(kinds=[EVENT_KIND_SNAPSHOT]), "kinds[0]"),
    "more kinds than there are": (watch_request(kinds=[EVENT_KIND_SAVED] * 12), "kinds"),
    "an unknown kind": (watch_request(kinds=[99]), "kinds[0]"),
    "an unknown include": (watch_request(include=99), "include"),
    "a short interval": (watch_request(heartbeat_s=0.099), "heartbeat_interval"),
    "a long interval": (watch_request(heartbeat_s=3601), "heartbeat_interval"),
    "a negative interval": (watch_request(heartbeat_s=-1), "heartbeat_interval"),
    "a negative revision": (watch_request("a", after_revision=-1), "after_revision"),
    "a revision of a namespace": (watch_request(after_revision=1), "after_revision"),
    "a revision of the future": (watch_request("a", after_revision=2**62), "after_revision"),
    "an empty token": (watch_request("a", resume_token=""), "resume_token"),
    "a token of nobody": (watch_request("a", resume_token=NOBODYS), "resume_token"),
    "a token that is no ASCII": (watch_request("a", resume_token=NO_ASCII), "resume_token"),
}


def refused(raw: RawClient, request: WatchRequest) -> Refusal:
    refusal = Watch(raw, request).end()
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.reason == "INVALID_REQUEST"
    return refusal


@pytest.mark.parametrize(("request_", "field"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_watch_is_refused_and_its_field_named(
    raw: RawClient, request_: WatchRequest, field: str
) -> None:
    """B80."""
    assert refused(raw, request_).fields == [field]


def test_bytes_that_are_no_request_are_refused(raw: RawClient) -> None:
    """B80."""
    method: Any = raw.channel.unary_stream("/statekeeper.v1.StateManager/Watch", None, None)
    with pytest.raises(grpc.RpcError) as raised:
        next(method(b"\xff", timeout=DEADLINE_S))
    assert Refusal.of(raised.value).reason == "INVALID_REQUEST"


@pytest.fixture
def token(raw: RawClient, execution_id: str) -> Iterator[str]:
    """A token of a watch of one execution."""
    with Watch(raw, watch_request(execution_id)).begun() as watch:
        yield watch.token


def test_a_token_of_another_watch_is_refused(raw: RawClient, execution_id: str, token: str) -> None:
    """B82: of another execution, namespace, prefix or filter: something would be missed."""
    others = [
        watch_request(f"{execution_id}-2", resume_token=token),
        WatchRequest(key=key_of(execution_id, "other"), resume_token=token),
        watch_request(execution_id, kinds=[EVENT_KIND_SAVED], resume_token=token),
        watch_request(resume_token=token),
        watch_request(id_prefix=execution_id, resume_token=token),
    ]
    for request in others:
        refusal = refused(raw, request)
        assert refusal.fields == ["resume_token"]
        assert "another watch" in refusal.message


def test_what_is_not_the_watch_may_differ(raw: RawClient, execution_id: str, token: str) -> None:
    """B82: how much is told, and how often."""
    request = watch_request(execution_id, resume_token=token, include=3, heartbeat_s=1)
    with Watch(raw, request).begun() as watch:
        raw.stub.Save(save_request(execution_id))
        assert watch.event().execution.version == 1


def test_a_garbled_token_is_refused(raw: RawClient, execution_id: str, token: str) -> None:
    """B80: wherever it is garbled, and however it is cut."""
    garbled = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        for at in range(0, len(token) - 2, 3)
    ]
    for text in (*garbled, token[:-4], token[4:], token * 2, token + "AAAA"):
        refusal = refused(raw, watch_request(execution_id, resume_token=text))
        assert refusal.fields == ["resume_token"]


def test_a_token_of_another_server_is_refused(
    raw: RawClient, execution_id: str, token: str
) -> None:
    """B82: its revisions are others."""
    del raw
    with TestServer() as other, RawClient(other.address) as raw_other:
        refusal = refused(raw_other, watch_request(execution_id, resume_token=token))
    assert refusal.fields == ["resume_token"]
    assert "another server" in refusal.message


def test_a_token_of_the_future_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    """B82: as when the folder was put back from a backup."""
    folder = tmp_path_factory.mktemp("future") / "data"
    with TestServer(folder) as server, RawClient(server.address) as raw:
        raw.stub.Save(save_request("exec_1"))
        server.stop()
    backup = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with TestServer(folder) as server, RawClient(server.address) as raw:
        with Watch(raw, watch_request("exec_1")).begun() as watch:
            raw.stub.Save(save_request("exec_1"))
            watch.event()
        server.stop()
    for path, content in backup.items():
        path.write_bytes(content)
    with TestServer(folder) as server, RawClient(server.address) as raw:
        refusal = refused(raw, watch_request("exec_1", resume_token=watch.token))
    assert refusal.fields == ["resume_token"]
    assert "future" in refusal.message


def test_the_shortest_and_the_longest_interval_are_taken(raw: RawClient) -> None:
    """B83."""
    for interval in (0.1, 3600):
        request = WatchRequest(heartbeat_interval=seconds(interval))
        with Watch(raw, request).begun():
            pass
