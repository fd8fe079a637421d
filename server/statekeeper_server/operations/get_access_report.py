"""GetAccessReport: who has accessed which key of a shared state, and which nobody has."""

from typing import NamedTuple

from statekeeper.v1.shared_state_requests_pb2 import (
    ACCESS_OPERATION_READ,
    ACCESS_OPERATION_WRITE,
    GetAccessReportResponse,
    KeyAccesses,
)
from statekeeper_server.errors import StateNotFoundError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.shared_entries import definition_prefix, read_definition
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import AccessRow
from statekeeper_server.store.reader import Reader


class GetAccessReport(NamedTuple):
    """A checked GetAccessReportRequest."""

    key: ExecutionKey


def get_access_report(
    store: Reader, request: GetAccessReport, now_us: int
) -> GetAccessReportResponse:
    """The report.

    Raises:
        StateNotFoundError: the execution does not exist.
        InvalidRequestError: it has no shared state.
    """
    head = living(store.head(request.key), now_us)
    if head is None:
        raise StateNotFoundError
    entry = store.entry(definition_prefix(head.uid))
    definition = read_definition(None if entry is None else store.value(head.uid, entry))
    response = GetAccessReportResponse()
    accessed: set[str] = set()
    for key, row in store.all_accesses(head.uid):
        accessed.add(key)
        _put_accesses(response.keys.add(key=key), row)
    declared = definition.definition.keys
    response.unused_keys.extend(key for key in declared if key not in accessed)
    return response


def _put_accesses(message: KeyAccesses, row: AccessRow) -> None:
    for access in row.recent:
        shown = message.recent.add(
            member=access.member,
            operation=ACCESS_OPERATION_WRITE if access.wrote else ACCESS_OPERATION_READ,
            revision=access.revision,
        )
        set_time(shown.time, access.time_us)
    for count in row.counts:
        message.counts.add(member=count.member, reads=count.reads, writes=count.writes)
