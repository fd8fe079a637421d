"""From microseconds to the contract's times."""

from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.write_pb2 import WriteResult


def set_time(time: Timestamp, at_us: int) -> None:
    """Make it this moment. By hand: the library's way costs ten times as much."""
    time.seconds, micros = divmod(at_us, 1_000_000)
    time.nanos = micros * 1_000


def to_us(time: Timestamp) -> int:
    """The moment, rounded down to microseconds."""
    return time.seconds * 1_000_000 + time.nanos // 1_000


@lru_cache(maxsize=128)  # The writes of a batch have the same times, mostly.
def written_times(
    message: type[Execution] | type[WriteResult], update_time_us: int, expire_time_us: int
) -> bytes:
    """A message that has the times of a write and nothing else, serialised.

    Args:
        message: which.
        update_time_us: when it was written.
        expire_time_us: when the execution expires; 0: never.
    """
    times = message()
    set_time(times.update_time, update_time_us)
    if expire_time_us:
        set_time(times.expire_time, expire_time_us)
    return times.SerializeToString()
