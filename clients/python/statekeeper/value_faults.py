"""Finds what is wrong with a value that could not be encoded, and where.

Slow and thorough, for the error path only. It does not recurse, so it tells
about deep and circular values as well.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_PATH_CHARACTERS_MAX = 500


class Fault(NamedTuple):
    """Where a value is wrong, and why."""

    path: str
    sentence: str


def find_fault(value: object, path: str) -> Fault:
    """Finds the first fault, depth first.

    Args:
        value: What could not be encoded.
        path: What the value itself is called: `context.user`.
    """
    if sentence := _fault(value, set()):
        return Fault(path, sentence)
    # The containers between the value and where the walk stands, so that a
    # circle is told from an object that merely occurs twice. Steps are joined
    # at the end: a path for every level would be quadratic in the depth.
    open_ids = {id(value)}
    above = [(id(value), _items(value))]
    steps: list[str] = []
    deepest: list[str] = []
    while above:
        for step, item in above[-1][1]:
            if sentence := _fault(item, open_ids):
                return Fault(_joined(path, [*steps, step]), sentence)
            if isinstance(item, dict | list | tuple):
                open_ids.add(id(item))
                above.append((id(item), _items(item)))
                steps.append(step)
                break
        else:
            open_ids.discard(above.pop()[0])
            if len(steps) > len(deepest):
                deepest = steps.copy()
            if steps:
                steps.pop()
    return Fault(_joined(path, deepest), f"it is nested too deeply ({len(deepest) + 1} levels)")


def _items(container: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(container, dict):
        return ((f".{key}", item) for key, item in container.items())
    if isinstance(container, list | tuple):
        return ((f"[{index}]", item) for index, item in enumerate(container))
    return iter(())


def _joined(path: str, steps: list[str]) -> str:
    whole = path + "".join(steps)
    if len(whole) <= _PATH_CHARACTERS_MAX:
        return whole
    return whole[:_PATH_CHARACTERS_MAX] + "..."


def _fault(value: object, above: set[int]) -> str:
    if id(value) in above:
        return "it contains itself"
    for kind, fault in _FAULTS:
        if isinstance(value, kind):
            return fault(value)
    return f"{_type_name(value)} is not JSON"


def _key_fault(value: dict[Any, Any]) -> str:
    for key in value:
        if not isinstance(key, str):
            return f"a key of it is {_type_name(key)}, and keys must be str"
        if fault := text_fault(key):
            return f"in the key {key!r}, {fault}"
    return ""


def text_fault(text: str) -> str:
    """Tells why a text cannot be sent; empty when it can."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"character {error.start} is half of a surrogate pair, which UTF-8 cannot hold"
    return ""


def _digits_fault(number: int) -> str:
    try:
        int.__repr__(number)
    except ValueError:
        return "the integer has more digits than sys.set_int_max_str_digits allows"
    return ""


def _bytes_fault(_: object) -> str:
    return "bytes can only stand for a whole entry of a document, not inside of JSON"


def _float_fault(number: float) -> str:
    return "" if math.isfinite(number) else f"{number} is not JSON"


def _no_fault(_: object) -> str:
    return ""


# What json can write, and what may be wrong with it all the same.
_FAULTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (dict, _key_fault),
    ((list, tuple, type(None)), _no_fault),
    (str, text_fault),
    (int, _digits_fault),
    (float, _float_fault),
    ((bytes, bytearray, memoryview), _bytes_fault),
)


def _type_name(value: object) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"
