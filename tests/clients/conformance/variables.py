"""What scenarios keep and put in: `bind: {token: $.token}`, then `${token}`."""

import re
from collections.abc import Mapping
from typing import Any

# A name with a dot is none of ours: `${input.amount}` is a template of shared state.
_REFERENCE = re.compile(r"\$\{([a-z_][a-z0-9_]*)\}")
_PART = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


def filled(given: Any, variables: Mapping[str, Any]) -> Any:
    """Puts variables in, and makes what is only described.

    A text that is one reference becomes the value, whatever its type; in longer texts the
    value stands as text. `{$text: "ab", times: 3}` becomes `"ababab"`, and `{$nested: 3}`
    `[[[]]]`.

    Raises:
        KeyError: There is no such variable.
    """
    if isinstance(given, str):
        return _filled_text(given, variables)
    if isinstance(given, list):
        return [filled(each, variables) for each in given]
    if not isinstance(given, dict):
        return given
    if "$text" in given:
        return given["$text"] * given["times"]
    if "$nested" in given:
        return _nested(given["$nested"])
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


def _nested(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels - 1):
        made = [made]
    return made
