"""What watchers of the health are told, and when they are let go."""

from collections.abc import AsyncIterator
from unittest.mock import Mock

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from statekeeper_server.health import Health


async def watch(health: Health) -> AsyncIterator[str]:
    async for response in health._watch(HealthCheckRequest(service="service"), Mock()):
        yield HealthCheckResponse.ServingStatus.Name(response.status)


async def test_what_changes_while_a_watcher_is_told_is_told_next() -> None:
    """A watcher may be slow; how it stands now is what it must get."""
    health = Health("service")
    watcher = aiter(watch(health))
    assert await anext(watcher) == "NOT_SERVING"
    health.report(serving=True)
    assert await anext(watcher) == "SERVING"
    health.report(serving=False)
    health.drain()
    assert [status async for status in watcher] == ["NOT_SERVING"]


async def test_what_drains_does_not_serve_whatever_is_said() -> None:
    """B20: a shard may come back into service while the server drains."""
    health = Health("service")
    health.report(serving=True)
    health.drain()
    health.report(serving=True)
    assert [status async for status in watch(health)] == ["NOT_SERVING"]
