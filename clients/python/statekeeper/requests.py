"""From the arguments of a call to its request; nothing here talks to anyone."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from statekeeper.arguments import checked_revision, checked_text, checked_texts, invalid
from statekeeper.errors import InvalidRequestError
from statekeeper.model import ExecutionState, State
from statekeeper.state_fields import (
    DOCUMENTS,
    TEXTS,
    exact_start_time,
    to_mapping,
    write_fields,
)
from statekeeper.times import Span, to_duration, to_timedelta
from statekeeper.v1 import execution_pb2, state_requests_pb2, write_pb2

NAMESPACE_DEFAULT = "execution-state"
_PAGE_SIZE_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ExecutionRef:
    """Which execution a handle is about, and what it adds to every write.

    Attributes:
        namespace: Its namespace.
        execution_id: Its id.
        ttl: For every write that gives none; None: leave it to the server.
        actor: For every write that gives none; empty: nobody.
    """

    namespace: str
    execution_id: str
    ttl: dt.timedelta | None = None
    actor: str = ""

    @classmethod
    def checked(
        cls, namespace: object, execution_id: object, ttl: Span | None, actor: object
    ) -> "ExecutionRef":
        """Makes one from what a caller gave.

        Raises:
            InvalidRequestError: The id is empty or something is of no use.
        """
        identity = checked_text("execution_id", execution_id)
        if not identity:
            raise invalid("execution_id", "must not be empty")
        return cls(
            checked_text("namespace", namespace) or NAMESPACE_DEFAULT,
            identity,
            None if ttl is None else to_timedelta(ttl, "ttl"),
            checked_text("actor", actor),
        )

    def key(self) -> execution_pb2.ExecutionKey:
        """Gives the key to send."""
        return execution_pb2.ExecutionKey(namespace=self.namespace, execution_id=self.execution_id)


@dataclass(frozen=True, slots=True)
class Write:
    """The options of one write as the caller gave them; None: not given."""

    expected_revision: int | None = None
    ttl: Span | None = None
    request_id: str | None = None
    actor: str | None = None


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
    expected_revision = write.expected_revision
    if isinstance(state, ExecutionState):
        if state.partial:
            raise invalid(
                "state",
                "was loaded with `fields`: saving it would remove what was not loaded; use update",
            )
        if expected_revision is None:
            expected_revision = state.revision
    if fields.get("status") is None:
        raise invalid("status", "is required")
    write_fields(request.state, fields)
    if isinstance(state, ExecutionState) and (exact := exact_start_time(state)) is not None:
        request.state.start_time.CopyFrom(exact)
    _check_id(execution, request.state.id)
    _write_options(request.options, execution, write, expected_revision)
    return request


def load_request(
    execution: ExecutionRef, revision: int | None, fields: Iterable[str] | None
) -> state_requests_pb2.LoadRequest:
    """Makes the request that loads a state.

    Raises:
        InvalidRequestError: The revision or a field is of no use.
    """
    request = state_requests_pb2.LoadRequest(key=execution.key())
    if revision is not None:
        request.revision = checked_revision("revision", revision)
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
    _check_id(execution, request.changes.id)
    _write_options(request.options, execution, write, write.expected_revision)
    return request


def delete_request(execution: ExecutionRef, write: Write) -> state_requests_pb2.DeleteRequest:
    """Makes the request that deletes an execution.

    Raises:
        InvalidRequestError: An option is of no use.
    """
    request = state_requests_pb2.DeleteRequest(key=execution.key())
    _write_options(request.options, execution, write, write.expected_revision, has_ttl=False)
    return request


def list_revisions_request(
    execution: ExecutionRef, page_size: int, page_token: str
) -> state_requests_pb2.ListRevisionsRequest:
    """Makes the request for one page of the changes.

    Raises:
        InvalidRequestError: The page size is of no use.
    """
    if not isinstance(page_size, int) or not 1 <= page_size <= _PAGE_SIZE_MAX:
        raise invalid("page_size", f"must be a number from 1 on, not {page_size!r}")
    return state_requests_pb2.ListRevisionsRequest(
        key=execution.key(), page_size=page_size, page_token=page_token
    )


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


def _write_options(
    options: write_pb2.WriteOptions,
    execution: ExecutionRef,
    write: Write,
    expected_revision: int | None,
    *,
    has_ttl: bool = True,
) -> None:
    if expected_revision is not None:
        options.expected_revision = checked_revision("expected_revision", expected_revision)
    if has_ttl:
        ttl = execution.ttl if write.ttl is None else to_timedelta(write.ttl, "ttl")
        if ttl is not None:
            options.ttl.CopyFrom(to_duration(ttl))
    # Every write can be repeated safely, because it says which one it is.
    if write.request_id is None:
        options.request_id = uuid.uuid4().hex
    else:
        options.request_id = checked_text("request_id", write.request_id)
        if not options.request_id:
            raise invalid("request_id", "must not be empty; leave it out to have one made")
    actor = execution.actor if write.actor is None else checked_text("actor", write.actor)
    if actor:
        options.actor = actor


def _check_id(execution: ExecutionRef, identity: str) -> None:
    if identity and identity != execution.execution_id:
        raise invalid(
            "id", f"{identity!r} is not the execution's, which is {execution.execution_id!r}"
        )
