"""What verification finds in a data folder: nothing in a sound one, and every kind of damage."""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from statekeeper.testing import TestServer
from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.folder_format import NoFolderError
from statekeeper_server.keys import (
    GAPS_KEY,
    ExecutionKey,
    chunk_key,
    revision_key,
    state_end,
    version_key,
)
from statekeeper_server.storage.v1.records_pb2 import (
    EntryVersion,
    Event,
    Head,
    LogGap,
    LogGaps,
    TokenRow,
)
from statekeeper_server.verification import problems_of
from tests.support.chance import chance
from tests.support.server_process import ServerProcess

_MAP_BYTES = 1024**3
ORDER = ExecutionKey("shop", "order-1")
_LARGE = chance("large").randbytes(300_000)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has rows in all tables."""
    folder = tmp_path_factory.mktemp("template") / "data"
    with TestServer(folder, versions_kept=4) as server:
        client = server.client()
        # Its token outlives it, for who repeats the answer.
        gone = client.state_manager("gone")
        client.resume(gone.pause(member="m", reason="r"))
        gone.delete()
        month = timedelta(days=30)
        sm = client.state_manager(ORDER.execution_id, namespace=ORDER.namespace, ttl=month)
        # First, as a pause closes what others leave open.
        sm.save({"status": "running", "context": {"large": b"", "text": "x" * 20_000}})
        sm.update(labels={"team": "core"})
        for n in range(40):
            sm.update(context={"n": n, f"k{n % 7}": {"deep": [n]}})
            if n % 10 == 5:
                sm.checkpoint(f"at-{n}")
        sm.delete_checkpoint("at-5")
        sm.update(remove=["context.k3"], context={"large": _LARGE})
        sm.restore("at-15")
        sm.update(context={"large": _LARGE + b"!"})
        sm.lock(retry=False)
        for n in range(3):
            token = sm.pause(
                member="m", reason="r", data={"n": n}, expires_at=datetime.now(UTC) + month
            )
            if n == 1:
                sm.resume(token, {"ok": True})
        for n in range(30):
            other = client.state_manager(f"other-{n}", ttl=timedelta(seconds=60 if n % 2 else 0))
            other.save({"status": "running", "member_outputs": {"a": {"n": n}}})
            other.pause(member="m", reason="r")
            if n % 3 == 0:
                other.delete()
        server.clock.advance(timedelta(days=2))
        sm.lock(retry=False)
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return shutil.copytree(template, tmp_path / "data")


def problems(folder: Path) -> list[str]:
    return list(problems_of(folder, lambda *_: None))


def test_a_sound_folder_has_no_problem_and_is_not_changed(folder: Path) -> None:
    before = (folder / "shard-000" / "data.mdb").read_bytes()
    assert problems(folder) == []
    assert (folder / "shard-000" / "data.mdb").read_bytes() == before


def test_progress_is_told(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    list(problems_of(folder, lambda *step: told.append(step)))

    assert told[0] == ("shard-000: pages", 0, 0)
    assert told[-1][0] == "shard-000: rows"
    assert all(done <= total for _, done, total in told)


def _head(txn: WriteTransaction) -> Head:
    return Head.FromString(txn.get(Table.HEADS, ORDER.row) or b"")


def _first(txn: WriteTransaction, table: Table, prefix: bytes = b"\0") -> tuple[bytes, bytes]:
    row = txn.cursor(table).seek(prefix)
    assert row is not None
    return row


def _change_head(change: Callable[[Head], None]) -> Callable[[WriteTransaction], None]:
    def damage(txn: WriteTransaction) -> None:
        head = _head(txn)
        change(head)
        txn.put(Table.HEADS, ORDER.row, head.SerializeToString())

    return damage


def _drop_last_event(txn: WriteTransaction) -> None:
    txn.delete(Table.LOG, revision_key(_head(txn).execution.revision))


def _event_of_another(txn: WriteTransaction) -> None:
    event = Event(uid=1)
    txn.put(Table.LOG, revision_key(_head(txn).execution.revision), event.SerializeToString())


def _gap(txn: WriteTransaction) -> None:
    revision = _head(txn).execution.revision
    gaps = LogGaps(gaps=[LogGap(after=revision - 1, until=revision)])
    txn.put(Table.META, GAPS_KEY, gaps.SerializeToString())


def _drop(table: Table) -> Callable[[WriteTransaction], None]:
    def damage(txn: WriteTransaction) -> None:
        uid = revision_key(_head(txn).uid)
        txn.delete(table, _first(txn, table, uid)[0])

    return damage


def _clear(table: Table) -> Callable[[WriteTransaction], None]:
    def damage(txn: WriteTransaction) -> None:
        while (row := txn.cursor(table).seek(b"\0")) is not None:
            txn.delete(table, row[0])

    return damage


def _garble(table: Table) -> Callable[[WriteTransaction], None]:
    def damage(txn: WriteTransaction) -> None:
        key, row = _first(txn, table)
        txn.put(table, key, b"\xff" * len(row))

    return damage


def _change_piece(txn: WriteTransaction) -> None:
    key, row = _first(txn, Table.CHUNKS)
    txn.put(Table.CHUNKS, key, bytes([row[0] ^ 1]) + row[1:])


def _drop_newest_version(txn: WriteTransaction) -> None:
    row = txn.cursor(Table.ENTRIES).seek_before(state_end(_head(txn).uid))
    assert row is not None
    txn.delete(Table.ENTRIES, row[0])


def _entry_of_nobody(txn: WriteTransaction) -> None:
    version = EntryVersion(ordinal=1, plain=b"")
    key = version_key(revision_key(999_999) + b"\x03\x00a", 999_999)
    txn.put(Table.ENTRIES, key, version.SerializeToString())


def _piece_of_nothing(txn: WriteTransaction) -> None:
    txn.put(Table.CHUNKS, chunk_key(_head(txn).uid, 999, 0, 0), b"x")


def _version_from_the_future(txn: WriteTransaction) -> None:
    uid = _head(txn).uid
    key, row = _first(txn, Table.ENTRIES, revision_key(uid))
    version = EntryVersion.FromString(row)
    version.ordinal += 1_000
    txn.put(Table.ENTRIES, version_key(key[:-8], 999_999), version.SerializeToString())


def _garble_compressed(txn: WriteTransaction) -> None:
    cursor = txn.cursor(Table.ENTRIES)
    row = cursor.seek(b"\0")
    while row is not None:
        version = EntryVersion.FromString(row[1])
        if version.WhichOneof("form") == "zstd":
            version.zstd = b"nothing that was compressed"
            txn.put(Table.ENTRIES, row[0], version.SerializeToString())
            return
        row = cursor.next()
    raise AssertionError("nothing is compressed")


def _rename_head(txn: WriteTransaction) -> None:
    row = txn.get(Table.HEADS, ORDER.row) or b""
    txn.delete(Table.HEADS, ORDER.row)
    txn.put(Table.HEADS, b"shop\0order-2", row)


def _double_head(txn: WriteTransaction) -> None:
    txn.put(Table.HEADS, b"shop\0order-2", txn.get(Table.HEADS, ORDER.row) or b"")


DAMAGES: dict[str, tuple[Callable[[WriteTransaction], None], str]] = {
    "head is garbled": (_garble(Table.HEADS), "cannot be read"),
    "head has moved": (_rename_head, "its head is that of shop/order-1"),
    "two heads of one": (_double_head, "another execution has its uid"),
    "revision is in the future": (
        _change_head(lambda head: setattr(head.execution, "revision", 10**9)),
        "are not in this order",
    ),
    "event is gone": (_drop_last_event, "the log lacks its last change"),
    "event is another's": (_event_of_another, "is another execution's"),
    "event stands in a gap": (_gap, "stands where none was given out"),
    "event is garbled": (_garble(Table.LOG), "the event at revision"),
    "entry is gone": (_drop_newest_version, "not those that its head counts"),
    "entry is garbled": (_garble(Table.ENTRIES), "cannot be read"),
    "entry is nobody's": (_entry_of_nobody, "rows of nobody"),
    "entry is of the future": (_version_from_the_future, "not one of its own"),
    "compressed value is garbled": (_garble_compressed, "cannot be read"),
    "piece is gone": (_drop(Table.CHUNKS), "a piece of a value is missing"),
    "piece is changed": (_change_piece, "is not what was written"),
    "piece is of nothing": (_piece_of_nothing, "pieces of large values"),
    "checkpoint is gone": (_drop(Table.CHECKPOINTS), "checkpoints, not"),
    "checkpoint is garbled": (_garble(Table.CHECKPOINTS), "cannot be read"),
    "pins are gone": (_clear(Table.PINS), "nothing keeps the state"),
    "pause is gone": (_drop(Table.PAUSES), "pauses, not"),
    "pause is garbled": (_garble(Table.PAUSES), "cannot be read"),
    "inbox is empty": (_clear(Table.INBOX), "is not in the inbox"),
    "timers are gone": (_clear(Table.TIMERS), "nothing happens when the time of its pause"),
    "expiries are gone": (_clear(Table.EXPIRIES), "nobody looks at it when it expires"),
    "expiry of nobody": (
        lambda txn: txn.put(Table.EXPIRIES, revision_key(1) * 2, b""),
        "executions are looked at in time, not",
    ),
    "tokens are gone": (_clear(Table.TOKENS), "leads nowhere"),
    "token of an answer is gone": (_clear(Table.TOKENS), "no token leads to the row"),
    "token is garbled": (_garble(Table.TOKENS), "of the table tokens cannot be read"),
    "token is nobody's": (
        lambda txn: txn.put(Table.TOKENS, b"x" * 32, TokenRow(uid=999_999).SerializeToString()),
        "a row that leads to nobody",
    ),
    "nothing has a status": (_clear(Table.BY_STATUS), "not found by its status or a label"),
    "label of nobody": (
        lambda txn: txn.put(Table.BY_LABEL, b"shop\0team\0core\0order-9", b""),
        "statuses and labels, they have",
    ),
    "lock is garbled": (_garble(Table.LOCKS), "of the table locks cannot be read"),
    "request is garbled": (_garble(Table.REQUESTS), "of the table requests cannot be read"),
}


@pytest.fixture
def damaged(request: pytest.FixtureRequest, folder: Path) -> tuple[Path, str]:
    """A folder with a damage, and what is to be found."""
    damage, says = DAMAGES[request.param]
    engine = JournaledEngine(folder / "shard-000", map_size_bytes=_MAP_BYTES)
    with closing(engine):
        txn = engine.write()
        damage(txn)
        txn.commit()
    return folder, says


@pytest.mark.parametrize("damaged", DAMAGES, indirect=True)
def test_damage_of_rows_is_found(damaged: tuple[Path, str]) -> None:
    folder, says = damaged
    found = problems(folder)

    assert any(says in problem for problem in found), found
    assert all(problem.startswith("shard 0: ") for problem in found)


def test_damage_of_pages_is_found(folder: Path) -> None:
    file = folder / "shard-000" / "data.mdb"
    content = bytearray(file.read_bytes())
    for page in range(2, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    file.write_bytes(content)
    found = problems(folder)

    assert found
    assert all(problem.startswith("shard-000: ") for problem in found)


def test_a_lost_shard_is_found(folder: Path) -> None:
    (folder / "shard-000" / "data.mdb").rename(folder / "data.mdb")
    assert any("shard-000" in problem for problem in problems(folder))


def test_what_is_no_data_folder_is_not_verified(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NoFolderError, match="is no data folder"):
            problems(path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_served_is_not_verified(folder: Path) -> None:
    with ServerProcess(folder), pytest.raises(NoFolderError, match="is served by another process"):
        problems(folder)
