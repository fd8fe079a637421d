"""From what people write as a schema to JSON Schema 2020-12 that is safe to run.

The short form is the name of a type, `object`, wherever a schema may stand; a mapping
without any keyword of JSON Schema is an object with these properties. `$ref` leads to
`#/$defs/` of the same schema alone and is put in its place here, so nothing is ever
fetched and nothing can refer to itself. Everything is bounded, because a schema comes
from a caller and runs where others wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statekeeper.arguments import invalid
from statekeeper.shared.patterns import (
    PATTERN_CHARACTERS_MAX,
    PATTERN_WEIGHT_MAX,
    pattern_weight,
)

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
ANY = "any"
"""In the short form: whatever JSON can hold."""

DEPTH_MAX = 32
WEIGHT_MAX = 10_000
_UNIQUE_WEIGHT = 64
_DIALECTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema#",
)
_REF_PREFIX = "#/$defs/"

_ONE = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames"}
    | {"then", "unevaluatedItems", "unevaluatedProperties"}
)
_LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAPS = frozenset(("dependentSchemas", "patternProperties", "properties"))
_PLAIN = frozenset(
    {"type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum"}
    | {"exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems"}
    | {"uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties"}
    | {"required", "dependentRequired", "format"}
)
_NOTES = frozenset(
    {"title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"}
    | {"contentEncoding", "contentMediaType", "contentSchema", "$comment"}
)
_REFUSED = {
    "$id": "has no use here: a schema is told by its key",
    "$anchor": "is not supported: refer to #/$defs/<name>",
    "$dynamicAnchor": "is not supported",
    "$dynamicRef": "is not supported",
    "$vocabulary": "is not supported",
    "definitions": "is of an older draft: write $defs",
    "dependencies": "is of an older draft: write dependentRequired or dependentSchemas",
    "additionalItems": "is of an older draft: write items",
}
_KEYWORDS = _ONE | _LISTS | _MAPS | _PLAIN | _NOTES | {"$ref", "$defs", "$schema"}


@dataclass(frozen=True, slots=True)
class Expanded:
    """A schema that can be compiled.

    Attributes:
        schema: JSON Schema 2020-12 without references.
        weight: about how many steps one byte of a value may cost at most.
    """

    schema: Any
    weight: int


def expand(name: str, given: Any) -> Expanded:
    """Expands the schema of one key.

    Args:
        name: What errors call it: `schema.company`.
        given: Short or long form.

    Raises:
        InvalidRequestError: It is no schema, refers to what it may not, or is too much.
    """
    expander = _Expander(name, given)
    schema = expander.schema(name, given, 0)
    return Expanded(schema, expander.weight)


@dataclass(slots=True)
class _Expander:
    name: str
    root: Any
    weight: int = 0
    above: list[str] = field(default_factory=list)

    def schema(self, at: str, given: Any, depth: int) -> Any:
        self._count(at, 1)
        if depth > DEPTH_MAX:
            raise invalid(_clip(at), f"is nested too deeply, the limit is {DEPTH_MAX} levels")
        if isinstance(given, bool):
            return given
        if isinstance(given, str):
            return _type(at, given)
        if not isinstance(given, Mapping):
            raise invalid(at, f"must be a type or a schema, not {_kind(given)}")
        for key in given:
            if not isinstance(key, str):
                raise invalid(at, f"the key {key!r} must be a text")
        if not any(_is_keyword(key) for key in given):
            return self._properties(at, given, depth)
        result: dict[str, Any] = {}
        for key, value in given.items():
            self._keyword(result, f"{at}.{key}", key, value, depth)
        if "$ref" in given:
            target = self._target(f"{at}.$ref", given["$ref"], depth)
            result = {"allOf": [target, result]} if result else target
        return result

    def _properties(self, at: str, given: Mapping[str, Any], depth: int) -> Any:
        if not given:
            return {}
        properties = {
            key: self.schema(f"{at}.{key}", value, depth + 1) for key, value in given.items()
        }
        return {"type": "object", "properties": properties}

    def _keyword(self, result: dict[str, Any], at: str, key: str, value: Any, depth: int) -> None:
        _check_keyword(at, key, value)
        if key in _ONE:
            result[key] = self.schema(at, value, depth + 1)
        elif key in _LISTS:
            result[key] = self._list(at, value, depth)
        elif key in _MAPS:
            result[key] = self._map(at, value, depth)
            if key == "patternProperties":
                for pattern in value:
                    self._pattern(at, pattern)
        elif key in _PLAIN:
            result[key] = self._plain(at, key, value)

    def _list(self, at: str, value: Any, depth: int) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise invalid(at, f"must be a list of schemas, not {_kind(value)}")
        items = enumerate(value)
        return [self.schema(f"{at}[{number}]", each, depth + 1) for number, each in items]

    def _map(self, at: str, value: Any, depth: int) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise invalid(at, f"must be a mapping of schemas, not {_kind(value)}")
        return {name: self.schema(f"{at}.{name}", each, depth + 1) for name, each in value.items()}

    def _plain(self, at: str, key: str, value: Any) -> Any:
        if key == "pattern":
            self._pattern(at, value)
        elif key == "uniqueItems":
            self._count(at, _UNIQUE_WEIGHT)
        self._count(at, _nodes(at, value))
        return value

    def _pattern(self, at: str, pattern: Any) -> None:
        if not isinstance(pattern, str):
            raise invalid(at, f"must be a text, not {_kind(pattern)}")
        if len(pattern) > PATTERN_CHARACTERS_MAX:
            raise invalid(
                at, f"has {len(pattern)} characters, the limit is {PATTERN_CHARACTERS_MAX}"
            )
        weight = pattern_weight(pattern)
        if weight > PATTERN_WEIGHT_MAX:
            raise invalid(at, "repeats too much: bound the length by maxLength instead")
        self._count(at, weight)

    def _target(self, at: str, ref: Any, depth: int) -> Any:
        """What a reference leads to."""
        name = ref.removeprefix(_REF_PREFIX) if isinstance(ref, str) else ""
        if not isinstance(ref, str) or name == ref or "/" in name:
            raise invalid(at, f"must be {_REF_PREFIX}<name>: nothing else can be referred to")
        defs = self.root.get("$defs")
        if not isinstance(defs, Mapping) or name not in defs:
            raise invalid(at, f"{_clip(ref)} does not exist")
        if name in self.above:
            raise invalid(at, f"{_clip(ref)} refers to itself: schemas must not be recursive")
        self.above.append(name)
        try:
            return self.schema(f"{self.name}.$defs.{name}", defs[name], depth + 1)
        finally:
            self.above.pop()

    def _count(self, at: str, weight: int) -> None:
        self.weight += weight
        if self.weight > WEIGHT_MAX:
            raise invalid(_clip(at), f"makes the schema too large: it is beyond {WEIGHT_MAX} rules")


def _check_keyword(at: str, key: str, value: Any) -> None:
    if key in _REFUSED:
        raise invalid(at, _REFUSED[key])
    if not _is_keyword(key):
        raise invalid(
            at, "is no keyword of JSON Schema; if it is a property, put it under properties"
        )
    if key == "$schema" and value not in _DIALECTS:
        raise invalid(at, f"must be {_DIALECTS[0]}, or be left out")


def _is_keyword(key: str) -> bool:
    return key in _KEYWORDS or key in _REFUSED or key.startswith("x-")


def _type(at: str, name: str) -> Any:
    if name == ANY:
        return {}
    if name not in TYPES:
        raise invalid(at, f"{_clip(name)!r} is no type; they are {', '.join((*TYPES, ANY))}")
    return {"type": name}


def _nodes(at: str, value: Any) -> int:
    """How many values there are in a value; bounded in depth."""
    nodes, level = 0, [value]
    for _ in range(DEPTH_MAX):
        nodes += len(level)
        below: list[Any] = []
        for each in level:
            if isinstance(each, Mapping):
                below += each.values()
            elif isinstance(each, list | tuple):
                below += each
        if not below:
            return nodes
        level = below
    raise invalid(_clip(at), f"is nested too deeply, the limit is {DEPTH_MAX} levels")


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _clip(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "..."  # noqa: PLR2004 - long enough to find it
