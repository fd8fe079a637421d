"""Compares what came with what is expected, part by part."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TIME_TOLERANCE_S = 0.001


def differences(expected: Any, actual: Any, path: str = "$") -> Iterator[str]:
    """Where what came is not as expected; nothing: it is."""
    operator = _operator(expected)
    if operator is not None:
        yield from operator(expected, actual, path)
    elif isinstance(expected, dict):
        yield from _object(expected, actual, path)
    elif isinstance(expected, list):
        yield from _list(expected, actual, path)
    elif not _equal(expected, actual):
        yield f"{path}: {_shown(actual)} came, {_shown(expected)} is expected"


def _object(expected: Mapping[str, Any], actual: Any, path: str) -> Iterator[str]:
    if not isinstance(actual, dict):
        yield f"{path}: {_shown(actual)} came, an object is expected"
        return
    for name, each in expected.items():
        yield from differences(each, actual.get(name), f"{path}.{name}")


def _list(expected: list[Any], actual: Any, path: str) -> Iterator[str]:
    if not isinstance(actual, list) or len(actual) != len(expected):
        yield f"{path}: {_shown(actual)} came, a list of {len(expected)} is expected"
        return
    # Deeper than a comparison by parts can go.
    if not _has_operators(expected) and _text(expected) == _text(actual):
        return
    for index, each in enumerate(expected):
        yield from differences(each, actual[index], f"{path}[{index}]")


def _equal(expected: Any, actual: Any) -> bool:
    # To Python true is 1.
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return bool(expected == actual)


def _any(_expected: Any, actual: Any, path: str) -> Iterator[str]:
    if actual is None:
        yield f"{path}: nothing came"


def _absent(_expected: Any, actual: Any, path: str) -> Iterator[str]:
    if actual is not None:
        yield f"{path}: {_shown(actual)} came, nothing is expected"


def _matches(expected: Any, actual: Any, path: str) -> Iterator[str]:
    pattern = expected["$matches"]
    if not isinstance(actual, str) or re.search(pattern, actual) is None:
        yield f"{path}: {_shown(actual)} came, what matches {pattern} is expected"


def _more(expected: Any, actual: Any, path: str) -> Iterator[str]:
    than = expected["$more"]
    if isinstance(actual, bool) or not isinstance(actual, int | float) or actual <= than:
        yield f"{path}: {_shown(actual)} came, more than {than} is expected"


def _set(expected: Any, actual: Any, path: str) -> Iterator[str]:
    wanted = expected["$set"]
    if not isinstance(actual, list) or len(actual) != len(wanted):
        yield f"{path}: {_shown(actual)} came, a list of {len(wanted)} is expected"
        return
    left = list(actual)
    for each in wanted:
        for index, candidate in enumerate(left):
            if not any(differences(each, candidate)):
                del left[index]
                break
        else:
            yield f"{path}: {_shown(each)} is not in {_shown(actual)}"


def _exactly(expected: Any, actual: Any, path: str) -> Iterator[str]:
    yield from differences(expected["$exactly"], actual, path)
    if isinstance(actual, dict):
        for name, each in actual.items():
            if name not in expected["$exactly"] and each is not None:
                yield f"{path}.{name}: {_shown(each)} came, nothing is expected"


def _time(expected: Any, actual: Any, path: str) -> Iterator[str]:
    wanted = _instant(expected["$time"]) + dt.timedelta(seconds=expected.get("plus", 0))
    tolerance = dt.timedelta(seconds=expected.get("within", _TIME_TOLERANCE_S))
    try:
        came = _instant(actual)
    except (TypeError, ValueError):
        yield f"{path}: {_shown(actual)} came, a time in UTC is expected"
        return
    if abs(came - wanted) > tolerance:
        yield f"{path}: {came} came, {wanted} is expected"


def _instant(text: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(text)
    if instant.utcoffset() != dt.timedelta(0):
        raise ValueError(f"{text} is not in UTC")
    return instant


_OPERATORS: Mapping[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "$any": _any,
    "$absent": _absent,
    "$matches": _matches,
    "$more": _more,
    "$set": _set,
    "$exactly": _exactly,
    "$time": _time,
}


def _operator(expected: Any) -> Callable[[Any, Any, str], Iterator[str]] | None:
    if not isinstance(expected, dict):
        return None
    return next((_OPERATORS[name] for name in expected if name in _OPERATORS), None)


def _has_operators(expected: Any) -> bool:
    return any(f'"{name}":' in _text(expected) for name in _OPERATORS)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}... ({len(text)} characters)"
