"""Executions as JSON documents, as the commands print them."""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any

from statekeeper import Binary, ExecutionState, Pause, StateFields

_DOCUMENTS = ("input", "context", "member_outputs", "metadata")


def of_state(state: ExecutionState) -> dict[str, Any]:
    """A state; what is absent is left out."""
    facts: dict[str, Any] = {
        "execution_id": state.id,
        "status": str(state.status),
        "revision": state.revision,
        "version": state.version,
        "current_member": state.current_member,
        "schema_version": state.schema_version,
        "labels": state.labels or None,
        "start_time": _time(state.start_time),
        "create_time": _time(state.create_time),
        "update_time": _time(state.update_time),
        "expire_time": _time(state.expire_time),
    }
    for name in _DOCUMENTS:
        facts[name] = of_value(getattr(state, name))
    facts["pauses"] = [of_pause(pause) for pause in state.pauses] or None
    return _present(facts)


def of_changes(changes: StateFields) -> dict[str, Any]:
    """Fields of a state by name, as they were set."""
    return {
        name: _time(value) if isinstance(value, dt.datetime) else of_value(value)
        for name, value in changes.items()
    }


def of_pause(pause: Pause) -> dict[str, Any]:
    """A pause. It has no token: whoever has that can answer."""
    facts: dict[str, Any] = {
        "execution_id": pause.execution_id,
        "pause_id": pause.pause_id,
        "status": str(pause.status),
        "member": pause.member,
        "reason": pause.reason,
        "actor": pause.actor or None,
        "create_time": _time(pause.create_time),
        "expire_time": _time(pause.expire_time),
        "on_expiry": str(pause.on_expiry),
        "data": of_value(pause.data),
        "default_input": of_value(pause.default_input),
    }
    if pause.resumption is not None:
        answer = pause.resumption
        facts["resumption"] = _present(
            {
                "input": of_value(answer.input),
                "actor": answer.actor or None,
                "time": _time(answer.time),
            }
        )
    return _present(facts)


def of_value(value: Any) -> Any:
    """A value as JSON holds it; bytes as base64, in an object that says so."""
    if isinstance(value, bytes):
        told = {"base64": base64.b64encode(value).decode()}
        if isinstance(value, Binary) and value.content_type:
            told["content_type"] = value.content_type
        return told
    if isinstance(value, Mapping):
        return {name: of_value(each) for name, each in value.items()}
    return value


def of_time(time: dt.datetime) -> str:
    """A time as RFC 3339."""
    return time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _time(time: dt.datetime | None) -> str | None:
    return None if time is None else of_time(time)


def _present(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
