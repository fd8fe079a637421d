"""The requests that are sent, as bytes: a state of 1 KB, and the same for etcd."""

import base64
import random
from collections.abc import Iterator
from itertools import count, cycle

from statekeeper.v1.checkpoint_pb2 import CheckpointRequest
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionKey, ExecutionState
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions

SAVE = "/statekeeper.v1.StateManager/Save"
LOAD = "/statekeeper.v1.StateManager/Load"
UPDATE = "/statekeeper.v1.StateManager/Update"
CHECKPOINT = "/statekeeper.v1.StateManager/Checkpoint"
ETCD_PUT = "/etcdserverpb.KV/Put"
ETCD_RANGE = "/etcdserverpb.KV/Range"
ETCD_WATCH = "/etcdserverpb.Watch/Watch"

VALUE_BYTES = 1024
EXECUTIONS = 1024
_ID_HEX = 32
_random = random.Random(1)  # noqa: S311 - the same text in every run, not a secret


def echo_method(response_bytes: int) -> str:
    """The method of the echo server that answers with so many bytes."""
    return f"/statekeeper.bench.Echo/{response_bytes}"


def json_text(size_bytes: int = VALUE_BYTES) -> str:
    """A JSON string of that size that compresses as badly as base64 does."""
    letters = base64.b64encode(_random.randbytes(size_bytes)).decode()
    return f'"{letters[: size_bytes - 2]}"'


def state(values: dict[str, str]) -> ExecutionState:
    """A running execution's state with these JSON values in its context."""
    entries = {key: Value(json=text) for key, text in values.items()}
    return ExecutionState(status=STATUS_RUNNING, context=Document(entries=entries))


def save(execution_id: str, values: dict[str, str], request_id: str = "") -> bytes:
    """A SaveRequest."""
    request = SaveRequest(key=ExecutionKey(execution_id=execution_id), state=state(values))
    if request_id:
        request.options.CopyFrom(WriteOptions(request_id=request_id))
    return request.SerializeToString()


def update(execution_id: str, values: dict[str, str]) -> bytes:
    """An UpdateRequest that sets these entries of the context."""
    entries = {key: Value(json=text) for key, text in values.items()}
    changes = ExecutionState(context=Document(entries=entries))
    request = UpdateRequest(key=ExecutionKey(execution_id=execution_id), changes=changes)
    return request.SerializeToString()


def checkpoint(execution_id: str, name: str) -> bytes:
    """A CheckpointRequest."""
    key = ExecutionKey(execution_id=execution_id)
    return CheckpointRequest(key=key, name=name).SerializeToString()


def load(execution_id: str) -> bytes:
    """A LoadRequest for the whole state."""
    return LoadRequest(key=ExecutionKey(execution_id=execution_id)).SerializeToString()


def saves(execution_ids: list[str]) -> Iterator[bytes]:
    """Saves of one execution after the other, for ever, never the same value twice in a row."""
    values = ({"state": json_text()} for _ in count())
    return cycle([save(execution_id, next(values)) for execution_id in execution_ids * 2])


def marked_saves(execution_ids: list[str]) -> Iterator[bytes]:
    """The same, each with a request_id of its own, as the clients send them."""
    placeholder = "?" * _ID_HEX
    halves = []
    for execution_id in execution_ids * 2:
        request = save(execution_id, {"state": json_text()}, placeholder)
        before, _, after = request.partition(placeholder.encode())
        halves.append((before, after))
    first = _random.getrandbits(4 * _ID_HEX - 8) << 7
    for number, (before, after) in enumerate(cycle(halves), first):
        yield b"%b%032x%b" % (before, number, after)


def updates(execution_ids: list[str]) -> Iterator[bytes]:
    """Updates of the one entry of one execution after the other, with changing values."""
    texts = (json_text() for _ in count())
    return cycle([update(name, {"state": next(texts)}) for name in execution_ids * 2])


def loads(execution_ids: list[str]) -> Iterator[bytes]:
    """Loads of one execution after the other, for ever."""
    return cycle([load(execution_id) for execution_id in execution_ids])


def keys(caller: int, callers: int) -> list[str]:
    """The executions of one of so many callers, who together use EXECUTIONS, or one each."""
    return [f"execution-{each}" for each in range(caller, max(EXECUTIONS, caller + 1), callers)]


def writes(caller: int, callers: int) -> Iterator[tuple[str, str]]:
    """Keys and JSON values of that caller, for ever, never the same value twice in a row."""
    return cycle([(key, json_text()) for key in keys(caller, callers) * 2])


def etcd_put(key: str, value: str) -> bytes:
    """An etcdserverpb.PutRequest."""
    return _field(1, key.encode()) + _field(2, value.encode())


def etcd_range(key: str) -> bytes:
    """An etcdserverpb.RangeRequest for one key."""
    return _field(1, key.encode())


def etcd_watch(key: str) -> bytes:
    """An etcdserverpb.WatchRequest that creates a watch of one key."""
    return _field(1, _field(1, key.encode()))


def etcd_puts(keys: list[str]) -> Iterator[bytes]:
    """Puts to one key after the other, for ever, never the same value twice in a row."""
    return cycle([etcd_put(key, json_text()) for key in keys * 2])


def etcd_ranges(keys: list[str]) -> Iterator[bytes]:
    """Reads of one key after the other, for ever."""
    return cycle([etcd_range(key) for key in keys])


def _field(number: int, data: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits go into a byte
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
