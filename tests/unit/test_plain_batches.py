"""A batch that is read by native code has the operations that the general way finds in it."""

from collections import Counter
from functools import partial
from random import Random
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given, settings
from hypothesis import strategies as st

from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper_server import requests
from statekeeper_server.entries import Incoming, Kind
from statekeeper_server.errors import StateError
from statekeeper_server.incoming import Operations
from statekeeper_server.limits import OPERATIONS_MAX, WAIT_MAX_US
from statekeeper_server.native_part import absence, native
from statekeeper_server.operations.plain import PlainWrite
from statekeeper_server.requests.fields import check_duration
from tests.support import plain
from tests.support.plain import LIMITS
from tests.support.spelling import mutate, spell

pytestmark = pytest.mark.skipif(native is None, reason=f"no native part: {absence}")


def _kinds(*, plain: bool) -> dict[str, Kind]:
    async def method(_: object) -> bytes:
        raise AssertionError("nothing is done here")

    check_save = partial(requests.check_save, limits=LIMITS)
    check_update = partial(requests.check_update, limits=LIMITS)
    kinds = {
        "save": Kind(check_save, method, read=requests.plain_save(check_save, LIMITS)),
        "update": Kind(check_update, method, read=requests.plain_update(check_update, LIMITS)),
        "load": Kind(requests.check_load, method, read=requests.plain_load()),
        "delete": Kind(requests.check_delete, method),
    }
    return kinds if plain else {name: kind._replace(read=None) for name, kind in kinds.items()}


_KINDS = _kinds(plain=True)
_READ_WRITES = requests.plain_writes(_KINDS["save"].check, _KINDS["update"].check, LIMITS)
_PLAIN, _GENERAL = Operations(_KINDS, _READ_WRITES), Operations(_kinds(plain=False))
_TIMEOUTS = [
    None,
    Duration(),
    Duration(seconds=1, nanos=1),
    Duration(seconds=86_399, nanos=999_999_999),
]
_ODD_TIMEOUTS = [
    Duration(seconds=86_400),
    Duration(seconds=86_400, nanos=1),
    Duration(seconds=-1),
    Duration(nanos=10**9),
    Duration(seconds=2**40),
]


def _operations(*, are_plain: bool) -> st.SearchStrategy[Operation]:
    common: dict[str, Any] = {
        "tag": st.sampled_from([0, 1, 2**64 - 1]),
        "timeout": st.sampled_from(_TIMEOUTS if are_plain else [*_TIMEOUTS, *_ODD_TIMEOUTS]),
    }
    kinds = [
        st.builds(Operation, save=plain.saves(plain=are_plain), **common),
        st.builds(Operation, update=plain.updates(plain=are_plain), **common),
        st.builds(Operation, load=plain.loads(plain=are_plain), **common),
    ]
    if not are_plain:
        key = plain.keys(plain=True)
        kinds.append(st.builds(lambda key: Operation(delete={"key": key}), key))
        kinds.append(st.just(Operation()))
    return st.one_of(kinds)


def _batches(*, are_plain: bool) -> st.SearchStrategy[BatchRequest]:
    operation = _operations(are_plain=True)
    if not are_plain:
        operation = st.one_of(operation, operation, _operations(are_plain=False))
    operations = st.lists(operation, min_size=are_plain, max_size=3)
    return st.builds(BatchRequest, operations=operations)


def test_operations_of_any_spelling_are_those_of_the_general_way() -> None:
    found: Counter[str] = Counter()

    @settings(max_examples=200, derandomize=True)
    @given(_batches(are_plain=False), st.randoms(use_true_random=False), st.integers(0, 3))
    def compare(batch: BatchRequest, random: Random, way: int) -> None:
        raw = spell(batch, random, oddly=way > 1)
        found.update(_compare(mutate(raw, random) if way > 2 else raw))

    compare()
    assert min(found["plain"], found["general"], found["refused"]) > 20, found


@settings(max_examples=50)
@given(_batches(are_plain=True))
def test_plain_operations_are_all_read(batch: BatchRequest) -> None:
    raw = batch.SerializeToString()
    assert set(_compare(raw)) == {"plain"}
    kinds = {operation.WhichOneof("operation") for operation in batch.operations}
    assert (_PLAIN.writes(raw) is None) == ("load" in kinds)


def test_a_batch_of_too_many_operations_is_not_read_to_its_end() -> None:
    assert native
    raw = BatchRequest(operations=[Operation(load={"key": {}})]).SerializeToString()

    assert len(native.read_batch(raw * OPERATIONS_MAX, OPERATIONS_MAX) or ()) == OPERATIONS_MAX
    assert native.read_batch(raw * (OPERATIONS_MAX + 1), OPERATIONS_MAX) is None
    with pytest.raises(StateError, match=f"has {OPERATIONS_MAX + 1}"):
        _PLAIN.read(raw * (OPERATIONS_MAX + 1))


def _compare(raw: bytes) -> Counter[str]:
    """Read a message in both ways; how many of its operations are plain."""
    expected, found = _read(_GENERAL, raw), _read(_PLAIN, raw)
    writes = _PLAIN.writes(raw)
    if writes is not None:
        assert not isinstance(found, StateError)
        assert [_facts(each) for each in writes] == [_facts(each.checked) for each in found]
        assert [(each.tag, each.timeout_us) for each in writes] == (
            [(each.tag, each.timeout_us) for each in found]
        )
    if isinstance(expected, StateError) or isinstance(found, StateError):
        assert str(found) == str(expected)
        return Counter(("refused",))
    assert [each.tag for each in found] == [each.tag for each in expected]
    return Counter(_compare_operation(*both) for both in zip(found, expected, strict=True))


def _facts(write: object) -> tuple[object, ...]:
    """What makes a write what it is; nothing of anything else."""
    if not isinstance(write, PlainWrite):
        return ()
    return write.is_update, write.raw, write.row, write.canonical, write.stored_bytes


def _read(operations: Operations, raw: bytes) -> list[Incoming] | StateError:
    try:
        return operations.read(raw)
    except StateError as error:
        return error


def _compare_operation(found: Incoming, expected: Incoming) -> str:
    assert expected.operation is not None
    if found.operation is not None:
        assert found == expected
        return "general"
    name = expected.operation.WhichOneof("operation")
    assert name is not None
    assert found.name == name
    checked = _KINDS[name].check(getattr(expected.operation, name))
    assert found.checked.key.row == checked.key.row
    if isinstance(found.checked, PlainWrite):
        assert found.checked.general().options == checked.options
    timeout_us = -1
    if expected.operation.HasField("timeout"):
        timeout_us = check_duration("timeout", expected.operation.timeout, WAIT_MAX_US, "24 hours")
    assert found.timeout_us == timeout_us
    return "plain"
