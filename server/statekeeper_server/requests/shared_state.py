"""What makes the requests of the service SharedState valid."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from statekeeper.v1.shared_state_requests_pb2 import (
    UNDECLARED_ACTION_DROP,
    DefineStateRequest,
    GetAccessReportRequest,
    ReadStateRequest,
    UndeclaredAction,
    WriteStateRequest,
)
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper_server.codec import EncodedEntry, encode
from statekeeper_server.errors import StateTooLargeError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import OVERHEAD_BYTES, StateLimits
from statekeeper_server.operations.define_state import DefineState
from statekeeper_server.operations.get_access_report import GetAccessReport
from statekeeper_server.operations.read_state import ReadState
from statekeeper_server.operations.write_state import SharedValue, WriteState
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.fields import (
    check_key,
    check_name,
    check_options,
    check_text,
    quote,
    refuse_options,
)
from statekeeper_server.requests.values import ValueProblemError, check_value
from statekeeper_server.shared_rules import define, initial_values

_SCHEMA_BYTES_MAX = 64 * 1024
_ACTIONS = frozenset(UndeclaredAction.values())


def check_define_state(request: DefineStateRequest, limits: StateLimits) -> DefineState:
    """Check a DefineStateRequest."""
    key = check_key(request.key)
    return take_define_state(request, key, check_options(request, key), limits)


def take_define_state(
    request: DefineStateRequest, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> DefineState:
    """Check what is particular to it."""
    definition = define(
        _schemas(request),
        {name: value for name, (value, _) in _values("initial", request.initial, limits)},
        {
            name: {"use": list(access.use), "set": list(access.set)}
            for name, access in request.members.items()
        },
    )
    given = {name: value for name, (value, _) in _values("input", request.input, limits)}
    values = initial_values(definition, given)
    initial = {name: _encoded(_text(name, value)) for name, value in values.items()}
    value_bytes = sum(entry.value_bytes for entry in initial.values())
    if value_bytes > limits.state_bytes_max:
        raise StateTooLargeError(value_bytes, limits.state_bytes_max)
    text = _encoded(definition.definition.to_json())
    stored = (text, *initial.values())
    stored_bytes = OVERHEAD_BYTES + sum(entry.stored_bytes for entry in stored)
    return DefineState(key, options, definition, text, initial, stored_bytes)


def check_write_state(request: WriteStateRequest, limits: StateLimits) -> WriteState:
    """Check a WriteStateRequest."""
    key = check_key(request.key)
    return take_write_state(request, key, check_options(request, key), limits)


def take_write_state(
    request: WriteStateRequest, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> WriteState:
    """Check what is particular to it."""
    member = check_text("member", request.member)
    if request.on_undeclared not in _ACTIONS:
        raise invalid("on_undeclared", f"{request.on_undeclared} is no action")
    updates = dict(_values("updates", request.updates, limits))
    stored_bytes = sum(value.encoded.stored_bytes for value in updates.values())
    drop = request.on_undeclared == UNDECLARED_ACTION_DROP
    return WriteState(key, options, member, updates, drop, OVERHEAD_BYTES + stored_bytes)


def check_read_state(request: ReadStateRequest) -> ReadState:
    """Check a ReadStateRequest."""
    key = check_key(request.key)
    refuse_options(request, "a read", "expected_revision", "ttl", "fencing_token", "actor")
    options = check_options(request, key)
    return ReadState(key, options, check_text("member", request.member), OVERHEAD_BYTES)


def check_get_access_report(request: GetAccessReportRequest) -> GetAccessReport:
    """Check a GetAccessReportRequest."""
    return GetAccessReport(check_key(request.key))


def _schemas(request: DefineStateRequest) -> dict[str, Any]:
    if sum(len(text) for text in request.schema.values()) > _SCHEMA_BYTES_MAX:
        raise invalid("schema", f"is too large, the limit is {_SCHEMA_BYTES_MAX} bytes")
    schemas: dict[str, Any] = {}
    for name, text in request.schema.items():
        try:
            schemas[name] = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise invalid(f"schema.{name}", f"is not JSON: {error}") from None
    return schemas


def _values(
    field: str, document: Document, limits: StateLimits
) -> Iterator[tuple[str, SharedValue]]:
    entries = document.entries
    if len(entries) > limits.entries_max:
        raise invalid(field, f"has {len(entries)} entries, the limit is {limits.entries_max}")
    value_bytes = 0
    for name in entries:
        path = f"{field}[{quote(name)}]"
        check_name(path, name)
        try:
            encoded = check_value(entries[name])
        except ValueProblemError as problem:
            raise problem.at(path) from None
        if entries[name].WhichOneof("kind") != "json":
            raise invalid(path, "is binary, and a shared state is JSON")
        value_bytes += encoded.value_bytes
        if value_bytes > limits.state_bytes_max:
            raise StateTooLargeError(value_bytes, limits.state_bytes_max)
        yield name, SharedValue(_decoded(entries[name].json), encoded)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        # A number beyond a float's range.
        return json.loads(text)


def _text(name: str, value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        raise invalid(f"initial.{name}", f"cannot be written as JSON: {error}") from None


def _encoded(text: str) -> EncodedEntry:
    return encode(Value(json=text).SerializeToString(), len(text.encode()))
