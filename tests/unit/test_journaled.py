"""The engine that commits to a journal first: nothing that was acknowledged is ever lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from statekeeper_server.engine import (
    Engine,
    EngineBrokenError,
    EngineFullError,
    ReadTransaction,
    Table,
)
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.journal import Journal
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.engine.journaled_closed import JournaledClosed
from statekeeper_server.engine.lmdb import LmdbEngine, LmdbSnapshot, LmdbWriteTransaction, verify
from tests.support.chance import chance

_ROOM_BYTES = 64 * 1024 * 1024
_DEADLINE_S = 30.0
# In an order in which they can be copied while they are being written.
_FILES = ("journal.0", "journal.1", "data.mdb")

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
    assert {path.name for path in folder.iterdir()} - {"lock.mdb"} == {*_FILES}
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
from random import Random
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
@pytest.mark.parametrize("size", [0, 12_000])
def test_readers_never_see_half_of_a_commit_while_tables_are_written(
    engine: JournaledEngine, size: int
) -> None:
    """Nor do they ever go back: be they written when they are to be, or meanwhile."""
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
            (Table.LOG, b"%04d" % number, bytes(size)),
        )
        acknowledged = number
        if number % 3 == 0 and not size:
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


def test_tables_that_lack_rows_are_not_committed(
    engine: JournaledEngine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when room is there again."""
    rows: list[Row] = [one(1), (Table.META, b"count", b"1")]
    commit(engine, *rows)
    real, writes = LmdbWriteTransaction.put, 0

    def fail(txn: LmdbWriteTransaction, table: Table, rows: list[tuple[bytes, bytes]]) -> None:
        nonlocal writes
        writes += 1
        if writes == 2:
            raise EngineFullError
        real(txn, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(LmdbWriteTransaction, "put", fail)
        with pytest.raises(EngineFullError):
            engine.flush()
    assert content_of(killed(folder, tmp_path / "copy")) == model_of(*rows)
    engine.flush()
    assert content(engine.read()) == model_of(*rows)


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
        with pytest.raises(EngineBrokenError, match="belongs to something else"):
            opener(folder)


@pytest.mark.parametrize("name", journals.FILES)
def test_without_its_journal_it_is_not_opened(folder: Path, name: str) -> None:
    with closing(open_(folder)) as engine:
        commit(engine, one(1))
    (folder / name).unlink()

    for opener in (open_, JournaledClosed):
        with pytest.raises(EngineBrokenError, match=rf"cannot read .*{name}: No such file"):
            opener(folder)


def test_a_making_that_was_interrupted_begins_again(folder: Path) -> None:
    """Its journal is there, and its tables do not know of it."""
    folder.mkdir()
    for name in journals.FILES:
        (folder / name).write_bytes(b"something")
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
        with monkeypatch.context() as patch:
            patch.setattr(LmdbEngine, "read", real)
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


# One of these is enough for a journal that was just made, and two are too much.
_ENOUGH_BYTES = 50_000


def enough(number: int) -> Row:
    return Table.CHUNKS, b"%04d" % number, b"%04d" % number * (_ENOUGH_BYTES // 4)


class Gate:
    """Where the thread that writes the tables is held up.

    Attributes:
        error: what it fails with when it may go on, if it is to.
        keeps: whether it does then what it was to do before it fails.
        reached: it is there.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.keeps = False
        self.reached = threading.Event()
        self._open = threading.Event()
        self._open.set()

    @property
    def is_open(self) -> bool:
        """Whether it may go on."""
        return self._open.is_set()

    def hold(self) -> None:
        """Let it come no further from now on."""
        self.reached.clear()
        self._open.clear()

    def wait(self) -> None:
        """Wait until it is there."""
        assert self.reached.wait(_DEADLINE_S)

    def open(self) -> None:
        """Let it go on."""
        self._open.set()

    def before(self, real: Callable[..., None]) -> Callable[..., None]:
        """The same that passes the gate first."""

        def held(*arguments: object) -> None:
            self.reached.set()
            assert self._open.wait(_DEADLINE_S)
            if self.error is None or self.keeps:
                real(*arguments)
            if self.error is not None:
                raise self.error

        return held


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, engine: JournaledEngine) -> Iterator[Gate]:
    """Before the tables are committed; opened at the end."""
    assert engine.idle_s() is None
    gate = Gate()
    monkeypatch.setattr(LmdbWriteTransaction, "commit", gate.before(LmdbWriteTransaction.commit))
    yield gate
    gate.error = None
    gate.open()


@pytest.fixture
def last_gate(monkeypatch: pytest.MonkeyPatch, engine: JournaledEngine) -> Iterator[Gate]:
    """After that, and before anybody is told; opened at the end."""
    assert engine.idle_s() is None
    gate = Gate()
    monkeypatch.setattr(Journal, "restart", gate.before(Journal.restart))
    yield gate
    gate.open()


@pytest.fixture
def gates(gate: Gate, last_gate: Gate) -> tuple[Gate, Gate]:
    """Both, in their order."""
    return gate, last_gate


def settle(engine: JournaledEngine) -> None:
    """Wait until nobody writes the tables."""
    if engine._writing is not None:
        engine._writing.exception(_DEADLINE_S)


def wait_for_any(engine: JournaledEngine, gates: Iterable[Gate]) -> None:
    """Wait until whoever writes the tables is held up, or has done that."""
    for gate in gates:
        if not gate.is_open:
            gate.wait()
            return
    settle(engine)


class Story:
    """What is committed to an engine, and what is seen of it at each moment.

    Attributes:
        model: what there is now.
    """

    def __init__(self, engine: JournaledEngine, folder: Path, copies: Path) -> None:
        self.model: Model = {}
        self._engine = engine
        self._folder = folder
        self._copies = copies
        self._snapshots: list[tuple[ReadTransaction, Model]] = []
        self._killed: list[tuple[Path, Model]] = []

    def commit(self, *rows: Row) -> None:
        """Commit rows."""
        commit(self._engine, *rows)
        for table, key, value in rows:
            self.model.pop((table, key), None)
            if value is not None:
                self.model[table, key] = value

    def give_up(self, *rows: Row, prepares: bool) -> None:
        """Change rows, and forget that."""
        txn = self._engine.write()
        for table, key, value in rows:
            if value is None:
                txn.delete(table, key)
            else:
                txn.put(table, key, value)
            assert txn.get(table, key) == value
        if prepares:
            txn.prepare()
        txn.abort()

    def end(self) -> None:
        """See that the snapshots show what they did, and end them."""
        while self._snapshots:
            snapshot, model = self._snapshots.pop()
            assert content(snapshot) == model

    def look(self) -> None:
        """See that all is there now, and keep a snapshot, and what a kill would leave."""
        assert content(self._engine.read()) == self.model
        self._snapshots.append((self._engine.read(), dict(self.model)))
        copy = killed(self._folder, self._copies / f"killed {len(self._killed)}")
        self._killed.append((copy, dict(self.model)))

    def check(self) -> None:
        """See that the snapshots show what they did, and that no kill has lost anything."""
        self.end()
        for copy, model in self._killed:
            assert content_of(copy) == model


@pytest.fixture
def story(engine: JournaledEngine, folder: Path, tmp_path: Path) -> Story:
    """What is told of the engine."""
    return Story(engine, folder, tmp_path)


def test_what_has_no_room_in_a_journal_waits_for_the_other_one_and_no_longer(
    engine: JournaledEngine, story: Story, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is to go there, and not into the tables with all that came before it."""
    gate.hold()
    story.commit(one(1), enough(1))
    gate.wait()
    number = 1
    while engine._layers[0].journal.has_room(20_000):
        number += 1
        story.commit((Table.CHUNKS, b"%d" % number, bytes(8_000)))
    assert engine.has_room(1_000)
    with ThreadPoolExecutor(1) as thread, monkeypatch.context() as patch:
        patch.setattr(JournaledEngine, "_write_newest", lambda *_: pytest.fail("it waits longer"))
        asked = thread.submit(engine.has_room, 20_000)
        story.look()
        assert not asked.done()
        gate.open()
        assert asked.result(_DEADLINE_S)
        assert engine._layers[0].overlay.commits == 0
        story.commit((Table.CHUNKS, b"last", bytes(19_000)))
    settle(engine)
    story.look()
    story.end()


def test_commits_go_on_while_the_tables_are_written(
    engine: JournaledEngine, story: Story, gate: Gate, last_gate: Gate
) -> None:
    """B20: before that, in all of it and after it nothing is lost, and each sees its own."""
    gate.hold()
    story.commit(one(1), one(2), one(3))
    story.look()
    story.commit(enough(1))
    gate.wait()
    story.look()
    # What is being written is removed and changed, and there is more.
    story.commit((*one(1)[:2], None), (*one(2)[:2], b"again"), one(4))
    story.look()
    story.commit((*one(4)[:2], None), one(1))
    story.look()
    last_gate.hold()
    gate.open()
    last_gate.wait()
    # The tables have it, and nobody knows.
    story.look()
    story.commit(one(5), (*one(3)[:2], None))
    story.look()
    last_gate.open()
    settle(engine)
    story.look()
    story.commit(one(6))
    story.look()
    story.commit(enough(2), (*enough(1)[:2], None))
    settle(engine)
    story.look()
    engine.flush()
    story.look()
    assert engine.idle_s() is None
    story.check()


@pytest.mark.parametrize("prepares", [False, True])
def test_a_batch_is_given_up_while_the_tables_are_written(
    engine: JournaledEngine, story: Story, gate: Gate, last_gate: Gate, *, prepares: bool
) -> None:
    """It takes nothing with it, of what is being written and of what came since."""
    gate.hold()
    story.commit(one(1), one(2))
    story.commit(enough(1))
    gate.wait()
    wrong: list[Row] = [(*one(1)[:2], None), (*one(2)[:2], b"wrong"), one(7), enough(7)]
    # Before there is any commit in the other journal, and after one.
    story.give_up(*wrong, prepares=prepares)
    story.look()
    story.commit(one(3), (*one(1)[:2], None))
    story.give_up(*wrong, one(1), (*one(3)[:2], None), prepares=prepares)
    story.look()
    last_gate.hold()
    gate.open()
    last_gate.wait()
    story.give_up(*wrong, one(1), (*one(3)[:2], None), prepares=prepares)
    story.look()
    txn = engine.write()
    txn.put(*one(2)[:2], b"wrong")
    last_gate.open()
    settle(engine)
    # It was begun when there was another layer.
    assert (txn.get(*one(1)[:2]), txn.get(*enough(1)[:2])) == (None, enough(1)[2])
    txn.abort()
    story.look()
    story.commit(one(8))
    story.look()
    story.check()


def test_a_commit_that_finds_both_journals_full_waits(
    engine: JournaledEngine, story: Story, gate: Gate
) -> None:
    """B20: readers do not, and those before it are there."""
    gate.hold()
    story.commit(enough(1))
    gate.wait()
    story.commit(enough(2))
    story.look()
    with ThreadPoolExecutor(1) as writer:
        waiting = writer.submit(commit, engine, enough(3), (*enough(1)[:2], None))
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        story.look()
        gate.open()
        waiting.result(_DEADLINE_S)
    story.model = model_of(enough(2), enough(3))
    story.look()
    story.commit(one(4))
    story.look()
    story.check()


@pytest.mark.parametrize("how", ["flush", "has_room", "close"])
def test_what_must_have_the_tables_waits_until_they_are_written(
    engine: JournaledEngine, folder: Path, story: Story, gate: Gate, how: str
) -> None:
    """And writes what came meanwhile, too."""
    gate.hold()
    story.commit(enough(1))
    gate.wait()
    story.commit(one(2))
    with ThreadPoolExecutor(1) as other:
        if how == "has_room":
            # More than can be reserved beside what waits.
            done = other.submit(engine.has_room, _ROOM_BYTES)
        else:
            done = other.submit(getattr(engine, how))
        with pytest.raises(TimeoutError):
            done.result(0.2)
        gate.open()
        assert done.result(_DEADLINE_S) in (None, False)
    if how != "close":
        assert engine.idle_s() is None
        story.look()
        story.check()
        return
    assert content_of(folder) == story.model
    # The fixture closes it again.
    engine.__init__(folder, map_size_bytes=_ROOM_BYTES)  # type: ignore[misc]


def test_without_room_for_what_is_written_meanwhile_nothing_is_lost(
    engine: JournaledEngine, story: Story, gate: Gate
) -> None:
    """B20: the next commit tries again, and tells when that fails; with room it goes on."""
    gate.hold()
    gate.error = EngineFullError()
    story.commit(one(1))
    story.commit(enough(1))
    gate.wait()
    story.commit(one(2), (*one(1)[:2], None))
    gate.open()
    settle(engine)
    story.look()
    for _ in range(2):
        with pytest.raises(EngineFullError):
            commit(engine, one(3), (*one(2)[:2], None))
        story.look()
        story.give_up(one(3), prepares=True)
        with pytest.raises(EngineFullError):
            engine.flush()
        story.look()
    gate.error = None
    story.commit(one(4))
    story.look()
    story.commit(enough(2))
    settle(engine)
    story.commit(one(5))
    story.look()
    story.check()


def test_once_there_is_room_again_the_next_commit_finds_it(
    engine: JournaledEngine, story: Story, gate: Gate
) -> None:
    gate.error = EngineFullError()
    story.commit(enough(1))
    settle(engine)
    gate.error = None
    story.look()
    story.commit(one(2))
    assert engine.idle_s() is None
    story.look()
    story.check()


def test_a_close_without_room_leaves_all_to_the_journals(
    engine: JournaledEngine, folder: Path, story: Story, gate: Gate
) -> None:
    """B20."""
    gate.hold()
    gate.error = EngineFullError()
    story.commit(enough(1))
    gate.wait()
    story.commit(one(2))
    gate.open()
    engine.close()
    gate.error = None
    assert content_of(folder) == story.model
    # The fixture closes it again.
    engine.__init__(folder, map_size_bytes=_ROOM_BYTES)  # type: ignore[misc]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("told_by", ["commit", "flush", "close"])
def test_when_the_tables_fail_meanwhile_nothing_more_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str, *, kept: bool
) -> None:
    """B20: whether or not they were written; all that was acknowledged is there."""
    engine, gate = open_(folder), Gate()
    story = Story(engine, folder, tmp_path)
    gate.error, gate.keeps = EngineBrokenError("the medium failed"), kept
    with monkeypatch.context() as patch:
        patch.setattr(LmdbWriteTransaction, "commit", gate.before(LmdbWriteTransaction.commit))
        gate.hold()
        story.commit(one(1), one(2))
        story.commit(enough(1))
        gate.wait()
        story.commit(one(3), (*one(1)[:2], None))
        gate.open()
        settle(engine)
        before = [(folder / name).read_bytes() for name in _FILES]
        for name in ("write", "pwrite", "posix_fallocate"):
            patch.setattr(os, name, lambda *_: pytest.fail("it was written to"))
        patch.setattr(LmdbEngine, "write", lambda *_, **__: pytest.fail("it was written to"))
        if told_by == "commit":
            with pytest.raises(EngineBrokenError, match="the medium failed"):
                commit(engine, one(4))
        elif told_by == "flush":
            with pytest.raises(EngineBrokenError, match="the medium failed"):
                engine.flush()
        if told_by != "close":
            # Nor does it forget.
            with pytest.raises(EngineBrokenError, match="failed before"):
                commit(engine, one(5))
            with pytest.raises(EngineBrokenError, match="failed before"):
                engine.flush()
        engine.close()
        assert [(folder / name).read_bytes() for name in _FILES] == before
    assert content_of(folder) == story.model


def test_a_journal_that_fails_while_the_tables_are_written_loses_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B20."""
    engine, gate = open_(folder), Gate()
    story = Story(engine, folder, tmp_path)
    real = os.pwrite

    def fail(file: int, data: bytes, place: int) -> int:
        real(file, data[:20], place)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(LmdbWriteTransaction, "commit", gate.before(LmdbWriteTransaction.commit))
        gate.hold()
        story.commit(enough(1))
        gate.wait()
        story.commit(one(2))
        patch.setattr(os, "pwrite", fail)
        with pytest.raises(EngineBrokenError, match="cannot write the journal"):
            commit(engine, one(3))
        story.look()
        gate.open()
        settle(engine)
        story.look()
        story.end()
        engine.close()
    story.check()
    assert content_of(folder) == story.model


@pytest.mark.parametrize("moment", ["before", "meanwhile", "almost"])
def test_a_copy_is_made_while_the_tables_are_written(
    engine: JournaledEngine, story: Story, tmp_path: Path, gates: tuple[Gate, Gate], moment: str
) -> None:
    """It has what there was when it was begun, however it goes on."""
    gate, last_gate = gates
    gate.hold()
    last_gate.hold()
    story.commit(one(1), one(2))
    copies = {"before": (engine.copy(), dict(story.model))}
    story.commit(enough(1))
    gate.wait()
    story.commit((*one(1)[:2], None), one(3))
    copies["meanwhile"] = engine.copy(), dict(story.model)
    story.commit(one(4))
    gate.open()
    last_gate.wait()
    copies["almost"] = engine.copy(), dict(story.model)
    story.commit(one(1), (*one(2)[:2], None))
    last_gate.open()
    settle(engine)
    story.commit(one(5))
    sizes: list[int] = []
    (tmp_path / "copy").mkdir()
    copy, model = copies.pop(moment)
    with closing(copy):
        copy.write(tmp_path / "copy", sizes.append)
        found = {key: copy.snapshot.get(*key) for key in (*story.model, *model)}
    assert found == {key: model.get(key) for key in found}
    assert sum(sizes) == sum((tmp_path / "copy" / name).stat().st_size for name in _FILES)
    assert content_of(tmp_path / "copy") == model
    for other, _ in copies.values():
        other.close()
    story.look()
    story.check()


def some_rows(dice: Random) -> list[Row]:
    """Puts and deletes of different keys."""
    keys = {
        (dice.choice([Table.HEADS, Table.LOG]), b"%d" % dice.randrange(30))
        for _ in range(dice.randrange(1, 4))
    }
    sizes = [10, 3_000, 9_000]
    return [
        (*key, None if dice.random() < 0.3 else dice.randbytes(dice.choice(sizes)))
        for key in sorted(keys)
    ]


class Meanwhile:
    """What may happen while the tables are written."""

    def __init__(
        self, engine: JournaledEngine, story: Story, gates: tuple[Gate, Gate], dice: Random
    ) -> None:
        self._engine = engine
        self._story = story
        self._gates = gates
        self._dice = dice

    def happen(self) -> None:
        """Let something happen."""
        seldom = [self._give_up, self._hold, self._hold, self.go_on, self._flush, self._look]
        self._dice.choice([*[self._commit] * 8, *seldom])()

    def go_on(self) -> None:
        """Hold nobody up any longer."""
        for gate in self._gates:
            gate.open()
        if self._dice.random() < 0.5:
            settle(self._engine)

    def _hold(self) -> None:
        if len(self._engine._layers) == 1:
            self._dice.choice(self._gates).hold()

    def _flush(self) -> None:
        self.go_on()
        self._engine.flush()

    def _look(self) -> None:
        # Files are copied while nobody writes to them.
        if len(self._engine._layers) > 1:
            wait_for_any(self._engine, self._gates)
        self._story.look()

    def _commit(self) -> None:
        journal = self._engine._layers[0].journal
        if journal.size_bytes - journal._place < 30_000:
            # What finds no room would wait.
            self.go_on()
        self._story.commit(*some_rows(self._dice))

    def _give_up(self) -> None:
        self._story.give_up(*some_rows(self._dice), prepares=self._dice.random() < 0.5)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_while_the_tables_are_written_nothing_is_lost(
    engine: JournaledEngine,
    story: Story,
    gates: tuple[Gate, Gate],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    """B20."""
    # So that there are many epochs.
    monkeypatch.setattr(journals, "_SIZE_BYTES_MAX", 0)
    meanwhile = Meanwhile(engine, story, gates, chance(f"meanwhile {seed}"))
    epochs, layers = set(), set()
    for _ in range(120):
        meanwhile.happen()
        assert content(engine.read()) == story.model
        epochs.add(engine._layers[0].epoch)
        layers.add(len(engine._layers))
    meanwhile.go_on()
    settle(engine)
    assert len(epochs) > 5
    assert layers == {1, 2}
    story.check()
