"""Messages put together by hand are those that protobuf makes."""

import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from statekeeper.v1.operation_pb2 import OperationResult
from statekeeper.v1.value_pb2 import Value
from statekeeper_server import wire

UINT64_MAX = 2**64 - 1
TAG = OperationResult.DESCRIPTOR.fields_by_name["tag"].number
EDGES = [edge for bits in range(7, 64, 7) for edge in (2**bits - 1, 2**bits)]


@pytest.mark.parametrize("number", [1, *EDGES, UINT64_MAX])
def test_a_number_is_written_as_protobuf_writes_it(number: int) -> None:
    message = OperationResult(tag=number)

    assert wire.varint_key(TAG) + wire.varint(number) == message.SerializeToString()


@given(st.integers(min_value=1, max_value=UINT64_MAX))
def test_any_number_is_written_as_protobuf_writes_it(number: int) -> None:
    assert wire.varint_key(TAG) + wire.varint(number) == (
        OperationResult(tag=number).SerializeToString()
    )


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_bytes_become_a_field_at_every_length_of_the_length(size: int) -> None:
    key = wire.field_key(Value.DESCRIPTOR.fields_by_name["binary"].number)

    assert wire.field(key, bytes(size)) == Value(binary=bytes(size)).SerializeToString()


@given(st.binary())
def test_any_bytes_become_a_field(content: bytes) -> None:
    key = wire.field_key(Value.DESCRIPTOR.fields_by_name["binary"].number)

    assert wire.field(key, content) == Value(binary=content).SerializeToString()


@given(st.text(), st.integers(min_value=1, max_value=UINT64_MAX))
def test_a_message_within_a_message_is_as_protobuf_makes_it(text: str, tag: int) -> None:
    expected = OperationResult(error=Status(code=5, message=text), tag=tag)
    key = wire.field_key(OperationResult.DESCRIPTOR.fields_by_name["error"].number)
    inner = wire.field(key, expected.error.SerializeToString())

    assert inner + wire.varint_key(TAG) + wire.varint(tag) == expected.SerializeToString()


@pytest.mark.parametrize(
    "name", [field.name for field in OperationResult.DESCRIPTOR.fields if field.number != TAG]
)
def test_every_part_of_a_result_has_the_key_that_protobuf_gives_it(name: str) -> None:
    key = wire.field_key(OperationResult.DESCRIPTOR.fields_by_name[name].number)
    result = OperationResult()
    getattr(result, name).SetInParent()

    assert wire.field(key, b"") == result.SerializeToString()
