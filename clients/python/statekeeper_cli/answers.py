"""The answer to a pause, as it is given on the command line."""

import json
import sys
from typing import Any, NoReturn

import click

STDIN = "-"


def read_answer(text: str | None) -> dict[str, Any] | None:
    """The answer, from an argument or from standard input; None: none was given.

    Raises:
        click.BadParameter: It is not a JSON object.
    """
    if text == STDIN:
        text = _stdin()
    if text is None:
        return None
    try:
        answer = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        _fail(f"it is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _fail("it nests too deeply")
    except ValueError as error:
        _fail(str(error))
    if not isinstance(answer, dict):
        _fail("it must be a JSON object, as in '{\"approved\": true}'")
    return answer


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        _fail("what stands on standard input is not UTF-8")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    answer = dict(pairs)
    if len(answer) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return answer


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _fail(problem: str) -> NoReturn:
    raise click.BadParameter(problem, param_hint="INPUT")
