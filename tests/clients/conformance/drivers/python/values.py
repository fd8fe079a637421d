"""What commands hold, as the client takes it."""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any

from statekeeper import Binary

from .errors import Unsupported

_NOT_JSON = {"nan": float("nan"), "infinity": float("inf"), "function": len}
_DOCUMENTS = ("input", "context", "member_outputs", "metadata")


def value(given: Any) -> Any:
    """A value of a document."""
    if isinstance(given, list):
        return [value(each) for each in given]
    if not isinstance(given, dict):
        return given
    if "$bytes" in given:
        raw = base64.b64decode(given["$bytes"])
        kind = given.get("content_type")
        return Binary(raw, content_type=kind) if kind else raw
    if "$not_json" in given:
        if given["$not_json"] not in _NOT_JSON:
            raise Unsupported(f"Python has no {given['$not_json']}")
        return _NOT_JSON[given["$not_json"]]
    return document(given)


def document(given: Any) -> Any:
    """A document, or what somebody gives in its place."""
    if not isinstance(given, Mapping):
        return given
    return {key: value(each) for key, each in given.items()}


def fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a state."""
    made = dict(given)
    for name in _DOCUMENTS:
        if name in made:
            made[name] = document(made[name])
    if made.get("start_time") is not None:
        made["start_time"] = instant(made["start_time"])
    return made


def instant(text: str) -> dt.datetime:
    """A time."""
    return dt.datetime.fromisoformat(text)


def options(command: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Those of these options that a command has."""
    return {name: command[name] for name in names if name in command}


def write_options(command: Mapping[str, Any]) -> dict[str, Any]:
    """What says how to write."""
    return options(command, "expected_revision", "ttl", "request_id", "actor")
