"""The state in a Save, and the changes in an Update."""

from typing import NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.execution_pb2 import ExecutionState, Status
from statekeeper.v1.value_pb2 import Value
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.documents import DOCUMENT_NAMES, DOCUMENT_NUMBERS
from statekeeper_server.errors import StateTooLargeError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import KEY_BYTES_MAX, LABELS_MAX, StateLimits
from statekeeper_server.requests.fields import check_name, check_text, check_text_or_empty
from statekeeper_server.requests.values import ValueProblemError, check_value, value_bytes
from statekeeper_server.storage.v1.records_pb2 import Attributes

_STATUSES = frozenset(Status.values())
_STATUS_NAMES = ", ".join(name for name, number in Status.items() if number)
_TIMESTAMP_SECONDS = range(-62_135_596_800, 253_402_300_800)  # the years 1 to 9999
_NANOS = range(1_000_000_000)
# What a write adds besides its values: head, log, pages copied.
_OVERHEAD_BYTES = 4096
_SHOWN_CHARACTERS = 64
# No character takes more than four bytes: a key of so few is never too long.
_SHORT_CHARACTERS = KEY_BYTES_MAX // 4


class CheckedState(NamedTuple):
    """A state taken apart into what is stored."""

    attributes: Attributes
    entries: dict[int, dict[str, EncodedEntry]]
    stored_bytes: int


class _Found(NamedTuple):
    document: int
    name: str
    value: Value
    size_bytes: int


def check_state(
    field: str, state: ExecutionState, key: ExecutionKey, limits: StateLimits
) -> CheckedState:
    """Check all of a state; a status that is not set is the caller's business."""
    if state.id and state.id != key.execution_id:
        raise invalid(f"{field}.id", "differs from the key's execution_id")
    attributes = _check_attributes(field, state)
    found = _find_values(field, state, attributes, limits)
    entries: dict[int, dict[str, EncodedEntry]] = {}
    stored_bytes = _OVERHEAD_BYTES
    for document, name, value, size_bytes in found:
        try:
            encoded = check_value(value, size_bytes)
        except ValueProblemError as problem:
            raise problem.at(_path(field, document, name)) from None
        stored_bytes += encoded.stored_bytes
        entries.setdefault(document, {})[name] = encoded
    return CheckedState(attributes, entries, stored_bytes)


def _check_attributes(field: str, state: ExecutionState) -> Attributes:
    if state.status not in _STATUSES:
        raise invalid(f"{field}.status", f"{state.status} is no status; they are {_STATUS_NAMES}")
    attributes = Attributes(status=state.status)
    if state.HasField("current_member"):
        attributes.current_member = check_text(f"{field}.current_member", state.current_member)
    if state.HasField("schema_version"):
        attributes.schema_version = check_text(f"{field}.schema_version", state.schema_version)
    if state.HasField("start_time"):
        attributes.start_time.CopyFrom(_check_time(f"{field}.start_time", state.start_time))
    if state.labels:
        if len(state.labels) > LABELS_MAX:
            raise invalid(f"{field}.labels", f"has {len(state.labels)}, the limit is {LABELS_MAX}")
        for name, text in state.labels.items():
            check_text(f"{field}.labels[{quote(name)}]", name, KEY_BYTES_MAX)
            check_text_or_empty(f"{field}.labels[{quote(name)}]", text)
        attributes.labels.update(state.labels)
    return attributes


def _check_time(field: str, time: Timestamp) -> Timestamp:
    if time.seconds not in _TIMESTAMP_SECONDS or time.nanos not in _NANOS:
        raise invalid(field, "is not a time between the years 1 and 9999")
    return time


def _find_values(
    field: str, state: ExecutionState, attributes: Attributes, limits: StateLimits
) -> list[_Found]:
    """All values with their sizes, once it is known that together they are not too large."""
    found: list[_Found] = []
    total_bytes = 0
    for document_name, document in DOCUMENT_NUMBERS.items():
        if not state.HasField(document_name):
            continue
        attributes.documents.append(document)
        entries = getattr(state, document_name).entries
        if len(entries) > limits.entries_max:
            raise invalid(
                f"{field}.{document_name}",
                f"has {len(entries)} entries, the limit is {limits.entries_max}",
            )
        for name, value in entries.items():
            if not (0 < len(name) <= _SHORT_CHARACTERS and name.isprintable()):
                check_name(_path(field, document, name), name)
            size_bytes = value_bytes(value)
            total_bytes += size_bytes
            found.append(_Found(document, name, value, size_bytes))
    if total_bytes > limits.state_bytes_max:
        raise StateTooLargeError(total_bytes, limits.state_bytes_max)
    return found


def _path(field: str, document: int, name: str) -> str:
    return f"{field}.{DOCUMENT_NAMES[document]}[{quote(name)}]"


def quote(name: str) -> str:
    """A key as it stands in an error: short, and without what would break a line."""
    shown = name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "..."
    return f'"{shown}"' if shown.isprintable() else ascii(shown)
