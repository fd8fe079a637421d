"""What scenarios keep and put in: `bind: {token: $.token}`, then `${token}`."""

import base64
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

# A name with a dot is none of ours: `${input.amount}` is a template of shared state.
_REFERENCE = re.compile(r"\$\{([a-z_][a-z0-9_]*)\}")
_PART = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


def filled(given: Any, variables: Mapping[str, Any]) -> Any:
    """Puts variables in, and makes what is only described.

    A text that is one reference becomes the value, whatever its type; in longer texts the
    value stands as text. `{$text: "ab", times: 3}` becomes `"ababab"`, `{$letters: 3}` a text
    that cannot be compressed, `{$nested: 3}` `[[[]]]`, and `{$each: x, times: 3}` a list of
    three, each with its `index`.

    Raises:
        KeyError: There is no such variable.
    """
    if isinstance(given, str):
        return _filled_text(given, variables)
    if isinstance(given, list):
        return [filled(each, variables) for each in given]
    if not isinstance(given, dict):
        return given
    for name, make in _MADE.items():
        if name in given:
            return make(given, variables)
    return {_filled_text(key, variables): filled(each, variables) for key, each in given.items()}


def found(path: str, value: Any) -> Any:
    """What stands at a path: `$.pauses[0].pause_id`.

    Raises:
        ValueError: It is no path, or nothing stands there.
    """
    rest = path.removeprefix("$")
    place = value
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f"{path} is no path")
        name, index = part.groups()
        try:
            place = place[name] if index is None else place[int(index)]
        except (KeyError, IndexError, TypeError):
            raise ValueError(f"there is no {path} in {value}") from None
        rest = rest[part.end() :]
    return place


def _filled_text(text: str, variables: Mapping[str, Any]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole is not None:
        return variables[whole[1]]
    return _REFERENCE.sub(lambda reference: str(variables[reference[1]]), text)


def _text(given: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    text: str = given["$text"] * given["times"]
    return text


def _letters(given: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    # The same in every place, so that it can be compared.
    size = given["$letters"]
    return base64.b64encode(random.Random(size).randbytes(size)).decode()[:size]  # noqa: S311 - no secret


def _nested(given: Mapping[str, Any], _: Mapping[str, Any]) -> list[Any]:
    made: list[Any] = []
    for _level in range(given["$nested"] - 1):
        made = [made]
    return made


def _each(given: Mapping[str, Any], variables: Mapping[str, Any]) -> list[Any]:
    return [filled(given["$each"], {**variables, "index": i}) for i in range(given["times"])]


_MADE: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]] = {
    "$text": _text,
    "$letters": _letters,
    "$nested": _nested,
    "$each": _each,
}
