"""gRPC's reflection service, whose streams end when the server drains.

A client may hold its stream open for as long as it likes, and a drain would wait for it
as for a call that is under way.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

import grpc
from grpc_reflection.v1alpha.reflection import SERVICE_NAME
from grpc_reflection.v1alpha.reflection import aio as reflection
from grpc_reflection.v1alpha.reflection_pb2 import (
    ServerReflectionRequest,
    ServerReflectionResponse,
)

_Context = grpc.aio.ServicerContext[ServerReflectionRequest, ServerReflectionResponse]

T = TypeVar("T")


class Reflection:
    """Tells what the server's services are.

    Args:
        names: the services, but for this one.
    """

    def __init__(self, *names: str) -> None:
        # The stubs have its method return something else than it does.
        self._servicer: Any = reflection.ReflectionServicer((*names, SERVICE_NAME))
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Take no more questions."""
        self._draining.set()

    def handler(self) -> grpc.GenericRpcHandler:
        """All methods, for a server."""
        method = grpc.stream_stream_rpc_method_handler(
            self._answer,
            request_deserializer=ServerReflectionRequest.FromString,
            response_serializer=ServerReflectionResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE_NAME, {"ServerReflectionInfo": method})

    async def _answer(
        self, requests: AsyncIterator[ServerReflectionRequest], context: _Context
    ) -> AsyncIterator[ServerReflectionResponse]:
        questions = self._until_draining(requests)
        async for response in self._servicer.ServerReflectionInfo(questions, context):
            yield response

    async def _until_draining(
        self, requests: AsyncIterator[ServerReflectionRequest]
    ) -> AsyncIterator[ServerReflectionRequest]:
        draining = asyncio.ensure_future(self._draining.wait())
        try:
            while (request := await _first(anext(requests, None), draining)) is not None:
                yield request
        finally:
            draining.cancel()


async def _first(coming: Awaitable[T | None], end: asyncio.Future[Any]) -> T | None:
    """What comes, or None when the end comes first."""
    waiting = asyncio.ensure_future(coming)
    try:
        await asyncio.wait((waiting, end), return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        waiting.cancel()
