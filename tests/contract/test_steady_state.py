"""What a server takes levels off: days of constant updates, in minutes."""

from typing import NamedTuple

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper_server.engine import Table
from statekeeper_server.engine.journaled import JournaledEngine
from tests.support.operations import save
from tests.support.raw import RawClient
from tests.support.tables import rows

EXECUTIONS = 1_000
ROUNDS_A_DAY = 48
DAY_S = 24 * 3600
# The most that the file has behind its last page, which is for what waits in two journals: for
# either 16 MiB of rows and 16,384 pages, twice; and the journals themselves.
ROOM_BYTES_MAX = 512 * 1024 * 1024


class Sizes(NamedTuple):
    """What a server takes.

    Attributes:
        used_bytes: in pages that are in use.
        paged_bytes: in all pages up to the last one, free ones between them as well.
        file_bytes: with what is reserved behind the last page.
    """

    used_bytes: int
    paged_bytes: int
    file_bytes: int
    events: int
    requests: int
    versions: int


def one_day(server: TestServer, raw: RawClient, day: int) -> Sizes:
    """Let a day pass in which each execution is saved every half hour; what there is then."""
    for number in range(ROUNDS_A_DAY):
        value = f'"{f"{day}-{number} ".ljust(512, "x")}"'
        operations = [
            save(f"exec_{n}", tag=n, request_id=f"{day}-{number}-{n}", a=value)
            for n in range(EXECUTIONS)
        ]
        results = raw.stub.Batch(BatchRequest(operations=operations)).results
        assert all(result.HasField("save") for result in results)
        server.clock.advance(DAY_S / ROUNDS_A_DAY)
    return sizes(server)


def sizes(server: TestServer) -> Sizes:
    """What there is."""
    assert server._server is not None
    (shard,) = server._server._shards
    engine = shard._engine
    assert isinstance(engine, JournaledEngine)
    usage = engine.usage()
    counts = [len(rows(server, table)) for table in (Table.LOG, Table.REQUESTS, Table.ENTRIES)]
    return Sizes(usage.used_bytes, engine._tables._end(), usage.file_bytes, *counts)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_is_stored_levels_off_under_constant_updates() -> None:
    """A log and request ids of a day, and a day of history, are all that there ever is."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        days = [one_day(server, raw, day) for day in range(6)]
        day = EXECUTIONS * ROUNDS_A_DAY
        for each in days:
            # What a day's last half hour has made too old may still be there.
            assert each.events <= day + 3 * EXECUTIONS
            assert each.requests <= 2 * day + 3 * EXECUTIONS
        third, last = days[2], days[-1]
        # How full pages are, and how many are free, depends on what went into the tables
        # together. Were nothing used again, each day would add two thirds and more.
        assert last.used_bytes < 1.3 * third.used_bytes
        assert last.paged_bytes < 1.5 * third.paged_bytes
        assert last.file_bytes < last.paged_bytes + ROOM_BYTES_MAX
        assert last.versions < 1.1 * third.versions
