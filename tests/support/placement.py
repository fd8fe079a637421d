"""Which shard an execution is in."""

from itertools import count
from zlib import crc32


def shard_of(execution_id: str, shards: int, namespace: str = "execution-state") -> int:
    """The shard; written here again because what is on disk depends on it for ever."""
    return crc32(f"{namespace}\0{execution_id}".encode()) % shards


def ids_in_shard(shard: int, shards: int, number: int) -> list[str]:
    """So many ids of executions in a shard."""
    found: list[str] = []
    for n in count():
        if len(found) == number:
            return found
        if shard_of(f"exec_{n}", shards) == shard:
            found.append(f"exec_{n}")
    raise AssertionError
