"""Fills a data folder with many executions, through the server's handler but no socket."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import NamedTuple, cast

import grpc
import uvloop
from bench import messages

from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper_server.config import Config
from statekeeper_server.logs import set_up_logs
from statekeeper_server.server import Server

# As many as a commit takes, for each of a few shards.
_AT_ONCE = 4096
_DIFFERENT_VALUES = 1000
Save = Callable[[bytes, None], Awaitable[bytes]]


class _Details(NamedTuple):
    method: str
    invocation_metadata: tuple[()] = ()


def execution_id(number: int) -> str:
    """An id that is as random as a UUID, and the same in every run."""
    return blake2b(number.to_bytes(8), digest_size=16).hexdigest()


def fill(data_dir: Path, executions: int) -> None:
    """Save so many executions of 1 KB in a data folder, which is made if need be."""
    uvloop.run(_fill(data_dir, executions))


async def _fill(data_dir: Path, executions: int) -> None:
    set_up_logs("warning")
    server = Server(Config(data_dir=data_dir, listen="127.0.0.1:0"))
    await server.start()
    save = _handler_of_save(server)
    left = _requests(executions)
    while batch := list(islice(left, _AT_ONCE)):
        await asyncio.gather(*(save(request, None) for request in batch))
    await server.stop()


def _handler_of_save(server: Server) -> Save:
    """What gRPC calls for a Save; without a context, so that an error is an exception here."""
    handler = server._service.handlers()[0].service(  # noqa: SLF001 - gRPC has no way to ask for it
        cast("grpc.HandlerCallDetails", _Details(messages.SAVE))
    )
    if handler is None:
        raise LookupError(messages.SAVE)
    return cast("Save", handler.unary_unary)


def _requests(executions: int) -> Iterator[bytes]:
    states = [messages.state({"state": messages.json_text()}) for _ in range(_DIFFERENT_VALUES)]
    for number in range(executions):
        request = SaveRequest(state=states[number % _DIFFERENT_VALUES])
        request.key.execution_id = execution_id(number)
        request.options.ttl.FromSeconds(0)
        yield request.SerializeToString()
