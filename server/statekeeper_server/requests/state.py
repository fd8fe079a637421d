"""The state in a Save, and the changes in an Update."""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import ExecutionState, Status
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.documents import DOCUMENT_NAMES, DOCUMENT_NUMBERS
from statekeeper_server.errors import StateTooLargeError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import KEY_BYTES_MAX, LABELS_MAX, OVERHEAD_BYTES, StateLimits
from statekeeper_server.requests.fields import (
    check_name,
    check_text,
    check_text_or_empty,
    check_time,
    quote,
)
from statekeeper_server.requests.values import ValueProblemError, check_value, value_bytes

_STATUSES = frozenset(Status.values())
_STATUS_NAMES = ", ".join(name for name, number in Status.items() if number)
# No character takes more than four bytes: a key of so few is never too long.
_SHORT_CHARACTERS = KEY_BYTES_MAX // 4


class Values(NamedTuple):
    """The values of a state, encoded, and what a write of them adds."""

    entries: dict[int, dict[str, EncodedEntry]]
    """By document and entry; a document that is set is there, though it may be empty."""
    stored_bytes: int


def take_values(
    field: str, state: ExecutionState, key: ExecutionKey, limits: StateLimits
) -> Values:
    """Check all of a state, and take its values out of it: what is left goes into the head.

    A status that is not set is the caller's business.
    """
    if state.id and state.id != key.execution_id:
        raise invalid(f"{field}.id", "differs from the key's execution_id")
    state.id = key.execution_id
    _check_attributes(field, state)
    values = _check_values(field, state, limits)
    for document in values.entries:
        getattr(state, DOCUMENT_NAMES[document]).entries.clear()
    # Nobody has checked what this version of the contract does not know.
    state.DiscardUnknownFields()
    return values


def _check_attributes(field: str, state: ExecutionState) -> None:
    if state.status not in _STATUSES:
        raise invalid(f"{field}.status", f"{state.status} is no status; they are {_STATUS_NAMES}")
    if state.HasField("current_member"):
        check_text(f"{field}.current_member", state.current_member)
    if state.HasField("schema_version"):
        check_text(f"{field}.schema_version", state.schema_version)
    if state.HasField("start_time"):
        check_time(f"{field}.start_time", state.start_time)
    labels = state.labels
    if labels:
        if len(labels) > LABELS_MAX:
            raise invalid(f"{field}.labels", f"has {len(labels)}, the limit is {LABELS_MAX}")
        for name, text in labels.items():
            check_text(f"{field}.labels[{quote(name)}]", name, KEY_BYTES_MAX)
            check_text_or_empty(f"{field}.labels[{quote(name)}]", text)


def _check_values(field: str, state: ExecutionState, limits: StateLimits) -> Values:
    checked: dict[int, dict[str, EncodedEntry]] = {}
    value_bytes, stored_bytes = 0, OVERHEAD_BYTES
    for document, document_name in DOCUMENT_NAMES.items():
        if not state.HasField(document_name):
            continue
        values = getattr(state, document_name).entries
        if len(values) > limits.entries_max:
            raise invalid(
                f"{field}.{document_name}",
                f"has {len(values)} entries, the limit is {limits.entries_max}",
            )
        encoded = checked[document] = {}
        for name in values:
            if not (0 < len(name) <= _SHORT_CHARACTERS and name.isprintable()):
                check_name(_path(field, document_name, name), name)
            try:
                entry = encoded[name] = check_value(values[name])
            except ValueProblemError as problem:
                raise problem.at(_path(field, document_name, name)) from None
            value_bytes += entry.value_bytes
            stored_bytes += entry.stored_bytes
            if value_bytes > limits.state_bytes_max:
                raise StateTooLargeError(_count_bytes(state), limits.state_bytes_max)
    return Values(checked, stored_bytes)


def _count_bytes(state: ExecutionState) -> int:
    documents = [getattr(state, name) for name in DOCUMENT_NUMBERS]
    return sum(value_bytes(value) for document in documents for value in document.entries.values())


def _path(field: str, document_name: str, name: str) -> str:
    return f"{field}.{document_name}[{quote(name)}]"
