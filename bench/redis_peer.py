"""Redis that syncs its log before it answers, by its asyncio client for Python."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import messages, optional, servers
from bench.callers import Caller
from bench.gatherer import Gatherer, Write
from bench.servers import Running


def missing() -> str:
    """What is missing; empty if nothing is."""
    if shutil.which("redis-server") is None:
        return "redis-server is not installed (Debian: redis-server)"
    return optional.missing("redis")


@contextmanager
def serve(data_dir: Path) -> Iterator[Running]:
    """A single Redis, durable like ours, without snapshots beside its log."""
    data_dir.mkdir()
    (port,) = servers.free_ports(1)
    command = [shutil.which("redis-server") or "redis-server", "--loglevel", "warning"]
    command += ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(data_dir)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    with servers.listening("Redis", command, f"127.0.0.1:{port}", data_dir) as running:
        yield running


@asynccontextmanager
async def connected(address: str, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers with a connection each; each SET is a command of its own."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(address)) for _ in range(count)]

        def caller(number: int) -> Caller:
            writes = messages.writes(number, count)
            return lambda: clients[number].set(*next(writes))

        yield [caller(number) for number in range(count)]


@asynccontextmanager
async def gathered(address: str, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers of one connection; what waits goes as one pipeline."""
    async with _client(address) as client:

        async def send(writes: list[Write]) -> None:
            pipeline = client.pipeline(transaction=False)
            for key, value in writes:
                pipeline.set(key, value)
            await pipeline.execute()

        gatherer = Gatherer(send)
        yield [gatherer.caller(messages.writes(number, count)) for number in range(count)]


async def durability(address: str) -> str:
    """Its version, and how it says that it makes writes durable."""
    async with _client(address) as client:
        version = (await client.info("server"))["redis_version"]
        found = await client.config_get("append*")
        settings = ", ".join(f"{name} {found[name]}" for name in ("appendonly", "appendfsync"))
        return f"Redis {version}, redis-py {optional.found('redis')}: {settings}"


def _client(address: str) -> Any:
    host, _, port = address.rpartition(":")
    redis = import_module("redis.asyncio")
    return redis.Redis(host=host, port=int(port), single_connection_client=True)
