"""From the short form to JSON Schema, and what a schema must not be."""

import threading
import time
from typing import Any

import pytest

from statekeeper import InvalidRequestError, SchemaViolationError
from statekeeper.shared import SharedState
from statekeeper.shared.compiled import CompiledCache, CompiledDefinition
from statekeeper.shared.definition import StateDefinition
from statekeeper.shared.patterns import pattern_weight
from statekeeper.shared.schema import expand
from statekeeper.shared.validator import WORK_MAX


@pytest.mark.parametrize(
    ("given", "schema"),
    [
        ("object", {"type": "object"}),
        ("any", {}),
        ({}, {}),
        (True, True),
        (
            {"type": "object", "properties": {"name": "string"}},
            {"type": "object", "properties": {"name": {"type": "string"}}},
        ),
        (
            {"user": {"tags": "array"}},
            {
                "type": "object",
                "properties": {
                    "user": {"type": "object", "properties": {"tags": {"type": "array"}}}
                },
            },
        ),
        (
            {"type": "array", "items": "number", "prefixItems": ["string"]},
            {"type": "array", "items": {"type": "number"}, "prefixItems": [{"type": "string"}]},
        ),
        (
            {"anyOf": ["string", {"not": "object"}], "additionalProperties": False},
            {
                "anyOf": [{"type": "string"}, {"not": {"type": "object"}}],
                "additionalProperties": False,
            },
        ),
        ({"type": "string", "title": "a note", "x-owner": "me"}, {"type": "string"}),
        (
            {"items": {"$ref": "#/$defs/item"}, "$defs": {"item": {"id": "integer"}}},
            {"items": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        ),
        (
            {"$ref": "#/$defs/a", "minLength": 2, "$defs": {"a": "string"}},
            {"allOf": [{"type": "string"}, {"minLength": 2}]},
        ),
    ],
)
def test_b87_the_short_form_becomes_json_schema(given: Any, schema: Any) -> None:
    """B87."""
    assert expand("schema.k", given).schema == schema


def _nested(depth: int) -> Any:
    schema: Any = "object"
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    return schema


def _doubling(levels: int) -> Any:
    defs: dict[str, Any] = {
        f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": defs | {f"d{levels}": "string"}}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (_nested(40), "nested too deeply"),
        ({"const": [[[[]]]] * 40_000}, "the limit is 65536"),
        ({"enum": [1] * 11_000}, "too large"),
        (_doubling(12), "too large"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}, "itself"),
        ({"$ref": "#"}, "nothing else can be referred to"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "nothing else can be referred to"),
        ({"$ref": "file:///etc/passwd"}, "nothing else can be referred to"),
        ({"$ref": "#/$defs/a"}, "does not exist"),
        ({"$dynamicRef": "#a"}, "not supported"),
        ({"$id": "http://127.0.0.1:9/", "type": "object"}, "no use here"),
        ({"$schema": "http://127.0.0.1:9/meta"}, "must be https://json-schema.org"),
        ({"pattern": "a" * 600}, "600 characters"),
        ({"pattern": "((a{1,100}){1,100}){1,100}"}, "repeats too much"),
        ({"patternProperties": {"(a{1,100}){1,999}": "string"}}, "repeats too much"),
        ({"pattern": "(?=(a+)+b)a"}, "regex"),
        ({"pattern": r"(a)\1"}, "regex"),
    ],
)
def test_hostile_schemas_are_refused_at_once(given: Any, problem: str) -> None:
    """Nothing is fetched, and nothing grows."""
    began_s = time.perf_counter()
    with pytest.raises(InvalidRequestError, match=problem) as caught:
        CompiledDefinition(StateDefinition(schema={"k": given}))

    assert caught.value.fields[0][0].startswith("schema")
    assert time.perf_counter() - began_s < 5


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 100_000 + "b"),
        ("^(a|a)*$", "a" * 100_000 + "b"),
        ("^(.*a){12}$", "a" * 100_000 + "b"),
    ],
)
def test_patterns_that_backtrack_elsewhere_take_no_time(pattern: str, text: str) -> None:
    """What takes `re` longer than the universe takes a moment."""
    state = SharedState({"schema": {"k": {"pattern": pattern}}})
    began_s = time.perf_counter()
    with pytest.raises(SchemaViolationError) as caught:
        state.apply_pending_updates({"k": text})

    assert caught.value.rule == "pattern"
    assert time.perf_counter() - began_s < 5


def test_a_value_too_large_for_its_schema_is_refused_unseen() -> None:
    """What checking may cost is bounded by weight times size."""
    state = SharedState({"schema": {"k": {"items": {"pattern": "^[a-z]{1,2000}$"}}}})
    with pytest.raises(SchemaViolationError, match="store references") as caught:
        state.apply_pending_updates({"k": ["x" * 100] * 2_000})

    assert caught.value.rule == "size"
    assert "x" * 10 not in caught.value.message


def test_the_dearest_check_that_is_allowed_is_over_soon() -> None:
    """A pattern of many states, on a text that is as long as its weight allows."""
    pattern = "[abc]*a[abc]{400}d"
    state = SharedState({"schema": {"k": {"pattern": pattern}}})
    text = "abcab" * (WORK_MAX // (pattern_weight(pattern) + 3) // 5)
    began_s = time.perf_counter()
    with pytest.raises(SchemaViolationError) as caught:
        state.apply_pending_updates({"k": text})

    assert caught.value.rule == "pattern"
    assert time.perf_counter() - began_s < 10


def test_errors_do_not_repeat_values() -> None:
    """They may be long, and they may be secrets."""
    state = SharedState({"schema": {"k": {"items": {"enum": ["a", "b"]}}}})
    with pytest.raises(SchemaViolationError) as caught:
        state.apply_pending_updates({"k": ["a", "hunter2"]})

    assert "hunter2" not in str(caught.value)
    assert (caught.value.key, caught.value.path, caught.value.rule) == ("k", "[1]", "enum")


@pytest.mark.parametrize(
    ("pattern", "weight"),
    [("a", 2), ("abc", 4), ("[a-z]{10}", 11), ("(ab{3}){5}", 26), (r"\d{1,4}\.", 6), ("a{2", 4)],
)
def test_what_is_repeated_counts_so_many_times(pattern: str, weight: int) -> None:
    assert pattern_weight(pattern) == weight


def test_compiled_definitions_are_kept_up_to_a_bound() -> None:
    """Those that were used last stay, and every thread gets a good one."""
    cache = CompiledCache(50_000)
    texts = [StateDefinition(schema={f"k{n}": {"maxLength": n}}).to_json() for n in range(400)]

    def work() -> None:
        for text in texts:
            assert cache.get(text).definition.to_json() == text

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 < len(cache) < len(texts)
    assert cache.get(texts[-1]) is cache.get(texts[-1])
