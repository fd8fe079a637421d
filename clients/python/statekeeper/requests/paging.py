"""Requests of lists, which are answered page by page."""

from statekeeper.arguments import invalid
from statekeeper.requests.execution import ExecutionRef
from statekeeper.v1 import checkpoint_pb2, pause_requests_pb2, state_requests_pb2

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
