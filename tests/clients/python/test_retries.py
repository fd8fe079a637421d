"""What the client does when a call does not succeed at once, against a fake server."""

import time
from datetime import timedelta

import grpc
import pytest
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2

from statekeeper import (
    Client,
    DeadlineExceededError,
    InternalError,
    OverloadedError,
    StorageError,
    StorageFullError,
    UnavailableError,
)

from .answers import fail, refuse
from .conftest import MakeClient
from .fakes import FakeServer

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
STATE = {"status": "running"}


def test_a_write_is_repeated_with_the_same_request_id(fake: FakeServer, client: Client) -> None:
    """B70."""
    fake.service.answers += [fail(UNAVAILABLE), fail(UNAVAILABLE)]

    client.state_manager("e").save(STATE)

    ids = [request.options.request_id for _, request in fake.service.requests]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert ids[0]


def test_every_write_has_a_request_id_of_its_own(fake: FakeServer, client: Client) -> None:
    """B70."""
    sm = client.state_manager("e")
    sm.save(STATE)
    sm.update(status="waiting")
    sm.delete()

    assert len({request.options.request_id for _, request in fake.service.requests}) == 3


def test_a_request_id_that_is_given_is_sent(fake: FakeServer, client: Client) -> None:
    """B70."""
    client.state_manager("e").save(STATE, request_id="mine")

    assert fake.service.requests[0][1].options.request_id == "mine"


@pytest.mark.parametrize("size", [300_000, 9_000_000])
def test_a_large_write_is_repeated_as_well(fake: FakeServer, client: Client, size: int) -> None:
    """B70: left alone, gRPC ends its retries at 256 KiB without a word."""
    fake.service.answers.append(fail(UNAVAILABLE))

    client.state_manager("e").save({"status": "running", "context": {"a": "x" * size}})

    assert fake.service.count("Save") == 2


def test_reads_are_repeated(fake: FakeServer, client: Client) -> None:
    fake.service.answers.append(fail(UNAVAILABLE))
    assert client.state_manager("e").load() is None

    fake.service.answers.append(fail(EXHAUSTED))
    assert len(list(client.state_manager("e").list_revisions())) == 5


def test_an_overloaded_server_decides_when_to_try_again(fake: FakeServer, client: Client) -> None:
    delay = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=700_000_000))
    fake.service.answers.append(refuse(EXHAUSTED, "OVERLOADED", delay, pushback_ms=700))
    before = time.monotonic()

    client.state_manager("e").save(STATE)

    assert time.monotonic() - before >= 0.7
    assert fake.service.count("Save") == 2


def test_an_overload_that_lasts_is_told_with_its_delay(fake: FakeServer, client: Client) -> None:
    delay = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=50_000_000))
    fake.service.answers += [refuse(EXHAUSTED, "OVERLOADED", delay, pushback_ms=50)] * 5

    with pytest.raises(OverloadedError) as caught:
        client.state_manager("e").save(STATE)

    assert caught.value.retry_after == timedelta(milliseconds=50)
    assert fake.service.count("Save") == 5


def test_a_full_storage_is_told_at_once(fake: FakeServer, client: Client) -> None:
    fake.service.answers.append(refuse(EXHAUSTED, "STORAGE_FULL", pushback_ms=-1))

    with pytest.raises(StorageFullError):
        client.state_manager("e").save(STATE)

    assert fake.service.count("Save") == 1


def test_a_storage_that_comes_back_is_not_noticed(fake: FakeServer, client: Client) -> None:
    fake.service.answers += [refuse(UNAVAILABLE, "STORAGE_ERROR")] * 2

    client.state_manager("e").save(STATE)

    assert fake.service.count("Save") == 3


def test_a_storage_that_stays_down_is_told(fake: FakeServer, client: Client) -> None:
    fake.service.answers += [refuse(UNAVAILABLE, "STORAGE_ERROR")] * 5

    with pytest.raises(StorageError):
        client.state_manager("e").save(STATE)


def test_an_error_inside_the_server_is_not_repeated(fake: FakeServer, client: Client) -> None:
    fake.service.answers.append(fail(grpc.StatusCode.INTERNAL, "oh"))

    with pytest.raises(InternalError):
        client.state_manager("e").save(STATE)

    assert fake.service.count("Save") == 1


def test_a_call_ends_at_its_deadline(fake: FakeServer, make_client: MakeClient) -> None:
    fake.hold()
    sm = make_client(fake.address, timeout=0.2).state_manager("e", namespace="orders")

    with pytest.raises(DeadlineExceededError) as caught:
        sm.load()

    assert caught.value.message == f"no answer from {fake.address} within 0.2 s"
    assert (caught.value.namespace, caught.value.execution_id) == ("orders", "e")


def test_an_address_where_nobody_listens_is_told_soon(
    fake: FakeServer, make_client: MakeClient
) -> None:
    fake.stop()
    before = time.monotonic()

    with pytest.raises(UnavailableError) as caught:
        make_client(fake.address).state_manager("e").load()

    assert time.monotonic() - before < 5
    expected = f"cannot reach statekeeper at {fake.address}: connection refused"
    assert caught.value.message == expected


def test_an_unknown_host_is_told(make_client: MakeClient) -> None:
    with pytest.raises(UnavailableError, match=r"nowhere\.invalid:7460: unknown host name"):
        make_client("nowhere.invalid:7460").state_manager("e").load()
