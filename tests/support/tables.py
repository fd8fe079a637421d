"""What is in the tables of a server in this process."""

import time
from collections.abc import Callable, Iterator

from statekeeper.testing import TestServer
from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.store.soundness import Placement, problems

_DEADLINE_S = 30.0
# What is kept though its execution has gone.
LASTING = frozenset((Table.LOG, Table.REQUESTS, Table.META))


def rows(server: TestServer, table: Table) -> list[tuple[bytes, bytes]]:
    """All rows of a table, of all shards."""
    assert server._server is not None
    found: list[tuple[bytes, bytes]] = []
    for shard in server._server._shards:
        txn = shard._engine.read()
        try:
            found += _rows(txn, table)
        finally:
            txn.abort()
    return found


def counts(server: TestServer) -> dict[str, int]:
    """How many rows each table has, but for those that last."""
    return {table.name: len(rows(server, table)) for table in Table if table not in LASTING}


def stored_bytes(server: TestServer, *tables: Table) -> int:
    """What the rows of some tables take."""
    return sum(len(key) + len(value) for table in tables for key, value in rows(server, table))


def check_sound(server: TestServer) -> None:
    """See that all rows of each shard agree with each other."""
    assert server._server is not None
    shards = list(server._server._shards)
    for number, shard in enumerate(shards):
        txn = shard._engine.read()
        try:
            assert list(problems(txn, Placement(number, len(shards)), lambda: None)) == []
        finally:
            txn.abort()


def wait_until(fact: Callable[[], bool]) -> None:
    """Look again and again, for what happens by itself in the background."""
    deadline = time.monotonic() + _DEADLINE_S
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"


def _rows(txn: ReadTransaction, table: Table) -> Iterator[tuple[bytes, bytes]]:
    cursor = txn.cursor(table)
    row = cursor.seek(b"\0")
    while row is not None:
        yield row
        row = cursor.next()
