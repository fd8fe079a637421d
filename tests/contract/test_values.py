"""Values come back as they went in."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statekeeper import Binary, StateManager
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.value_pb2 import Document, Value
from tests.support.chance import chance
from tests.support.raw import RawClient, document, key_of, save_request
from tests.support.states import loaded

KB = 1024
CHUNK = 64 * KB - 16


def nested(levels: int) -> Any:
    """A list in a list and so on."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -0.0,
        0.1,
        5e-324,
        1.7976931348623157e308,
        2**53 + 1,
        -(2**64),
        10**1_000,
        "",
        "\u0000",
        "Füße 🦶🏽 \u202e \ufeff \U0010ffff",
        '"\\/\b\f\n\r\t',
        [],
        {},
        {"": {"": ""}},
        {"a.b": {"c d": 1}, "ключ": "значение"},
        nested(500),
    ],
)
def test_json_comes_back_as_it_went_in(sm: StateManager, value: object) -> None:
    """B78."""
    sm.save({"status": "running", "context": {"value": value}})

    context = loaded(sm).context
    assert context == {"value": value}
    assert context is not None
    assert type(context["value"]) is type(value)
    assert repr(context["value"]) == repr(value)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)
KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=64)


@given(context=st.dictionaries(KEYS, json_values | st.binary(), max_size=8))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_document_comes_back_as_it_went_in(sm: StateManager, context: dict[str, Any]) -> None:
    """B5, B78."""
    sm.save({"status": "running", "context": context})

    assert loaded(sm).context == context


@pytest.mark.parametrize(
    "text",
    [
        "1.0",
        "1e400",
        "-0",
        "12345678901234567890123456789",
        " [ 1 , 2 ]\n",
        '{"a":1,"a":2}',
        '"\\u00e9\\ud83e\\uddb6"',
        '"\\/"',
        "1E+2",
    ],
)
def test_json_text_is_kept_to_the_letter(raw: RawClient, execution_id: str, text: str) -> None:
    """B78: languages differ in what they make of it, so the service makes nothing of it."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(a=text))
    raw.stub.Save(save_request(execution_id, state))

    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.state.context == document(a=text)


@pytest.mark.parametrize(
    "size",
    [0, 1, 10 * KB - 1, 10 * KB, 10 * KB + 1, CHUNK - 10, CHUNK, CHUNK + 1, 2 * CHUNK, 300 * KB],
)
@pytest.mark.parametrize("kind", ["zeros", "noise"])
def test_bytes_come_back_at_every_size(sm: StateManager, size: int, kind: str) -> None:
    """B75, B78: compressed above 10 KB, cut into chunks above 64 KB, and nobody sees it."""
    data = bytes(size) if kind == "zeros" else chance(size).randbytes(size)
    sm.save({"status": "running", "input": {"data": data}})

    assert loaded(sm).input == {"data": data}


@pytest.mark.parametrize("size", [10 * KB, 70 * KB, 300 * KB])
def test_large_texts_come_back(sm: StateManager, size: int) -> None:
    """B75."""
    text = "".join(chance(size).choices('aäß漢🦶"\\\n ', k=size // 3))
    sm.save({"status": "running", "context": {"text": text, "short": 1}})

    assert loaded(sm).context == {"text": text, "short": 1}


def test_the_size_that_counts_is_that_before_compression(sm: StateManager) -> None:
    """B75, B79: what compresses well is warned about like anything else."""
    result = sm.save({"status": "running", "input": {"data": bytes(129 * KB)}})

    assert len(result.warnings) == 1


def test_bytes_keep_their_media_type(sm: StateManager) -> None:
    """B78."""
    packed = Binary(b"\x81\xa1a\x01", content_type="application/msgpack")
    sm.save({"status": "running", "input": {"packed": packed, "plain": b"\x00"}})

    state = loaded(sm)
    assert state.input == {"packed": packed, "plain": b"\x00"}
    assert state.input is not None
    assert state.input["packed"].content_type == "application/msgpack"
    assert type(state.input["plain"]) is bytes


def test_empty_bytes_are_not_absent(raw: RawClient, execution_id: str) -> None:
    """B11, B78."""
    context = Document(
        entries={"empty": Value(binary=b""), "typed": Value(binary=b"", content_type="a/b")}
    )
    raw.stub.Save(
        save_request(execution_id, ExecutionState(status=STATUS_RUNNING, context=context))
    )

    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.state.context == context


def test_json_and_bytes_of_the_same_content_are_different(sm: StateManager) -> None:
    """B78: one may replace the other."""
    sm.save({"status": "running", "context": {"a": "1"}})
    sm.update(context={"a": json.dumps("1").encode()})
    assert loaded(sm).context == {"a": b'"1"'}

    sm.update(context={"a": "1"})
    assert loaded(sm).context == {"a": "1"}


def test_a_state_of_many_entries_comes_back(sm: StateManager) -> None:
    """B78."""
    context = {f"k{n}": n for n in range(10_000)}
    sm.save({"status": "running", "context": context})

    assert loaded(sm).context == context
