"""The engine that commits to a journal first: nothing that was acknowledged is ever lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from statekeeper_server.engine import (
    Engine,
    EngineBrokenError,
    EngineFullError,
    ReadTransaction,
    Table,
)
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.journaled import JournaledClosed, JournaledEngine
from statekeeper_server.engine.lmdb import LmdbEngine, LmdbSnapshot, LmdbWriteTransaction, verify
from tests.support.chance import chance

_ROOM_BYTES = 64 * 1024 * 1024
_DEADLINE_S = 30.0
_FILES = ("data.mdb", "journal")

Model = dict[tuple[Table, bytes], bytes]


def open_(folder: Path) -> JournaledEngine:
    folder.mkdir(exist_ok=True)
    return JournaledEngine(folder, map_size_bytes=_ROOM_BYTES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the engine is."""
    return tmp_path / "engine"


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def engine(folder: Path) -> Iterator[JournaledEngine]:
    """An empty engine."""
    engine = open_(folder)
    yield engine
    engine.close()


def commit(engine: Engine, *rows: Row) -> None:
    txn = engine.write()
    try:
        for table, key, value in rows:
            if value is None:
                txn.delete(table, key)
            else:
                txn.put(table, key, value)
        txn.commit()
    finally:
        txn.abort()


def content(txn: ReadTransaction) -> Model:
    """All that a snapshot shows; it ends."""
    found: Model = {}
    for table in Table:
        cursor = txn.cursor(table)
        row = cursor.seek(b"\0")
        while row is not None:
            found[table, row[0]] = row[1]
            row = cursor.next()
        assert txn.count(table) == sum(where is table for where, _ in found)
    txn.abort()
    return found


def killed(folder: Path, copy: Path) -> Path:
    """What another process would find if that of the engine were killed now."""
    copy.mkdir()
    for name in _FILES:
        shutil.copyfile(folder / name, copy / name)
    return copy


def content_of(folder: Path) -> Model:
    """What is there when it is opened again; before that the same is read of it closed."""
    before = [(folder / name).read_bytes() for name in _FILES]
    with closing(JournaledClosed(folder)) as closed:
        found = content(closed.read())
    assert [(folder / name).read_bytes() for name in _FILES] == before
    assert sorted(path.name for path in folder.iterdir() if path.name != "lock.mdb") == [*_FILES]
    for _ in range(2):
        with closing(open_(folder)) as engine:
            assert content(engine.read()) == found
    assert verify(folder) == ""
    return found


def one(number: int) -> Row:
    return Table.LOG, b"%04d" % number, b"%d" % number


def model_of(*rows: Row) -> Model:
    return {(table, key): value for table, key, value in rows if value is not None}


@pytest.mark.parametrize("seed", range(6))
def test_what_was_committed_is_found_after_a_kill(tmp_path: Path, seed: int) -> None:
    """B20: after any number of commits and flushes, and of kills."""
    dice = chance(f"kill {seed}")
    model: Model = {}
    folder = tmp_path / "0"
    for kill in range(1, 4):
        engine = open_(folder)
        for _ in range(dice.choice([0, 1, 5, 60])):
            rows: list[Row] = [
                (
                    dice.choice([Table.HEADS, Table.LOG]),
                    b"%d" % dice.randrange(20),
                    None if dice.random() < 0.3 else dice.randbytes(dice.randrange(3_000)),
                )
                for _ in range(dice.randrange(1, 5))
            ]
            commit(engine, *rows)
            for table, key, value in rows:
                model.pop((table, key), None)
                if value is not None:
                    model[table, key] = value
            if dice.random() < 0.1:
                engine.flush()
            assert content(engine.read()) == model
        folder = killed(folder, tmp_path / f"{kill}")
        engine.close()
        assert content_of(folder) == model


def test_what_a_killed_process_was_told_is_kept_is_there(tmp_path: Path) -> None:
    """B20."""
    program = f"""
import os, sys
from pathlib import Path
from statekeeper_server.engine import Table
from statekeeper_server.engine.journaled import JournaledEngine
engine = JournaledEngine(Path(sys.argv[1]), map_size_bytes={_ROOM_BYTES})
for number in range(10**9):
    txn = engine.write()
    txn.put(Table.LOG, number.to_bytes(8), bytes(1_000))
    txn.put(Table.META, b"last", b"%d" % number)
    txn.commit()
    os.write(1, b"%d\\n" % number)
"""
    for round_ in range(3):
        folder = tmp_path / f"{round_}"
        folder.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout is not None
            told = -1
            for line in process.stdout:
                told = int(line)
                if told == 10 + 70 * round_:
                    process.send_signal(signal.SIGKILL)
        found = content_of(folder)
        last = int(found[Table.META, b"last"])
        assert last >= told >= 10
        assert len(found) == 1 + last + 1


def test_a_batch_that_is_given_up_takes_nothing_with_it(
    engine: JournaledEngine, folder: Path, tmp_path: Path
) -> None:
    commit(engine, one(1), one(2))
    snapshot = engine.read()
    for prepares in (False, True):
        txn = engine.write()
        txn.put(*one(3)[:2], b"given up")
        txn.delete(*one(1)[:2])
        txn.put(Table.HEADS, b"given up", b"")
        if prepares:
            txn.prepare()
        txn.abort()
        assert content(engine.read()) == model_of(one(1), one(2))
    commit(engine, one(4))

    assert content(engine.read()) == model_of(one(1), one(2), one(4))
    assert content(snapshot) == model_of(one(1), one(2))
    assert content_of(killed(folder, tmp_path / "copy")) == model_of(one(1), one(2), one(4))
    engine.flush()
    assert content(engine.read()) == model_of(one(1), one(2), one(4))
    assert content_of(killed(folder, tmp_path / "flushed")) == model_of(one(1), one(2), one(4))


def test_a_batch_without_room_takes_nothing_with_it(
    engine: JournaledEngine, folder: Path, tmp_path: Path
) -> None:
    """B20."""
    commit(engine, one(1))
    with pytest.raises(EngineFullError):
        commit(engine, one(2), (Table.CHUNKS, b"c", bytes(2 * _ROOM_BYTES)))
    commit(engine, one(3))

    assert content(engine.read()) == model_of(one(1), one(3))
    assert content_of(killed(folder, tmp_path / "copy")) == model_of(one(1), one(3))


def test_snapshots_see_what_there_was_when_they_began(engine: JournaledEngine) -> None:
    """Before a flush and after it, with more of both later."""
    rows: list[Row] = []
    snapshots = []
    for number in range(12):
        rows.append(one(number))
        commit(engine, one(number))
        snapshots.append((engine.read(), model_of(*rows)))
        if number % 3 == 1:
            engine.flush()
            assert engine.idle_s() is None
            snapshots.append((engine.read(), model_of(*rows)))
        else:
            idle_s = engine.idle_s()
            assert idle_s is not None
            assert 0 <= idle_s <= 1
    for snapshot, model in snapshots:
        assert content(snapshot) == model


@pytest.mark.usefixtures("quick_switches")
def test_readers_never_see_half_of_a_commit_while_tables_are_written(
    engine: JournaledEngine,
) -> None:
    """Nor do they ever go back."""
    stop = threading.Event()
    failures: list[str] = []
    reads = 0

    def look() -> None:
        nonlocal reads
        last = -1
        while not stop.is_set():
            acknowledged_before = acknowledged
            txn = engine.read()
            first = int(txn.get(Table.HEADS, b"count") or b"0")
            count = txn.count(Table.LOG)
            second = int(txn.get(Table.META, b"count") or b"0")
            last_key = txn.last_key(Table.LOG)
            txn.abort()
            reads += 1
            if (
                not first == second == count == int(last_key or b"0")
                or first < last
                or first < acknowledged_before
            ):
                failures.append(
                    f"{acknowledged_before} {last} {first} {second} {count} {last_key!r}"
                )
            last = first

    acknowledged = 0
    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 201):
        commit(
            engine,
            (Table.HEADS, b"count", b"%d" % number),
            (Table.META, b"count", b"%d" % number),
            (Table.LOG, b"%04d" % number, b""),
        )
        acknowledged = number
        if number % 3 == 0:
            engine.flush()
        if number % 7 == 0:
            txn = engine.write()
            txn.put(Table.HEADS, b"count", b"-1")
            txn.prepare()
            txn.abort()
    stop.set()
    for thread in threads:
        thread.join(_DEADLINE_S)

    assert not failures, failures[0]
    assert reads > 0


@pytest.mark.parametrize("flushed", [False, True])
def test_a_copy_is_the_snapshot_and_an_engine(
    engine: JournaledEngine, tmp_path: Path, *, flushed: bool
) -> None:
    commit(engine, one(1), one(2), (Table.CHUNKS, b"c", bytes(30_000)))
    engine.flush()
    commit(engine, one(3), (*one(2)[:2], None))
    if flushed:
        engine.flush()
    copy = engine.copy()
    model = model_of(one(1), one(3), (Table.CHUNKS, b"c", bytes(30_000)))
    commit(engine, one(4), (*one(1)[:2], None))
    engine.flush()
    commit(engine, one(5))
    sizes: list[int] = []
    (tmp_path / "copy").mkdir()
    with closing(copy):
        found = {key: copy.snapshot.get(*key) for key in model}
        copy.write(tmp_path / "copy", sizes.append)

    assert found == model
    files = [tmp_path / "copy" / name for name in _FILES]
    assert sum(sizes) == sum(file.stat().st_size for file in files)
    assert content_of(tmp_path / "copy") == model


def test_when_the_tables_cannot_be_written_for_want_of_room_nothing_is_lost(
    engine: JournaledEngine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B20: and it goes on."""

    def fail(_: LmdbWriteTransaction) -> None:
        raise EngineFullError

    commit(engine, one(1))
    commit(engine, one(2))
    with monkeypatch.context() as patch:
        patch.setattr(LmdbWriteTransaction, "commit", fail)
        with pytest.raises(EngineFullError):
            engine.flush()
        # It does not go into the journal.
        with pytest.raises(EngineFullError):
            commit(engine, one(9), (Table.CHUNKS, b"c", bytes(3_000_000)))
    assert content(engine.read()) == model_of(one(1), one(2))
    commit(engine, one(3))

    assert content(engine.read()) == model_of(one(1), one(2), one(3))
    assert content_of(killed(folder, tmp_path / "copy")) == model_of(one(1), one(2), one(3))
    engine.flush()
    assert content(engine.read()) == model_of(one(1), one(2), one(3))


@pytest.mark.parametrize("kept", [False, True])
def test_when_the_tables_fail_nothing_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    """B20: whether or not they were written."""
    engine = open_(folder)
    commit(engine, one(1))
    real = LmdbWriteTransaction.commit

    def fail(txn: LmdbWriteTransaction) -> None:
        if kept:
            real(txn)
        raise EngineBrokenError("the medium failed")

    with monkeypatch.context() as patch:
        patch.setattr(LmdbWriteTransaction, "commit", fail)
        with pytest.raises(EngineBrokenError):
            engine.flush()
        engine.close()
    assert content_of(folder) == model_of(one(1))


@pytest.mark.parametrize("kept", [0, 20, 10**6])
def test_when_the_journal_fails_nothing_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """B20: what was to be written is there as a whole or not at all."""
    engine = open_(folder)
    commit(engine, one(1))
    real = os.pwrite

    def fail(file: int, data: bytes, place: int) -> int:
        real(file, data[:kept], place)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fail)
        with pytest.raises(EngineBrokenError, match="cannot write the journal"):
            commit(engine, one(2))
        assert content(engine.read()) == model_of(one(1))
        engine.close()
    whole = model_of(one(1), one(2)) if kept > 1_000 else model_of(one(1))
    assert content_of(folder) == whole


def test_an_open_transaction_that_lacks_rows_is_not_written(
    engine: JournaledEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when room is there again."""
    commit(engine, one(1), one(2))
    txn = engine.write()
    txn.put(*one(3)[:2], b"given up")
    txn.abort()
    real, puts = LmdbWriteTransaction.put, 0

    def fail(txn: LmdbWriteTransaction, table: Table, key: bytes, value: bytes) -> None:
        nonlocal puts
        puts += 1
        if puts == 2:
            raise EngineFullError
        real(txn, table, key, value)

    with monkeypatch.context() as patch:
        patch.setattr(LmdbWriteTransaction, "put", fail)
        with pytest.raises(EngineFullError):
            engine.write()
    engine.flush()
    assert content(engine.read()) == model_of(one(1), one(2))


def test_a_large_journal_is_recovered_where_there_is_little_room(tmp_path: Path) -> None:
    """Many rows in few places take little."""
    small_bytes = 16 * 1024 * 1024
    folder = tmp_path / "engine"
    folder.mkdir()
    engine = JournaledEngine(folder, map_size_bytes=small_bytes)
    commits = 3_000
    for number in range(commits):
        commit(engine, (Table.META, b"count", b"%d" % number))
    copy = killed(folder, tmp_path / "copy")
    engine.close()
    with closing(JournaledEngine(copy, map_size_bytes=small_bytes)) as engine:
        assert content(engine.read()) == {(Table.META, b"count"): b"%d" % (commits - 1)}


def test_what_the_tables_may_have_no_room_for_does_not_wait_in_the_journal(
    tmp_path: Path,
) -> None:
    """B20: until it is full, it can be opened again, and all that was committed is there."""
    small_bytes = 8 * 1024 * 1024
    folder = tmp_path / "engine"
    folder.mkdir()
    engine = JournaledEngine(folder, map_size_bytes=small_bytes)
    rows: list[Row] = []
    try:
        while engine.has_room(20_000):
            row = Table.HEADS, b"%06d" % len(rows), bytes([len(rows) % 256]) * 20_000
            commit(engine, row)
            rows.append(row)
    except EngineFullError:
        pass
    # Deletes and small ones are tried without being asked whether there is room.
    for number in range(3_000):
        row = Table.LOG, chance(number).randbytes(16), b""
        try:
            commit(engine, row)
        except EngineFullError:
            break
        rows.append(row)
    copy = killed(folder, tmp_path / "copy")
    engine.flush()
    engine.close()
    assert len(rows) > 50
    with closing(JournaledEngine(copy, map_size_bytes=small_bytes)) as engine:
        assert content(engine.read()) == model_of(*rows)


@pytest.mark.parametrize("name", _FILES)
def test_files_of_two_engines_are_not_mixed(folder: Path, tmp_path: Path, name: str) -> None:
    for each in (folder, tmp_path / "other"):
        with closing(open_(each)) as engine:
            commit(engine, one(1))
    shutil.copyfile(tmp_path / "other" / name, folder / name)

    for opener in (open_, JournaledClosed):
        with pytest.raises(EngineBrokenError, match="journal belongs to something else"):
            opener(folder)


def test_without_its_journal_it_is_not_opened(folder: Path) -> None:
    with closing(open_(folder)) as engine:
        commit(engine, one(1))
    (folder / "journal").unlink()

    for opener in (open_, JournaledClosed):
        with pytest.raises(EngineBrokenError, match=r"cannot read .*journal: No such file"):
            opener(folder)


def test_a_making_that_was_interrupted_begins_again(folder: Path) -> None:
    """Its journal is there, and its tables do not know of it."""
    folder.mkdir()
    (folder / "journal").write_bytes(b"something")
    with closing(open_(folder)) as engine:
        commit(engine, one(1))
    assert content_of(folder) == model_of(one(1))


def test_what_is_only_prepared_is_seen_by_nobody(engine: JournaledEngine, tmp_path: Path) -> None:
    commit(engine, one(1))
    txn = engine.write()
    txn.put(*one(2)[:2], b"prepared")
    txn.delete(*one(1)[:2])
    txn.prepare()
    (tmp_path / "copy").mkdir()
    with closing(engine.copy()) as copy:
        copy.write(tmp_path / "copy", lambda _: None)
    found = content(engine.read())
    txn.abort()

    assert found == model_of(one(1))
    assert content_of(tmp_path / "copy") == model_of(one(1))


def test_tables_that_are_written_while_a_snapshot_begins_are_seen_as_they_are(
    engine: JournaledEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not under what was over those before them."""
    real, numbers = LmdbEngine.read, iter(range(2, 100))
    now = 1

    def late(tables: LmdbEngine) -> LmdbSnapshot:
        nonlocal now
        engine.flush()
        now = next(numbers)
        commit(engine, (Table.META, b"count", b"%d" % now))
        engine.flush()
        return real(tables)

    commit(engine, (Table.META, b"count", b"1"))
    monkeypatch.setattr(LmdbEngine, "read", late)
    assert content(engine.read()) == {(Table.META, b"count"): b"%d" % now}
    commit(engine, (Table.META, b"count", b"0"))
    (tmp_path / "copy").mkdir()
    with closing(engine.copy()) as copy:
        copy.write(tmp_path / "copy", lambda _: None)
        assert copy.snapshot.get(Table.META, b"count") == b"%d" % now
    monkeypatch.undo()
    assert content_of(tmp_path / "copy") == {(Table.META, b"count"): b"%d" % now}


def test_where_room_is_not_certain_the_tables_are_written_at_once(
    engine: JournaledEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever commits is told then that there is none, and not whoever comes later."""
    commit(engine, one(1))
    assert engine.idle_s() is not None
    monkeypatch.setattr(LmdbEngine, "has_room_behind", lambda *_: False)
    commit(engine, one(2))

    assert engine.idle_s() is None
    assert content(engine.read()) == model_of(one(1), one(2))
