"""Whether the rows of a shard agree with each other: for a shard that nobody writes to.

Every row is read. What is wrong is told in sentences for people, a few of each kind.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from zlib import crc32

from google.protobuf.message import DecodeError

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.storage.v1.records_pb2 import AccessRow, Head, LockRow
from statekeeper_server.store.index import index_rows
from statekeeper_server.store.soundness.execution import ExecutionSoundness
from statekeeper_server.store.soundness.log import LogSoundness
from statekeeper_server.store.soundness.rows import rows, unreadable
from statekeeper_server.store.soundness.strays import rows_of_nobody, tokens_and_requests

_INDEXES = (Table.BY_STATUS, Table.BY_LABEL)


class Placement(NamedTuple):
    """Which executions a shard has: those whose hash leaves its number."""

    shard: int
    shards: int

    def has(self, key: ExecutionKey) -> bool:
        """Whether an execution belongs there."""
        return crc32(key.row) % self.shards == self.shard


def problems(txn: ReadTransaction, placement: Placement, read: Callable[[], None]) -> Iterator[str]:
    """What is wrong with a shard, problem by problem.

    Args:
        txn: a snapshot of it.
        placement: which shard it is.
        read: called for each execution and each event that was read.
    """
    log = LogSoundness(txn)
    yield from log.problems(read)
    uids: dict[int, None] = {}
    index_rows_count = expiries_count = 0
    for row, raw in rows(txn, Table.HEADS):
        read()
        try:
            head = Head.FromString(raw)
            key = ExecutionKey.of_row(row)
        except (DecodeError, ValueError):
            yield f"the head of {row!r} cannot be read"
            continue
        name = f"{key.namespace}/{key.execution_id}"
        if head.uid in uids:
            yield f"{name}: another execution has its uid {head.uid}"
        uids[head.uid] = None
        if not placement.has(key):
            yield f"{name}: it belongs into another shard"
        yield from (
            f"{name}: {problem}" for problem in ExecutionSoundness(txn, key, head).problems(log)
        )
        expiries_count += head.sweep_time_us > 0
        indexed = index_rows(key, head.execution.state)
        index_rows_count += len(indexed)
        if any(txn.get(table, index_row) is None for table, index_row in indexed):
            yield f"{name}: it is not found by its status or a label"
    found = sum(txn.count(table) for table in _INDEXES)
    if found != index_rows_count:
        yield f"executions are found by {found} statuses and labels, they have {index_rows_count}"
    if txn.count(Table.EXPIRIES) != expiries_count:
        yield f"{txn.count(Table.EXPIRIES)} executions are looked at in time, not {expiries_count}"
    yield from rows_of_nobody(txn, uids)
    yield from tokens_and_requests(txn, uids)
    yield from unreadable(txn, Table.LOCKS, LockRow)
    yield from unreadable(txn, Table.ACCESSES, AccessRow)
