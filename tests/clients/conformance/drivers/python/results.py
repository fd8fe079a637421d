"""What the client gives, as the runner reads it."""

import base64
import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from statekeeper import Binary


def plain(given: Any) -> Any:
    """Anything that the client gives: its attributes by their names, all the way down."""
    if isinstance(given, bytes):
        return _raw(given)
    if isinstance(given, dt.datetime):
        return given.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return _fields(given)
    if isinstance(given, Mapping):
        return {key: plain(each) for key, each in given.items()}
    if isinstance(given, list | tuple):
        return [plain(each) for each in given]
    return given


def _fields(given: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(given) if not field.name.startswith("_")]
    return {name: plain(getattr(given, name)) for name in names}


def _raw(given: bytes) -> dict[str, str]:
    told = {"$bytes": base64.b64encode(given).decode()}
    if isinstance(given, Binary) and given.content_type:
        told["content_type"] = given.content_type
    return told
