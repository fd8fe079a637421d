"""What a server says about its health."""

import queue
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

STATE_MANAGER = "statekeeper.v1.StateManager"
ADMIN = "statekeeper.v1.Admin"
SHARED_STATE = "statekeeper.v1.SharedState"
_DEADLINE_S = 30.0


def health_of(channel: grpc.Channel, service: str = STATE_MANAGER) -> str:
    """The health of a service as it is."""
    stub: Any = HealthStub(channel)
    response = stub.Check(HealthCheckRequest(service=service), timeout=_DEADLINE_S)
    return str(HealthCheckResponse.ServingStatus.Name(response.status))


class HealthWatch:
    """Follows the health of a service from when it is entered."""

    def __init__(self, channel: grpc.Channel, service: str = STATE_MANAGER) -> None:
        stub: Any = HealthStub(channel)
        self._call = stub.Watch(HealthCheckRequest(service=service))
        self._seen: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._follow)

    def next(self) -> str:
        """The next change; the first is how it stands, the last ENDED."""
        return self._seen.get(timeout=_DEADLINE_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call.cancel()
        self._thread.join()

    def _follow(self) -> None:
        with suppress(grpc.RpcError):
            for response in self._call:
                self._seen.put(HealthCheckResponse.ServingStatus.Name(response.status))
        self._seen.put("ENDED")
