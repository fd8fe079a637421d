"""The calls of a client about executions whose ids it need not know."""

from typing import Any

from statekeeper.calls.call import Call, Page
from statekeeper.model import ExecutionState
from statekeeper.requests.execution import ExecutionRef
from statekeeper.state_fields import read_execution
from statekeeper.v1 import list_pb2


def list_call(first: list_pb2.ListRequest, page_token: str = "") -> Call[Any, Page[ExecutionState]]:
    """Makes the call for one page of the executions.

    Args:
        first: The request for the first page.
        page_token: Of the page; empty: the first.
    """
    request = list_pb2.ListRequest()
    request.CopyFrom(first)
    request.page_token = page_token
    partial = bool(first.fields)

    def finish(response: list_pb2.ListResponse) -> Page[ExecutionState]:
        states = tuple(read_execution(each, partial=partial) for each in response.executions)
        return Page(states, response.next_page_token)

    return Call("List", request, ExecutionRef(first.namespace, ""), finish, lambda _error: None)
