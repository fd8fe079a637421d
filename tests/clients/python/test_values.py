"""Values between Python and what is sent."""

import collections
import copy
import datetime as dt
import decimal
import enum
import math
import pickle
import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statekeeper import Binary, InvalidRequestError, SerializationError
from statekeeper.v1 import value_pb2
from statekeeper.values import read_document, write_document


def through(value: Any) -> Any:
    """Gives a value as it is after it was sent and read."""
    message = value_pb2.Document()
    write_document(message, {"key": value}, "context")
    sent = value_pb2.Document.FromString(message.SerializeToString())
    return read_document(sent, "context")["key"]


def refusal(value: Any, key: Any = "key") -> SerializationError:
    """Gives the error that refuses to send a value."""
    with pytest.raises(SerializationError) as caught:
        write_document(value_pb2.Document(), {key: value}, "context")
    assert caught.value.code == "SERIALIZATION_ERROR"
    assert caught.value.path in caught.value.message
    return caught.value


def nested(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = {"a": value} if _ % 2 else [value]
    return value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


# A slow machine is no failure.
@settings(deadline=None)
@given(JSON)
def test_json_comes_back_as_it_went_in(value: Any) -> None:
    """B78."""
    assert through(value) == value


@pytest.mark.parametrize(
    "value", [2**53 + 1, -(2**63) - 1, 2**64, 10**4299, 0.1, 1e-320, 1.7976931348623157e308]
)
def test_numbers_are_exact(value: Any) -> None:
    """B78."""
    assert through(value) == value
    assert type(through([value])[0]) is type(value)


def test_minus_zero_keeps_its_sign() -> None:
    """B78."""
    assert math.copysign(1, through(-0.0)) == -1


@pytest.mark.parametrize("value", ["", "Füße 🦶", "\x00\x1f", "\u2028", '"\\', "𝄞" * 1000])
def test_text_comes_back_as_it_went_in(value: str) -> None:
    """B78."""
    assert through(value) == value
    assert through({value: [value]}) == {value: [value]}


@pytest.mark.parametrize("value", [b"", b"\x00\xff", bytes(range(256)) * 100])
def test_bytes_come_back_as_they_went_in(value: bytes) -> None:
    """B78."""
    assert through(value) == value
    assert through(bytearray(value)) == value
    assert through(memoryview(value)) == value


def test_bytes_keep_their_media_type() -> None:
    """B78."""
    packed = through(Binary(b"\x93", content_type="application/msgpack"))

    assert packed == b"\x93"
    assert packed.content_type == "application/msgpack"
    assert type(through(b"\x93")) is bytes
    for twin in (copy.copy(packed), copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):  # noqa: S301 - made here
        assert (twin, twin.content_type) == (packed, packed.content_type)
    assert repr(packed) == r"Binary(b'\x93', content_type='application/msgpack')"


@pytest.mark.parametrize("content_type", [None, 3, "\ud800"])
def test_a_media_type_that_cannot_be_sent_is_refused(content_type: Any) -> None:
    """B74."""
    with pytest.raises(InvalidRequestError):
        Binary(b"", content_type=content_type)


class Color(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        (Point(1, 2), [1, 2]),
        (Color.RED, "red"),
        ({Color.RED: Level.HIGH}, {"red": 3}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
    ],
)
def test_what_is_json_by_descent_is_accepted(value: Any, expected: Any) -> None:
    """B78."""
    assert through(value) == expected
    assert type(through(value)) is type(expected)


@pytest.mark.parametrize("levels", [500, 900])
def test_deep_values_come_back_wherever_they_are_saved_from(levels: int) -> None:
    """B78: the frames of the caller take nothing from the depth of a value."""
    deep = nested(levels)

    def at(frames: int) -> Any:
        return at(frames - 1) if frames else through(deep)

    # Compared from outside: == recurses as well.
    assert repr_of(at(0)) == repr_of(deep)
    assert repr_of(at(700)) == repr_of(deep)


def repr_of(value: Any) -> list[str]:
    steps = []
    while isinstance(value, dict | list):
        steps.append(type(value).__name__)
        (value,) = value.values() if isinstance(value, dict) else value
    return [*steps, str(value)]


def test_too_deep_a_value_is_refused() -> None:
    """B74."""
    error = refusal(nested(100_000))

    assert error.path.startswith("context.key")
    assert "nested too deeply (100000 levels)" in error.message


@pytest.mark.parametrize(
    ("value", "path", "why"),
    [
        (math.nan, "context.key", "nan is not JSON"),
        ({"a": [1, {"b": math.inf}]}, "context.key.a[1].b", "inf is not JSON"),
        ([-math.inf], "context.key[0]", "-inf is not JSON"),
        ({"tags": [1, 2, b"x"]}, "context.key.tags[2]", "bytes can only stand for a whole entry"),
        ([memoryview(b"x")], "context.key[0]", "bytes can only stand for a whole entry"),
        ({1: "a"}, "context.key", "a key of it is int, and keys must be str"),
        ({"a": {None: 1}}, "context.key.a", "a key of it is NoneType"),
        ({"a": [{True: 1}]}, "context.key.a[0]", "a key of it is bool"),
        ([{"a": 1}, {(1, 2): 1}], "context.key[1]", "a key of it is tuple"),
        ({10**5000: 1}, "context.key", "a key of it is int"),
        ({"a": {1, 2}}, "context.key.a", "set is not JSON"),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "context.key", "datetime.datetime"),
        ({"a": decimal.Decimal(1)}, "context.key.a", "decimal.Decimal is not JSON"),
        ([object()], "context.key[0]", "object is not JSON"),
        (1j, "context.key", "complex is not JSON"),
        ({"a": "\ud800"}, "context.key.a", "half of a surrogate pair"),
        ({"a": {"x\udfff": 1}}, "context.key.a", "half of a surrogate pair"),
        ({"a": [10**5000]}, "context.key.a[0]", "more digits"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_path(value: Any, path: str, why: str) -> None:
    """B74."""
    error = refusal(value)

    assert error.path == path
    assert why in error.message


@pytest.mark.parametrize(("key", "why"), [(1, "int, not str"), ("\ud800", "surrogate")])
def test_keys_that_cannot_be_sent_are_refused(key: Any, why: str) -> None:
    """B74."""
    error = refusal("value", key)

    assert error.path == "context"
    assert why in error.message


def test_a_value_that_contains_itself_is_refused() -> None:
    """B74."""
    circle: list[Any] = [1]
    circle.append({"back": circle})

    error = refusal({"a": circle})

    assert error.path == "context.key.a[1].back"
    assert "contains itself" in error.message


def test_a_value_may_occur_twice() -> None:
    """B78."""
    shared = {"a": [1]}
    assert through([shared, shared, {"b": shared}]) == [shared, shared, {"b": shared}]


@pytest.fixture
def few_digits() -> Iterator[None]:
    """Sets the interpreter's limit of digits as low as it goes."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    yield
    sys.set_int_max_str_digits(before)


@pytest.mark.usefixtures("few_digits")
def test_what_python_cannot_hold_is_told_by_its_path() -> None:
    """B74: as an error of ours, not as a ValueError or a wrong number."""
    for text in (
        "9" * 1000,
        "[1e999]",
        "-1e999",
        "[NaN]",
        '{"a":[',
        # How deep is too deep differs by the version: from 3.12 on some ten thousand levels.
        "[" * 100_000 + "]" * 100_000,
        "1 2",
    ):
        document = value_pb2.Document(entries={"big": value_pb2.Value(json=text)})
        with pytest.raises(SerializationError) as caught:
            read_document(document, "context")
        assert caught.value.path == "context.big"
        assert "context.big cannot be read" in caught.value.message


@pytest.mark.parametrize("text", [' {"a":1}', '{"a":1}\n', '\t{ "a" : 1 } '])
def test_white_space_around_a_value_is_nothing(text: str) -> None:
    """B78: other languages may write it."""
    document = value_pb2.Document(entries={"a": value_pb2.Value(json=text)})
    assert read_document(document, "context") == {"a": {"a": 1}}


def test_an_empty_document_is_there() -> None:
    """B11."""
    message = value_pb2.Document()
    write_document(message, {}, "context")
    assert read_document(message, "context") == {}


def test_deep_values_leave_no_thread_behind() -> None:
    before = threading.active_count()
    through(nested(900))
    assert threading.active_count() == before
