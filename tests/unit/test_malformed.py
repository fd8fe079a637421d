"""Naming what is wrong with a message that cannot be parsed."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper_server.malformed import describe
from tests.support.raw import document, key_of

MARK = "MARK"
BAD = b"\xff\xfe\xfd\xfc"


def test_the_field_and_the_place_in_it_are_named() -> None:
    """B78."""
    raw = SaveRequest(key=key_of(MARK)).SerializeToString().replace(MARK.encode(), b"ab\xffd")
    (violation,) = describe(SaveRequest, raw).violations

    assert violation.field == "key.execution_id"
    assert violation.description == "is not UTF-8: invalid start byte at byte 2"


def test_of_many_texts_the_bad_one_is_named() -> None:
    """B78."""
    request = UpdateRequest(remove=["context.a", "context.b", MARK])
    raw = request.SerializeToString().replace(MARK.encode(), BAD)

    (violation,) = describe(UpdateRequest, raw).violations
    assert violation.field == "remove[2]"


def test_a_key_that_is_not_text_is_shown_as_well_as_it_can_be() -> None:
    """B78: the value of an entry is named by its key."""
    request = SaveRequest()
    request.state.context.CopyFrom(document(key=MARK))
    raw = request.SerializeToString().replace(MARK.encode(), BAD)

    (violation,) = describe(SaveRequest, raw).violations
    assert violation.field == 'state.context.entries["key"].value.json'


@pytest.mark.parametrize("raw", [b"\x0a", b"\xff", b"\x0b"])
def test_what_is_no_message_is_said_to_be_none(raw: bytes) -> None:
    """B80."""
    (violation,) = describe(LoadRequest, raw).violations

    assert violation.field == "request"
    assert violation.description == "is not a LoadRequest message"


@given(raw=st.binary(max_size=60))
def test_any_bytes_are_described(raw: bytes) -> None:
    """B80: never an exception of another kind."""
    try:
        SaveRequest.FromString(raw)
    except DecodeError:
        assert describe(SaveRequest, raw).violations
