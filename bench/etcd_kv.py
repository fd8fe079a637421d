"""etcd's Put by gRPC's asyncio client for Python, of prepared bytes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from bench import messages
from bench.callers import Caller


@asynccontextmanager
async def connected(address: str, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers of one channel."""
    async with grpc.aio.insecure_channel(address) as channel:
        put: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(messages.ETCD_PUT)

        def caller(number: int) -> Caller:
            requests = messages.etcd_puts(messages.keys(number, count))
            return lambda: put(next(requests))

        yield [caller(number) for number in range(count)]
