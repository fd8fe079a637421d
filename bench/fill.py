"""Fills a data folder with many executions, in this process and through no socket."""

import asyncio
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import uvloop
from bench import messages

from statekeeper.v1.state_manager_pb2 import SaveRequest
from statekeeper_server import requests
from statekeeper_server.clock import SystemClock
from statekeeper_server.config import Config
from statekeeper_server.folder import DataFolder
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.save import save
from statekeeper_server.shards import Shards
from statekeeper_server.store.writer import History
from statekeeper_server.worker import QueueLimits

# As many as a commit takes, for each of the shards.
_AT_ONCE = 4096
_DIFFERENT_VALUES = 1000


def execution_id(number: int) -> str:
    """An id that is as random as a UUID, and the same in every run."""
    return blake2b(number.to_bytes(8), digest_size=16).hexdigest()


def fill(data_dir: Path, executions: int) -> None:
    """Save so many executions of 1 KB in a data folder that a server has made."""
    uvloop.run(_fill(data_dir, executions))


async def _fill(data_dir: Path, executions: int) -> None:
    config = Config(data_dir=data_dir)
    folder = DataFolder(
        data_dir,
        shards=None,
        shards_default=1,
        map_size_bytes=config.map_size,
        metasync=config.metasync,
    )
    shards = Shards(
        folder,
        SystemClock(),
        History(config.versions_kept, round(config.history_window_s * 1_000_000)),
        QueueLimits(config.queue_operations_max, config.queue_bytes_max),
        lambda _: None,
    )
    limits = StateLimits(config.state_bytes_max, config.state_bytes_warn, config.entries_max)
    left = _requests(executions)
    while batch := list(islice(left, _AT_ONCE)):
        checked = (requests.check_save(request, limits) for request in batch)
        await asyncio.gather(*(shards.of(each.key).apply(save, each) for each in checked))
    await shards.stop()
    folder.close()


def _requests(executions: int) -> Iterator[SaveRequest]:
    states = [messages.state({"state": messages.json_text()}) for _ in range(_DIFFERENT_VALUES)]
    for number in range(executions):
        request = SaveRequest(state=states[number % _DIFFERENT_VALUES])
        request.key.execution_id = execution_id(number)
        request.options.ttl.FromSeconds(0)
        yield request
