"""By what executions are found: a row for the status and one for each label.

A write that changes neither leaves these rows alone, so it pays nothing for them.
"""

from collections.abc import Iterator

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper_server.engine import Table
from statekeeper_server.keys import ExecutionKey, label_prefix, status_prefix

IndexRow = tuple[Table, bytes]
"""A row, which has nothing but a key."""

INDEXED = frozenset(("status", "labels"))
"""The fields of a state that have rows."""


def index_rows(key: ExecutionKey, state: ExecutionState) -> frozenset[IndexRow]:
    """The rows of an execution whose state is this one."""
    return frozenset(_rows(key, state))


def status_row(key: ExecutionKey, status: int) -> IndexRow:
    """The row of an execution that has this status."""
    return Table.BY_STATUS, status_prefix(key.namespace, status) + key.id_bytes


def _rows(key: ExecutionKey, state: ExecutionState) -> Iterator[IndexRow]:
    yield status_row(key, state.status)
    namespace, execution_id = key.namespace, key.id_bytes
    for name, text in state.labels.items():
        yield Table.BY_LABEL, label_prefix(namespace, name, text) + execution_id
