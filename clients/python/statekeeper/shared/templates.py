"""Initial values with `${input.path}` in them.

A text that is one template keeps the value's type; in a longer text the value stands as
text. Paths are names and numbers of list items, joined by dots; they are looked up and
never evaluated. `$${` stands for `${`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from statekeeper.arguments import invalid

_TEMPLATE = re.compile(r"\$(\$\{)|\$\{([^}]*)\}")
_WHOLE = re.compile(r"\$\{([^}]*)\}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ROOT = "input"


def check_templates(name: str, value: Any) -> None:
    """Refuses templates of anything but the input.

    Raises:
        InvalidRequestError: names where it stands.
    """
    for at, text in _texts(name, value):
        for match in _TEMPLATE.finditer(text):
            if match[1] is None:
                _steps(at, match[2])


def fill(name: str, value: Any, given: Any) -> Any:
    """Puts the input into a value.

    Args:
        name: What errors call the value: `initial.userId`.
        value: A value with templates.
        given: The input.

    Raises:
        InvalidRequestError: A path leads to nothing; names it.
    """
    if isinstance(value, str):
        return _fill_text(name, value, given)
    if isinstance(value, Mapping):
        return {key: fill(f"{name}.{key}", item, given) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(f"{name}[{number}]", item, given) for number, item in enumerate(value)]
    return value


def _fill_text(name: str, text: str, given: Any) -> Any:
    whole = _WHOLE.fullmatch(text)
    if whole is not None:
        return _look_up(name, whole[1], given)

    def replaced(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        value = _look_up(name, match[2], given)
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    return _TEMPLATE.sub(replaced, text)


def _look_up(name: str, path: str, given: Any) -> Any:
    value = given
    for step in _steps(name, path):
        if isinstance(value, Mapping):
            if step not in value:
                _refuse_path(name, path, step)
            value = value[step]
        elif isinstance(value, list | tuple) and _NUMBER.fullmatch(step):
            if int(step) >= len(value):
                _refuse_path(name, path, step)
            value = value[int(step)]
        else:
            _refuse_path(name, path, step)
    return value


def _steps(name: str, path: str) -> list[str]:
    root, *steps = path.strip().replace("[", ".").replace("]", "").split(".")
    if root != _ROOT or not all(steps):
        raise invalid(name, f"${{{path}}} must be ${{input}} or ${{input.<path>}}")
    return steps


def _refuse_path(name: str, path: str, step: str) -> NoReturn:
    raise invalid(name, f"${{{path}}} leads to nothing: the input has no {step!r} there")


def _texts(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(name, value)]
    if isinstance(value, Mapping):
        return [each for key, item in value.items() for each in _texts(f"{name}.{key}", item)]
    if isinstance(value, list | tuple):
        items = enumerate(value)
        return [each for number, item in items for each in _texts(f"{name}[{number}]", item)]
    return []
