"""Lists of executions, page by page."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, Execution, ExecutionState
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import DEADLINE_S, RawClient, key_of


def put(
    raw: RawClient,
    execution_id: str,
    namespace: str = "",
    status: Any = STATUS_RUNNING,
    options: WriteOptions | None = None,
    **labels: Any,
) -> int:
    """Save an execution; its revision."""
    request = SaveRequest(
        key=key_of(execution_id, namespace),
        state=ExecutionState(status=status, labels=labels),
        options=options,
    )
    return int(raw.stub.Save(request, timeout=DEADLINE_S).result.revision)


def pages(raw: RawClient, namespace: str = "", **query: Any) -> Iterator[list[Execution]]:
    """The pages of a list, each asked for when it is needed."""
    request = ListRequest(namespace=namespace, **query)
    while True:
        response = raw.stub.List(request, timeout=DEADLINE_S)
        yield list(response.executions)
        if not response.next_page_token:
            return
        request.page_token = response.next_page_token


def listed(raw: RawClient, namespace: str = "", **query: Any) -> list[str]:
    """The ids in a list."""
    return ids(each for page in pages(raw, namespace, **query) for each in page)


def ids(executions: Iterable[Execution]) -> list[str]:
    """Their ids."""
    return [each.key.execution_id for each in executions]


def moment(at_us: int) -> Timestamp:
    """A time."""
    time = Timestamp()
    time.FromMicroseconds(at_us)
    return time
