"""From microseconds to the contract's times."""

from google.protobuf.timestamp_pb2 import Timestamp


def set_time(time: Timestamp, at_us: int) -> None:
    """Make it this moment. By hand: the library's way costs ten times as much."""
    time.seconds, micros = divmod(at_us, 1_000_000)
    time.nanos = micros * 1_000


def to_us(time: Timestamp) -> int:
    """The moment, rounded down to microseconds."""
    return time.seconds * 1_000_000 + time.nanos // 1_000
