"""What every engine must do; a new one is added to `OPENERS`."""

import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statekeeper_server.engine import (
    CopyGivenUpError,
    Engine,
    EngineBrokenError,
    EngineFullError,
    Table,
    WriteTransaction,
)
from statekeeper_server.engine.changes import Changes
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.engine.lmdb import verify

_ROOM_BYTES = 16 * 1024 * 1024
_DEADLINE_S = 30.0

Open = Callable[[Path], Engine]


class FlushedEngine(JournaledEngine):
    """An engine that leaves nothing of what was committed to be done later."""

    def commit(self, record: bytes, changes: Changes) -> None:
        super().commit(record, changes)
        self.flush()


def open_journaled(folder: Path) -> Engine:
    """The default engine."""
    return JournaledEngine(folder, map_size_bytes=_ROOM_BYTES)


def open_flushed(folder: Path) -> Engine:
    """The same where all is in its tables."""
    return FlushedEngine(folder, map_size_bytes=_ROOM_BYTES)


OPENERS = {"journaled": open_journaled, "flushed": open_flushed}


@pytest.fixture(params=OPENERS)
def opener(request: pytest.FixtureRequest) -> Open:
    """Each engine in turn."""
    return OPENERS[request.param]


@pytest.fixture
def engine(opener: Open, tmp_path: Path) -> Iterator[Engine]:
    """An empty engine."""
    engine = opener(tmp_path)
    yield engine
    engine.close()


def put(engine: Engine, **rows: bytes) -> None:
    txn = engine.write()
    try:
        for name, value in rows.items():
            txn.put(Table.HEADS, name.encode(), value)
        txn.commit()
    finally:
        txn.abort()


def read(engine: Engine, name: bytes) -> bytes | None:
    txn = engine.read()
    value = txn.get(Table.HEADS, name)
    txn.abort()
    return value


def test_what_was_committed_is_read(engine: Engine) -> None:
    put(engine, a=b"1", empty=b"")

    assert read(engine, b"a") == b"1"
    assert read(engine, b"empty") == b""
    assert read(engine, b"b") is None


def test_what_was_aborted_is_not_there(engine: Engine) -> None:
    put(engine, a=b"1")
    txn = engine.write()
    txn.put(Table.HEADS, b"a", b"2")
    txn.put(Table.HEADS, b"b", b"2")
    txn.abort()

    assert (read(engine, b"a"), read(engine, b"b")) == (b"1", None)


def test_an_abort_after_the_end_is_harmless(engine: Engine) -> None:
    txn = engine.write()
    txn.put(Table.HEADS, b"a", b"1")
    txn.commit()
    txn.abort()
    txn.abort()

    assert read(engine, b"a") == b"1"


def test_a_write_transaction_sees_its_own_writes(engine: Engine) -> None:
    put(engine, a=b"1", c=b"3")
    txn = engine.write()
    txn.put(Table.HEADS, b"b", b"2")
    txn.delete(Table.HEADS, b"c")

    assert txn.get(Table.HEADS, b"b") == b"2"
    assert txn.get(Table.HEADS, b"c") is None
    assert txn.cursor(Table.HEADS).seek(b"aa") == (b"b", b"2")
    assert txn.last_key(Table.HEADS) == b"b"
    txn.abort()


def test_a_put_replaces(engine: Engine) -> None:
    put(engine, a=b"1")
    put(engine, a=b"a longer one")

    assert read(engine, b"a") == b"a longer one"


def test_deleting_what_is_not_there_is_harmless(engine: Engine) -> None:
    txn = engine.write()
    txn.delete(Table.HEADS, b"a")
    txn.commit()


def test_tables_do_not_mix(engine: Engine) -> None:
    txn = engine.write()
    for table in Table:
        txn.put(table, b"key", table.name.encode())
    txn.commit()

    txn = engine.write()
    txn.delete(Table.LOG, b"key")
    assert [txn.get(table, b"key") for table in Table] == [
        None if table is Table.LOG else table.name.encode() for table in Table
    ]
    txn.abort()


def test_a_snapshot_sees_nothing_later(engine: Engine) -> None:
    put(engine, a=b"1")
    txn = engine.read()
    put(engine, a=b"2", b=b"2")

    assert (txn.get(Table.HEADS, b"a"), txn.get(Table.HEADS, b"b")) == (b"1", None)
    assert txn.last_key(Table.HEADS) == b"a"
    txn.abort()
    assert read(engine, b"a") == b"2"


def test_a_snapshot_is_read_from_any_thread(engine: Engine) -> None:
    put(engine, a=b"1")
    found: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: found.append(read(engine, b"a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [b"1"] * 8


def test_the_newest_of_rows_is_found(engine: Engine) -> None:
    """Those that differ in nothing but their revision, whatever was removed of them."""

    def row(revision: int) -> tuple[bytes, bytes]:
        return b"a:" + revision.to_bytes(8), b"%d" % revision

    txn = engine.write()
    txn.put(Table.ENTRIES, *row(1))
    txn.put(Table.ENTRIES, *row(300))
    txn.put(Table.ENTRIES, b"b:" + bytes(8), b"another")
    txn.put(Table.LOG, b"a:" + bytes(8), b"another")
    assert txn.newest(Table.ENTRIES, b"a:") == row(300)
    txn.commit()
    before = engine.read()
    assert before.newest(Table.ENTRIES, b"a:") == row(300)
    assert before.newest(Table.LOG, b"a:") == (b"a:" + bytes(8), b"another")
    for start in (b"", b"a", b"a:" + bytes(8), b"c:"):
        assert before.newest(Table.ENTRIES, start) is None

    txn = engine.write()
    txn.put(Table.ENTRIES, *row(301))
    txn.delete(Table.ENTRIES, row(300)[0])
    assert txn.newest(Table.ENTRIES, b"a:") == row(301)
    txn.delete(Table.ENTRIES, row(301)[0])
    assert txn.newest(Table.ENTRIES, b"a:") == row(1)
    txn.commit()
    after = engine.read()
    assert after.newest(Table.ENTRIES, b"a:") == row(1)
    assert before.newest(Table.ENTRIES, b"a:") == row(300)
    for snapshot in (before, after):
        snapshot.abort()


def test_rows_are_counted(engine: Engine) -> None:
    put(engine, **{f"k{n}": b"" for n in range(7)})
    txn = engine.read()

    assert (txn.count(Table.HEADS), txn.count(Table.LOG)) == (7, 0)
    txn.abort()


def test_what_is_used_and_read_is_told(engine: Engine) -> None:
    before = engine.usage()
    put(engine, k=bytes(1_000_000))
    txn = engine.read()
    after = engine.usage()
    txn.abort()

    assert 1_000_000 <= after.used_bytes - before.used_bytes < 1_100_000
    assert after.used_bytes <= after.file_bytes <= after.limit_bytes == _ROOM_BYTES
    assert (before.readers, before.oldest_reader_s) == (0, None)
    assert after.readers == 1
    assert after.oldest_reader_s is not None
    assert 0 <= after.oldest_reader_s < _DEADLINE_S


def test_a_copy_has_what_was_there_when_it_was_begun(
    engine: Engine, opener: Open, tmp_path: Path
) -> None:
    put(engine, kept=b"1", large=bytes(3_000_000))
    copy = engine.copy()
    put(engine, later=b"2", kept=b"3")
    sizes: list[int] = []
    (tmp_path / "copy").mkdir()
    copy.write(tmp_path / "copy", sizes.append)
    copy.close()
    copy.close()
    copied = opener(tmp_path / "copy")
    rows = [read(copied, name) for name in (b"kept", b"large", b"later")]
    put(copied, new=b"4")
    copied.close()

    assert rows == [b"1", bytes(3_000_000), None]
    assert sum(sizes) >= copy.size_bytes >= 3_000_000
    assert engine.usage().readers == 0


def test_who_is_told_of_the_pieces_of_a_copy_can_end_it(engine: Engine, tmp_path: Path) -> None:
    put(engine, large=bytes(5_000_000))
    copy = engine.copy()

    def wrote(_: int) -> None:
        raise InterruptedError

    (tmp_path / "copy").mkdir()
    with pytest.raises(InterruptedError):
        copy.write(tmp_path / "copy", wrote)
    copy.close()
    put(engine, more=b"1")
    assert engine.usage().readers == 0


def test_readers_do_not_wait_for_the_writer(engine: Engine) -> None:
    put(engine, a=b"1")
    txn = engine.write()
    txn.put(Table.HEADS, b"a", b"2")
    found: list[bytes | None] = []
    thread = threading.Thread(target=lambda: found.append(read(engine, b"a")))
    thread.start()
    thread.join(30)
    txn.commit()

    assert found == [b"1"]


def test_the_last_key_of_an_empty_table_is_none(engine: Engine) -> None:
    txn = engine.read()
    assert [txn.last_key(table) for table in Table] == [None] * len(Table)
    txn.abort()


@pytest.mark.parametrize("size", [0, 1, 2_000, 4_080, 4_090, 65_520, 100_000, 3_000_000])
def test_values_of_any_size_are_kept(engine: Engine, size: int) -> None:
    put(engine, a=bytes(size), b=b"b" * size)

    assert read(engine, b"a") == bytes(size)
    assert read(engine, b"b") == b"b" * size


def test_what_was_committed_is_there_when_it_is_opened_again(opener: Open, tmp_path: Path) -> None:
    """B20."""
    engine = opener(tmp_path)
    put(engine, a=b"1")
    engine.close()
    engine = opener(tmp_path)

    assert read(engine, b"a") == b"1"
    engine.close()


keys = st.binary(min_size=1, max_size=6)


@given(
    rows=st.dictionaries(keys, st.binary(max_size=3), max_size=20),
    gone=st.lists(keys, max_size=5),
    probes=st.lists(keys, min_size=1, max_size=10),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cursors_walk_in_the_order_of_bytes(
    engine: Engine, rows: dict[bytes, bytes], gone: list[bytes], probes: list[bytes]
) -> None:
    txn = engine.write()
    for key, value in rows.items():
        txn.put(Table.ENTRIES, key, value)
    for key in gone:
        txn.delete(Table.ENTRIES, key)
    model = sorted((key, value) for key, value in rows.items() if key not in gone)
    assert txn.last_key(Table.ENTRIES) == (model[-1][0] if model else None)
    for probe in probes:
        cursor = txn.cursor(Table.ENTRIES)
        behind = [row for row in model if row[0] >= probe]
        ahead = [row for row in model if row[0] < probe]
        walked, row = [], cursor.seek(probe)
        while row is not None:
            walked.append(row)
            row = cursor.next()
        assert walked == behind
        assert cursor.seek_before(probe) == (ahead[-1] if ahead else None)
    txn.abort()


def test_without_room_a_write_is_full_and_the_engine_is_fine(engine: Engine) -> None:
    """B20: nothing that was committed suffers."""
    put(engine, a=b"1")
    txn = engine.write()
    _fill(txn)
    with pytest.raises(EngineFullError):
        txn.commit()
    txn.abort()

    assert read(engine, b"a") == b"1"
    put(engine, a=b"2")
    assert read(engine, b"a") == b"2"


def _fill(txn: WriteTransaction) -> None:
    for number in range(_ROOM_BYTES // 65_520 + 1):
        txn.put(Table.CHUNKS, b"%d" % number, bytes(65_520))


def test_room_is_told_before_it_is_used(engine: Engine) -> None:
    assert engine.has_room(0)
    assert engine.has_room(1_000_000)
    assert not engine.has_room(_ROOM_BYTES)
    assert engine.has_room(1_000_000)


def test_what_it_says_there_is_room_for_can_be_written(engine: Engine) -> None:
    """B20: until there is none, one after the other."""
    written = fill(engine, 200_000)

    assert written > 10
    # What is kept in reserve is for deletes.
    for number in range(written):
        txn = engine.write()
        txn.delete(Table.HEADS, b"k%d" % number)
        txn.commit()
    assert engine.has_room(200_000)
    put(engine, again=b"x" * 200_000)


@pytest.fixture
def large_engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty engine that only the disk limits."""
    engine = JournaledEngine(tmp_path, map_size_bytes=64 * _ROOM_BYTES)
    yield engine
    engine.close()


@contextmanager
def small_disk() -> Iterator[None]:
    """No file of this process can grow beyond a size, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fill(engine: Engine, size: int) -> int:
    """Put values k0, k1, ... until there is no room for another one; how many."""
    written = 0
    while engine.has_room(size):
        put(engine, **{f"k{written}": b"x" * size})
        written += 1
    return written


@contextmanager
def writing(engine: Engine) -> Iterator[ThreadPoolExecutor]:
    """A thread that all writes belong to meanwhile."""
    with ThreadPoolExecutor(1) as writer:
        try:
            yield writer
        finally:
            writer.submit(engine.flush).result()


def delete_every_second(engine: Engine, written: int) -> None:
    for number in range(0, written, 2):
        txn = engine.write()
        txn.delete(Table.HEADS, b"k%d" % number)
        txn.commit()


def test_room_in_pieces_is_used_or_found_full(large_engine: Engine) -> None:
    """B20: what LMDB cannot use of the file must not make it write behind its end."""
    with small_disk():
        written = fill(large_engine, 8_000)
        delete_every_second(large_engine, written)
        found_full = False
        for number in range(written):
            if not large_engine.has_room(200_000):
                break
            try:
                put(large_engine, **{f"large{number}": bytes(200_000)})
            except EngineFullError:
                found_full = True
                break

        assert found_full, "there were no pieces"
        assert read(large_engine, b"k1") == b"x" * 8_000
        put(large_engine, small=b"1")
        assert read(large_engine, b"small") == b"1"


def test_a_disk_with_room_again_is_used_again(large_engine: Engine) -> None:
    """B20: without opening the engine anew."""
    with small_disk():
        fill(large_engine, 200_000)
        assert not large_engine.has_room(200_000)
    for number in range(200):
        assert large_engine.has_room(200_000)
        put(large_engine, **{f"more{number}": bytes(200_000)})


def test_a_snapshot_outlasts_the_filling_of_the_disk(large_engine: Engine) -> None:
    """What it has read and will read stays where it is; those that come later wait."""
    with small_disk(), writing(large_engine) as writer, ThreadPoolExecutor() as threads:
        writer.submit(put, large_engine, k0=b"seen").result()
        snapshot = large_engine.read()
        cursor = snapshot.cursor(Table.HEADS)
        try:
            filling = writer.submit(fill, large_engine, 200_000)
            with pytest.raises(TimeoutError):
                filling.result(0.5)
            later = threads.submit(read, large_engine, b"k0")
            assert cursor.seek(b"k") == (b"k0", b"seen")
            assert snapshot.get(Table.HEADS, b"k1") is None
        finally:
            snapshot.abort()
        assert filling.result(_DEADLINE_S) > 10
        assert later.result(_DEADLINE_S) == b"x" * 200_000


def test_a_copy_makes_way_for_writes_when_the_disk_is_full(
    large_engine: Engine, tmp_path: Path
) -> None:
    """A backup may take long, and writes wait for open snapshots then."""
    fill_up_to = 10
    put(large_engine, **{f"k{n}": bytes(200_000) for n in range(fill_up_to)})
    large_engine.flush()
    copy = large_engine.copy()
    started, waiting = threading.Event(), threading.Event()

    def wrote(_: int) -> None:
        started.set()
        assert waiting.wait(_DEADLINE_S)

    (tmp_path / "copy").mkdir()
    with small_disk(), writing(large_engine) as writer, ThreadPoolExecutor() as threads:
        try:
            copying = threads.submit(copy.write, tmp_path / "copy", wrote)
            assert started.wait(_DEADLINE_S)
            filling = writer.submit(fill, large_engine, 200_000)
            with pytest.raises(TimeoutError):
                filling.result(0.5)
            waiting.set()
            with pytest.raises(CopyGivenUpError):
                copying.result(_DEADLINE_S)
        finally:
            waiting.set()
            copy.close()
        assert filling.result(_DEADLINE_S) > fill_up_to


def test_what_is_no_database_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"noise" * 4_096)

    with pytest.raises(EngineBrokenError):
        open_journaled(tmp_path)


def test_a_sound_file_has_no_problem(tmp_path: Path) -> None:
    """B20: verification, which a shard must pass after a failure."""
    engine = open_journaled(tmp_path)
    put(engine, **{f"k{n}": bytes(5_000) for n in range(300)})
    engine.close()

    assert verify(tmp_path) == ""


def test_a_damaged_file_has_a_problem(tmp_path: Path) -> None:
    """B20: a page whose content is noise is found."""
    engine = open_journaled(tmp_path)
    put(engine, **{f"k{n:04}": b"v" * 50 for n in range(3_000)})
    engine.close()
    with (tmp_path / "data.mdb").open("r+b") as file:
        content = file.read()
        page = content.index(b"k0100") // 4_096
        file.seek(page * 4_096)
        file.write(b"\xa5" * 4_096)

    assert verify(tmp_path) != ""
