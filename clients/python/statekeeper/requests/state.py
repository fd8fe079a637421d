"""Requests of Save, Load, Update and Delete."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from statekeeper.arguments import (
    check_at_most_one,
    checked_name,
    checked_revision,
    checked_texts,
    invalid,
)
from statekeeper.errors import InvalidRequestError
from statekeeper.model import ExecutionState, State
from statekeeper.requests.execution import ExecutionRef, check_id
from statekeeper.requests.write import Write, fill_options
from statekeeper.state_fields import (
    DOCUMENTS,
    TEXTS,
    exact_start_time,
    to_mapping,
    write_fields,
)
from statekeeper.v1 import state_requests_pb2


def save_request(
    execution: ExecutionRef, state: State, write: Write
) -> state_requests_pb2.SaveRequest:
    """Makes the request that saves a whole state.

    A state that was loaded is saved at the revision it was loaded at, unless
    another one is expected.

    Raises:
        InvalidRequestError: A field is missing or of no use, or the state was
            loaded in part.
        SerializationError: A value of a document cannot be sent.
    """
    fields = to_mapping(state)
    request = state_requests_pb2.SaveRequest(key=execution.key())
    if isinstance(state, ExecutionState):
        if state.partial:
            raise invalid(
                "state",
                "was loaded with `fields`: saving it would remove what was not loaded; use update",
            )
        if write.expected_revision is None:
            write = dataclasses.replace(write, expected_revision=state.revision)
    if fields.get("status") is None:
        raise invalid("status", "is required")
    write_fields(request.state, fields)
    if isinstance(state, ExecutionState) and (exact := exact_start_time(state)) is not None:
        request.state.start_time.CopyFrom(exact)
    check_id(execution, request.state.id)
    fill_options(request.options, execution, write)
    return request


def load_request(
    execution: ExecutionRef,
    revision: int | None,
    checkpoint: str | None,
    fields: Iterable[str] | None,
) -> state_requests_pb2.LoadRequest:
    """Makes the request that loads a state.

    Raises:
        InvalidRequestError: The revision, the checkpoint or a field is of no
            use, or both of the former are given.
    """
    request = state_requests_pb2.LoadRequest(key=execution.key())
    check_at_most_one(revision=revision, checkpoint=checkpoint)
    if revision is not None:
        request.revision = checked_revision("revision", revision)
    if checkpoint is not None:
        request.checkpoint = checked_name("checkpoint", checkpoint)
    if fields is not None:
        request.fields.extend(checked_texts("fields", fields))
    return request


def update_request(
    execution: ExecutionRef,
    changes: Mapping[str, Any],
    replace: Iterable[str],
    remove: Iterable[str],
    write: Write,
) -> state_requests_pb2.UpdateRequest:
    """Makes the request that changes some fields.

    None as the new value of a document, of `current_member` or of
    `schema_version` removes it; None as `labels` removes all labels.

    Raises:
        InvalidRequestError: A field is of no use, or can be changed but not
            removed.
        SerializationError: A value of a document cannot be sent.
    """
    request = state_requests_pb2.UpdateRequest(key=execution.key())
    write_fields(request.changes, changes)
    request.replace.extend(checked_texts("replace", replace))
    request.remove.extend(checked_texts("remove", remove))
    for name in [name for name, value in changes.items() if value is None]:
        if name in DOCUMENTS or name in TEXTS:
            request.remove.append(name)
        elif name == "labels":
            request.replace.append(name)
        else:
            raise invalid(name, "cannot be removed")
    check_id(execution, request.changes.id)
    fill_options(request.options, execution, write)
    return request


def delete_request(execution: ExecutionRef, write: Write) -> state_requests_pb2.DeleteRequest:
    """Makes the request that deletes an execution.

    Raises:
        InvalidRequestError: An option is of no use.
    """
    request = state_requests_pb2.DeleteRequest(key=execution.key())
    fill_options(request.options, execution, write, has_ttl=False)
    return request


def merged_changes(
    changes: Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Joins the changes given as a mapping with those given by keyword.

    Raises:
        InvalidRequestError: A field is given in both ways.
    """
    if changes is None:
        return fields
    if not isinstance(changes, Mapping):
        raise invalid("changes", f"must be a mapping, not {type(changes).__name__}")
    twice = sorted(fields.keys() & changes.keys())
    if twice:
        raise InvalidRequestError(
            f"{', '.join(twice)}: given twice, in the mapping and by keyword",
            fields=[(name, "given twice") for name in twice],
        )
    return {**changes, **fields}
