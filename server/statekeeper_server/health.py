"""gRPC's health service, whose watches end when the server drains.

A watch has no end of its own. The servicer that comes with gRPC leaves it open, and a
drain would wait for it as for a call that is under way.
"""

import asyncio
from collections.abc import AsyncIterator

import grpc
from grpc_health.v1.health_pb2 import (  # type: ignore[attr-defined, unused-ignore]  # the stubs are older
    DESCRIPTOR,
    HealthCheckRequest,
    HealthCheckResponse,
    HealthListRequest,
    HealthListResponse,
)

SERVICE_NAME = DESCRIPTOR.services_by_name["Health"].full_name

_Context = grpc.aio.ServicerContext[HealthCheckRequest, HealthCheckResponse]
_ListContext = grpc.aio.ServicerContext[HealthListRequest, HealthListResponse]


class Health:
    """How the server stands, for whoever asks; not serving until it is told otherwise.

    Args:
        names: what can be asked for.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._serving = False
        self._draining = False
        # One for each change: what comes while a watcher writes is not missed.
        self._changed = asyncio.Event()

    def report(self, *, serving: bool) -> None:
        """Say how it stands. A server that drains does not serve, whatever is said."""
        self._serving = serving and not self._draining
        self._changed.set()
        self._changed = asyncio.Event()

    def drain(self) -> None:
        """Tell the watchers that it does not serve any more, and let them go."""
        self._draining = True
        self.report(serving=False)

    def handler(self) -> grpc.GenericRpcHandler:
        """All methods, for a server."""
        methods = {
            "Check": grpc.unary_unary_rpc_method_handler(
                self._check,
                request_deserializer=HealthCheckRequest.FromString,
                response_serializer=HealthCheckResponse.SerializeToString,
            ),
            "List": grpc.unary_unary_rpc_method_handler(
                self._list,
                request_deserializer=HealthListRequest.FromString,
                response_serializer=HealthListResponse.SerializeToString,
            ),
            "Watch": grpc.unary_stream_rpc_method_handler(
                self._watch,
                request_deserializer=HealthCheckRequest.FromString,
                response_serializer=HealthCheckResponse.SerializeToString,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)

    async def _check(self, request: HealthCheckRequest, context: _Context) -> HealthCheckResponse:
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return self._status_of(request.service)

    async def _list(self, _: HealthListRequest, _context: _ListContext) -> HealthListResponse:
        return HealthListResponse(statuses={name: self._status_of(name) for name in self._names})

    async def _watch(
        self, request: HealthCheckRequest, _: _Context
    ) -> AsyncIterator[HealthCheckResponse]:
        told = None
        while True:
            changed, draining = self._changed, self._draining
            status = self._status_of(request.service)
            if status != told:
                yield status
                told = status
            if draining:
                return
            await changed.wait()

    def _status_of(self, name: str) -> HealthCheckResponse:
        if name not in self._names:
            return HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN)
        if self._serving:
            return HealthCheckResponse(status=HealthCheckResponse.SERVING)
        return HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
