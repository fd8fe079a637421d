"""DefineState: define the shared state of an execution, or define it anew."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from statekeeper.v1.execution_pb2 import STATUS_RUNNING
from statekeeper.v1.history_pb2 import EVENT_KIND_UPDATED
from statekeeper.v1.shared_state_requests_pb2 import DefineStateResponse
from statekeeper.v1.value_pb2 import Value
from statekeeper_server.codec import EncodedEntry, decoded
from statekeeper_server.documents import SHARED_VALUES
from statekeeper_server.keys import ExecutionKey, document_of, document_prefix, read_entry_prefix
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.shared_entries import definition_prefix, value_prefix
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.shared_rules import WORK_MAX, CompiledDefinition


class DefineState(NamedTuple):
    """A checked DefineStateRequest."""

    key: ExecutionKey
    options: WriteOptions
    definition: CompiledDefinition
    text: EncodedEntry
    """The definition as it is stored."""
    initial: Mapping[str, EncodedEntry]
    stored_bytes: int


def define_state(draft: Draft, request: DefineState) -> DefineStateResponse:
    """Define it; what is there and does not fit is told, and stays."""
    if draft.state is None:
        state = draft.edit_state()
        state.id = request.key.execution_id
        state.status = STATUS_RUNNING
        set_time(state.start_time, draft.now_us)
        draft.put_state(state)
    response = DefineStateResponse()
    present: set[str] = set()
    work_left = WORK_MAX
    for key, raw in _values(draft):
        present.add(key)
        size_bytes = len(raw)
        work_left -= size_bytes * request.definition.definition.weight
        _tell_misfit(response, request.definition, key, raw, checked=work_left > 0)
    for key, value in request.initial.items():
        if key not in present:
            draft.set(value_prefix(draft.uid, key), value)
    prefix = definition_prefix(draft.uid)
    draft.set(prefix, request.text)
    entry = draft.entry(prefix)
    versions = 0 if entry is None else entry.version.ordinal
    response.definition_version = versions + (prefix in draft.entries)
    draft.act(EVENT_KIND_UPDATED)
    return response


def _values(draft: Draft) -> Iterator[tuple[str, bytes]]:
    """The values of the shared state as they are now: the key, and the JSON text."""
    store, uid = draft.store, draft.uid
    for prefix, change in draft.entries.items():
        if document_of(prefix) == SHARED_VALUES and change.value is not None:
            yield _named(prefix, decoded(change.value))
    if draft.old is None:
        return
    for entry in store.entries(document_prefix(uid, SHARED_VALUES)):
        if entry.prefix not in draft.entries and not entry.removed:
            yield _named(entry.prefix, store.value(uid, entry) or b"")


def _named(prefix: bytes, value: bytes) -> tuple[str, bytes]:
    return read_entry_prefix(prefix)[1], Value.FromString(value).json.encode()


def _tell_misfit(
    response: DefineStateResponse,
    definition: CompiledDefinition,
    key: str,
    raw: bytes,
    *,
    checked: bool,
) -> None:
    if checked or key not in definition.definition.keys:
        violation = definition.misfit(key, msgspec.json.decode(raw), len(raw))
        if violation is not None:
            path, rule, problem = violation
            response.misfits.add(key=key, path=path, rule=rule, problem=problem)
    else:
        problem = "there is too much to be checked at once: read it and write it again"
        response.misfits.add(key=key, rule="size", problem=problem)
