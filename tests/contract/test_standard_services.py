"""What every gRPC server offers beside its own service."""

from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import (  # type: ignore[attr-defined, unused-ignore]  # the stubs are older
    HealthCheckResponse,
    HealthListRequest,
)
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.support.health import ADMIN, SHARED_STATE, STATE_MANAGER, HealthWatch, health_of
from tests.support.raw import RawClient


@pytest.mark.parametrize("name", ["", STATE_MANAGER, SHARED_STATE, ADMIN])
def test_the_health_of_the_server_and_of_its_service_is_told(raw: RawClient, name: str) -> None:
    """The health service, which load balancers ask."""
    assert health_of(raw.channel, name) == "SERVING"


def test_the_health_of_an_unknown_service_is_not_found(raw: RawClient) -> None:
    """As gRPC's health protocol has it."""
    with pytest.raises(grpc.RpcError) as caught:
        health_of(raw.channel, "nonsense")
    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_the_watch_of_an_unknown_service_says_so(raw: RawClient) -> None:
    """As gRPC's health protocol has it: it is not refused."""
    with HealthWatch(raw.channel, "nonsense") as health:
        assert health.next() == "SERVICE_UNKNOWN"


def test_the_health_of_all_is_listed(raw: RawClient) -> None:
    """The same as asking one by one."""
    stub: Any = HealthStub(raw.channel)
    serving = HealthCheckResponse(status=HealthCheckResponse.SERVING)
    assert stub.List(HealthListRequest()).statuses == {
        "": serving,
        STATE_MANAGER: serving,
        SHARED_STATE: serving,
        ADMIN: serving,
    }


def test_the_contract_can_be_asked_for(raw: RawClient) -> None:
    """Reflection: for grpcurl and its like."""
    database = ProtoReflectionDescriptorDatabase(raw.channel)
    names = set(database.get_services())
    file = database.FindFileContainingSymbol(STATE_MANAGER)

    assert {STATE_MANAGER, SHARED_STATE, ADMIN, "grpc.health.v1.Health"} <= names
    assert [method.name for method in file.service[0].method] == [
        *("Save", "Load", "Update", "Delete", "List", "ListRevisions"),
        *("Pause", "Resume", "GetPause", "ListPauses"),
        *("Checkpoint", "Restore", "ListCheckpoints", "DeleteCheckpoint"),
        *("Lock", "RenewLock", "Unlock", "GetLock", "Transaction", "Batch", "Pipeline", "Watch"),
    ]
