"""WriteState: write to the shared state of an execution as one of its members."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from statekeeper.v1.history_pb2 import EVENT_KIND_UPDATED
from statekeeper.v1.shared_state_requests_pb2 import WriteStateResponse
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.shared_entries import (
    definition_prefix,
    read_definition,
    value_prefix,
)
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.shared_rules import check_value, divide


class SharedValue(NamedTuple):
    """A value to be written: as schemas see it, and as it is stored."""

    value: Any
    encoded: EncodedEntry


class WriteState(NamedTuple):
    """A checked WriteStateRequest."""

    key: ExecutionKey
    options: WriteOptions
    member: str
    updates: Mapping[str, SharedValue]
    drop: bool
    stored_bytes: int


def write_state(draft: Draft, request: WriteState) -> WriteStateResponse:
    """Write what the member may write, if all of it fits.

    Raises:
        StateNotFoundError: the execution does not exist.
        InvalidRequestError: it has no shared state.
        StateAccessDeniedError: the member may not write a key.
        SchemaViolationError: a value does not fit.
    """
    draft.existing()
    uid, member, updates = draft.uid, request.member, request.updates
    definition = read_definition(draft.value(definition_prefix(uid)))
    allowed, dropped = divide(definition, member, updates, drop=request.drop)
    for key in allowed:
        value, encoded = updates[key]
        check_value(definition, key, value, encoded.value_bytes)
    for key in allowed:
        draft.set(value_prefix(uid, key), updates[key].encoded)
        draft.accesses.append((key, member, True))
    draft.act(EVENT_KIND_UPDATED)
    return WriteStateResponse(dropped=dropped)
