"""Native code drops the same versions of entries as the general way, in layers and in tables."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from statekeeper.v1.execution_pb2 import STATUS_RUNNING
from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper_server.engine import Engine, Table
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.limits import StateLimits
from statekeeper_server.native_part import absence, native
from statekeeper_server.operations.plain import PlainWrite
from statekeeper_server.requests import check_save, plain_save
from statekeeper_server.service import apply_save
from statekeeper_server.storage.v1.records_pb2 import EntryVersion, Head
from statekeeper_server.store import writer as writers
from statekeeper_server.store.compact import Retention
from statekeeper_server.store.lock_table import LockChanges, LockTable
from statekeeper_server.store.prune import History
from statekeeper_server.store.writer import Rules, Writer
from tests.support.chance import chance

pytestmark = pytest.mark.skipif(native is None, reason=f"no native part: {absence}")

_LIMITS = StateLimits(
    state_bytes_max=1_000_000,
    state_bytes_warn=1_000_000,
    entries_max=10,
    checkpoints_max=10,
    open_pauses_max=1,
    lock_waiters_max=1,
)
_WINDOW_US = 1_000
_RULES = Rules(
    _LIMITS,
    History(versions_kept=4, window_us=_WINDOW_US),
    Retention(log_window_us=2**60, log_events_kept=10**9, request_window_us=2**60),
)
_CHECK = partial(check_save, limits=_LIMITS)


class Shard:
    """A shard that saves in one of the ways."""

    def __init__(self, engine: Engine, *, plainly: bool) -> None:
        self.engine = engine
        self._read = plain_save(_CHECK, _LIMITS) if plainly else None
        self._next_revision = 1

    def save(self, requests: list[SaveRequest], now_us: int) -> int:
        """Save in one transaction; how many went the plain way."""
        txn = self.engine.write()
        changes = LockChanges(LockTable(()), now_us)
        store = Writer(txn, _RULES, changes, self._next_revision, now_us)
        count = 0
        for request in requests:
            read = self._read(request.SerializeToString()) if self._read else None
            count += isinstance(read, PlainWrite)
            copy = SaveRequest.FromString(request.SerializeToString())
            apply_save(store, _CHECK(copy) if read is None else read, now_us)
        txn.commit()
        txn.abort()
        self._next_revision = store.next_revision
        return count

    def rows(self) -> tuple[dict[bytes, EntryVersion], dict[bytes, bytes], int]:
        """The versions of entries, their pieces, and from when on all of them are there."""
        txn = self.engine.read()
        versions = {
            key: EntryVersion.FromString(row) for key, row in _rows(txn.cursor(Table.ENTRIES))
        }
        pieces = dict(_rows(txn.cursor(Table.CHUNKS)))
        ((_, head),) = _rows(txn.cursor(Table.HEADS))
        txn.abort()
        return versions, pieces, Head.FromString(head).history_floor


def _rows(cursor: Any) -> Iterator[tuple[bytes, bytes]]:
    row = cursor.seek(b"\0")
    while row is not None:
        yield row
        row = cursor.next()


def _save(number: int, entry: str, size: int) -> SaveRequest:
    request = SaveRequest(key={"execution_id": "e"}, state={"status": STATUS_RUNNING})
    # A Save of one entry removes the others.
    for name in ("first", "second"):
        content = number if name == entry else 0
        request.state.context.entries[name].binary = chance(content).randbytes(size)
    return request


@pytest.mark.parametrize("seed", range(12))
def test_the_same_versions_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Too old to the microsecond, too many, in pieces, in memory and in the tables."""
    monkeypatch.setattr(writers, "_PRUNE_EVERY", 2)
    dice = chance(f"prune {seed}")
    engines = [JournaledEngine(_folder(tmp_path, n), map_size_bytes=2**26) for n in ("a", "b")]
    with closing(engines[0]), closing(engines[1]):
        shards = [Shard(engine, plainly=engine is engines[0]) for engine in engines]
        now_us, plain, dropped, in_pieces = 10**15, 0, 0, 0
        for number in range(60):
            now_us += dice.choice([0, _WINDOW_US // 2, _WINDOW_US, 1])
            size = dice.choice([10, 10, 10, 150_000])
            requests = [_save(number, dice.choice(["first", "second"]), size)]
            counts = [shard.save(requests, now_us) for shard in shards]
            plain += counts[0]
            if dice.random() < 0.2:
                for engine in engines:
                    engine.flush()
            rows = [shard.rows() for shard in shards]
            assert rows[0] == rows[1]
            dropped += len(rows[0][0]) < number
            in_pieces += bool(rows[0][1])
        assert plain > 20
        assert dropped > 20
        assert in_pieces > 5


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
