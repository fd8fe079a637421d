"""Plain requests: checked from their bytes, without a message being made of them.

None where a request is not plain, or where there is no native part: then it takes the
general way, which tells what is wrong with it, if anything is.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from statekeeper.v1.state_requests_pb2 import SaveRequest, UpdateRequest
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import LARGE_BYTES, OPERATIONS_MAX, StateLimits
from statekeeper_server.native_part import native
from statekeeper_server.operations.load import Load
from statekeeper_server.operations.plain import PlainWrite

ReadWrite = Callable[[bytes], PlainWrite | None]
ReadWrites = Callable[[bytes], list[PlainWrite] | None]


def plain_save(check: Callable[[SaveRequest], Any], limits: StateLimits) -> ReadWrite | None:
    """Reads plain SaveRequests; `check` is what the general way checks them by."""
    if native:
        maxima = limits.entries_max, limits.state_bytes_max
        return partial(native.read_save, PlainWrite, _raw(SaveRequest, check), *maxima)
    return None


def plain_update(check: Callable[[UpdateRequest], Any], limits: StateLimits) -> ReadWrite | None:
    """The same for UpdateRequests."""
    if native:
        maxima = limits.entries_max, limits.state_bytes_max
        return partial(native.read_update, PlainWrite, _raw(UpdateRequest, check), *maxima)
    return None


def plain_writes(
    check_save: Callable[[SaveRequest], Any],
    check_update: Callable[[UpdateRequest], Any],
    limits: StateLimits,
) -> ReadWrites | None:
    """Reads BatchRequests that have nothing but plain writes."""
    if native:
        return partial(
            native.read_writes,
            PlainWrite,
            _raw(SaveRequest, check_save),
            _raw(UpdateRequest, check_update),
            limits.entries_max,
            limits.state_bytes_max,
            LARGE_BYTES,
            OPERATIONS_MAX,
        )
    return None


def plain_load() -> Callable[[bytes], Load | None] | None:
    """Reads plain LoadRequests."""
    return partial(_read_load, native.read_load) if native else None


def _raw(message: type[Any], check: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    """The same check, of the bytes of a message."""
    return lambda raw: check(message.FromString(raw))


def _read_load(read: Callable[[bytes], tuple[str, str, bytes] | None], raw: bytes) -> Load | None:
    parts = read(raw)
    return None if parts is None else Load(ExecutionKey.of_parts(*parts))
