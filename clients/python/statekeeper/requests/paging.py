"""Requests of lists, which are answered page by page."""

import datetime as dt
from collections.abc import Iterable, Mapping

from statekeeper.arguments import checked_text, checked_texts, invalid
from statekeeper.requests.execution import ExecutionRef
from statekeeper.state_fields import checked_labels, status_number
from statekeeper.times import to_timestamp
from statekeeper.v1 import checkpoint_pb2, list_pb2, pause_requests_pb2, state_requests_pb2

_PAGE_SIZE_MAX = 2**31 - 1


def list_revisions_request(
    execution: ExecutionRef, page_size: int, page_token: str
) -> state_requests_pb2.ListRevisionsRequest:
    """Makes the request for one page of the changes.

    Raises:
        InvalidRequestError: The page size is of no use.
    """
    return state_requests_pb2.ListRevisionsRequest(
        key=execution.key(), page_size=_checked_page_size(page_size), page_token=page_token
    )


def list_request(
    *,
    namespace: str,
    status: str | Iterable[str] | None,
    labels: Mapping[str, str] | None,
    id_prefix: str,
    updated_after: dt.datetime | None,
    fields: Iterable[str] | None,
    page_size: int,
) -> list_pb2.ListRequest:
    """Makes the request for the first page of the executions.

    Raises:
        InvalidRequestError: An argument is of no use.
    """
    request = list_pb2.ListRequest(
        namespace=namespace,
        id_prefix=checked_text("id_prefix", id_prefix),
        page_size=_checked_page_size(page_size),
    )
    if status is not None:
        statuses = [status] if isinstance(status, str) else status
        request.statuses.extend(status_number("status", each) for each in statuses)
    if labels is not None:
        request.labels.update(checked_labels("labels", labels))
    if updated_after is not None:
        request.updated_after.CopyFrom(to_timestamp(updated_after, "updated_after"))
    if fields is not None:
        request.fields.extend(checked_texts("fields", fields))
    return request


def list_pauses_request(
    namespace: str, page_size: int, page_token: str
) -> pause_requests_pb2.ListPausesRequest:
    """Makes the request for one page of the pauses that wait.

    Raises:
        InvalidRequestError: The page size is of no use.
    """
    return pause_requests_pb2.ListPausesRequest(
        namespace=namespace, page_size=_checked_page_size(page_size), page_token=page_token
    )


def list_checkpoints_request(
    execution: ExecutionRef, page_token: str, *, include_state: bool
) -> checkpoint_pb2.ListCheckpointsRequest:
    """Makes the request for one page of the checkpoints."""
    return checkpoint_pb2.ListCheckpointsRequest(
        key=execution.key(), include_state=bool(include_state), page_token=page_token
    )


def _checked_page_size(page_size: object) -> int:
    if not isinstance(page_size, int) or not 1 <= page_size <= _PAGE_SIZE_MAX:
        raise invalid("page_size", f"must be a number from 1 on, not {page_size!r}")
    return page_size
