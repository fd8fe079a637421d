"""What is over the tables shows, with them, what a plain dictionary would."""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.engine import overlay as overlays
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.lmdb import LmdbEngine
from statekeeper_server.engine.overlay import OverlaidTransaction, Overlay
from statekeeper_server.native_part import native
from tests.support.chance import chance

_ROOM_BYTES = 64 * 1024 * 1024
_HISTORIES = 60
_KEY_BYTES_MAX = 511
_DEADLINE_S = 30.0

# Of all the tables these have rows; one is touched by commits alone, one by nobody.
_BASED = (Table.HEADS, Table.LOG)
_TOUCHED = (*_BASED, Table.LOCKS)
_LEFT_ALONE = Table.TIMERS

Model = dict[tuple[Table, bytes], bytes]


@pytest.fixture(params=["native", "python"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are added by the native part, or without it."""
    if request.param == "python":
        monkeypatch.setattr(overlays, "native", None)
    elif native is None:
        pytest.skip("there is no native part")


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[LmdbEngine]:
    """Empty tables."""
    engine = LmdbEngine(tmp_path, map_size_bytes=_ROOM_BYTES)
    yield engine
    engine.close()


def some_keys(dice: Random) -> list[bytes]:
    """Keys with common beginnings, short ones and the longest."""
    alphabet = [b"\0", b"a", b"b", b"\xff"]
    keys = {b"".join(dice.choices(alphabet, k=dice.randrange(1, 4))) for _ in range(14)}
    longest = {bytes([dice.randrange(256)]) * _KEY_BYTES_MAX for _ in range(2)}
    return sorted(keys | longest)


def some_rows(dice: Random, keys: list[bytes], tables: tuple[Table, ...]) -> list[Row]:
    """Puts and deletes, now and then several of the same key."""
    return [
        (
            dice.choice(tables),
            dice.choice(keys),
            None if dice.random() < 0.4 else dice.randbytes(dice.choice([0, 1, 20])),
        )
        for _ in range(dice.randrange(1, 8))
    ]


def change(model: Model, rows: list[Row]) -> None:
    for table, key, value in rows:
        if value is None:
            model.pop((table, key), None)
        else:
            model[table, key] = value


def fill(engine: LmdbEngine, rows: list[Row]) -> None:
    txn = engine.write()
    for table, key, value in rows:
        if value is not None:
            txn.put(table, key, value)
    txn.commit()


def check(txn: ReadTransaction, model: Model, dice: Random, probes: list[bytes]) -> None:
    """A snapshot shows what a model has, in every way of asking."""
    for table in (*_TOUCHED, _LEFT_ALONE):
        rows = sorted((key, value) for (where, key), value in model.items() if where is table)
        keys = [key for key, _ in rows]
        assert txn.count(table) == len(rows)
        assert txn.last_key(table) == (keys[-1] if keys else None)
        for probe in probes:
            assert txn.get(table, probe) == model.get((table, probe))
            check_walk(txn, table, rows, bisect_left(keys, probe), probe)
        check_wandering(txn, table, rows, dice, probes)


def check_walk(
    txn: ReadTransaction, table: Table, rows: list[tuple[bytes, bytes]], place: int, probe: bytes
) -> None:
    """From a key to the end, and from the row before it to the end."""
    cursor = txn.cursor(table)
    walked, row = [], cursor.seek(probe)
    while row is not None:
        walked.append(row)
        row = cursor.next()
    assert walked == rows[place:]
    before = rows[place - 1] if place else None
    assert cursor.seek_before(probe) == before
    if before is not None:
        rest = [cursor.next() for _ in rows[place:]]
        assert rest == rows[place:]
        assert cursor.next() is None


def check_wandering(
    txn: ReadTransaction,
    table: Table,
    rows: list[tuple[bytes, bytes]],
    dice: Random,
    probes: list[bytes],
) -> None:
    """One cursor that is sent to and fro."""
    cursor, keys, at = txn.cursor(table), [key for key, _ in rows], None
    for _ in range(20):
        probe = dice.choice(probes)
        step = dice.choice(["seek", "seek_before", "next", "next"])
        if step == "next":
            if at is None:
                continue
            found, at = cursor.next(), at + 1
        elif step == "seek":
            found, at = cursor.seek(probe), bisect_left(keys, probe)
        else:
            found, at = cursor.seek_before(probe), bisect_left(keys, probe) - 1
        expected = rows[at] if 0 <= at < len(rows) else None
        assert found == expected
        # Where there was no row there is nothing after it.
        at = None if expected is None else at


@pytest.mark.parametrize("seed", range(_HISTORIES))
def test_commits_over_tables_are_what_a_dictionary_has(tables: LmdbEngine, seed: int) -> None:
    """Each snapshot sees its own commits for as long as it lives."""
    dice = chance(f"overlay {seed}")
    keys = some_keys(dice)
    model: Model = {}
    for _ in range(dice.randrange(4)):
        rows = some_rows(dice, keys, _BASED)
        fill(tables, rows)
        change(model, [row for row in rows if row[2] is not None])
    probes = [*dice.sample(keys, 6), b"a\x01", b"\xff\xff\xff\xfe"]
    overlay = Overlay(tables.last_number())
    seen: list[tuple[OverlaidTransaction, Model]] = []
    for _ in range(8):
        rows = some_rows(dice, keys, _TOUCHED)
        if dice.random() < 0.3:
            # It did not come to be.
            overlay.add(rows)
            if dice.random() < 0.5:
                overlay = overlay.committed()
        else:
            overlay = overlay.committed()
            overlay.add(rows)
            overlay.commits += 1
            change(model, rows)
        snapshot = OverlaidTransaction(tables.read(), overlay, overlay.commits)
        seen.append((snapshot, dict(model)))
        check(snapshot, model, dice, probes)
    for snapshot, had in seen:
        check(snapshot, had, dice, probes)
        snapshot.abort()


@pytest.mark.parametrize("seed", range(10))
def test_its_rows_make_the_tables_what_it_shows(tables: LmdbEngine, seed: int) -> None:
    """For all commits and for the first few."""
    dice = chance(f"rows {seed}")
    keys = some_keys(dice)
    models: list[Model] = [{}]
    overlay = Overlay(tables.last_number())
    for _ in range(6):
        rows = some_rows(dice, keys, _TOUCHED)
        overlay.add(rows)
        overlay.commits += 1
        models.append(dict(models[-1]))
        change(models[-1], rows)
    overlay.add(some_rows(dice, keys, _TOUCHED))

    for commits, model in enumerate(models):
        rows = list(overlay.rows(commits))
        made: Model = {}
        change(made, rows)
        assert made == model
        assert len({(table, key) for table, key, _ in rows}) == len(rows)


def test_what_was_only_added_is_gone_once_it_is_asked_for_what_was_committed() -> None:
    overlay = Overlay(7)
    overlay.add([(Table.LOG, b"kept", b"1")])
    overlay.commits += 1
    assert overlay.committed() is overlay
    overlay.add([(Table.LOG, b"kept", b"2"), (Table.LOG, b"new", b"3")])

    after = overlay.committed()
    assert (after.base, after.commits) == (7, 1)
    # Nor is it seen with the commit that comes in its place.
    after.add([(Table.LOCKS, b"other", b"4")])
    after.commits += 1
    assert list(after.rows(after.commits)) == [
        (Table.LOG, b"kept", b"1"),
        (Table.LOCKS, b"other", b"4"),
    ]
    assert after.find(Table.LOG, b"new", after.commits) is None


def test_records_are_commits_in_their_order() -> None:
    overlay = Overlay.of(3, [[(Table.LOG, b"a", b"1"), (Table.LOG, b"b", b"1")], [], []])
    assert (overlay.base, overlay.commits) == (3, 3)
    overlay = Overlay.of(3, [[(Table.LOG, b"a", b"1")], [(Table.LOG, b"a", None)]])
    assert list(overlay.rows(1)) == [(Table.LOG, b"a", b"1")]
    assert list(overlay.rows(2)) == [(Table.LOG, b"a", None)]


def test_it_tells_what_its_rows_take_and_where_they_go() -> None:
    """Keys that end in a revision are neighbours."""
    overlay = Overlay(1)
    for revision in range(100):
        overlay.add([(Table.LOG, revision.to_bytes(8), b"x" * 10)])
        overlay.add([(Table.HEADS, b"n%d:" % (revision % 5) + bytes(8), b"y" * 20)])
        overlay.commits += 1

    assert overlay.size_bytes == 100 * (8 + 10) + 100 * (3 + 8 + 20)
    assert overlay.places == 1 + 5


@pytest.mark.parametrize("where", [Table.LOG, Table.LOCKS])
def test_the_greatest_key_of_all_is_found(tables: LmdbEngine, where: Table) -> None:
    """In the tables, and over them."""
    greatest = b"\xff" * _KEY_BYTES_MAX
    fill(tables, [(Table.LOG, greatest, b"")])
    overlay = Overlay(tables.last_number())
    overlay.add([(Table.LOG, b"a", b""), (Table.LOCKS, b"a", b""), (Table.LOCKS, greatest, b"")])
    overlay.commits += 1
    txn = OverlaidTransaction(tables.read(), overlay, overlay.commits)

    assert txn.last_key(where) == greatest
    txn.abort()


def test_readers_walk_while_commits_are_added(tables: LmdbEngine) -> None:
    """What each commit changes together is seen together, in all ways of asking."""
    fill(tables, [(Table.HEADS, b"%04d" % n, b"0") for n in range(0, 200, 2)])
    overlay = Overlay(tables.last_number())
    stop = threading.Event()
    failures: list[str] = []

    def scan() -> None:
        while not stop.is_set():
            commits = overlay.commits
            txn = OverlaidTransaction(tables.read(), overlay, commits)
            number = b"%d" % commits
            cursor = txn.cursor(Table.LOCKS)
            found, row = [], cursor.seek(b"\0")
            while row is not None:
                found.append(row)
                row = cursor.next()
            if commits and found != [(b"%04d" % n, number) for n in range(10)]:
                failures.append(f"{commits} commits: {found}")
            if txn.count(Table.HEADS) != 100 + commits or txn.last_key(Table.LOG) != (
                commits.to_bytes(8) if commits else None
            ):
                failures.append(f"{commits} commits: they are not counted")
            txn.abort()

    threads = [threading.Thread(target=scan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for commit in range(1, 1001):
        rows: list[Row] = [(Table.LOCKS, b"%04d" % n, b"%d" % commit) for n in range(10)]
        # The tables have every second key of these.
        rows += [(Table.HEADS, b"new %d" % commit, b""), (Table.HEADS, b"0002", b"%d" % commit)]
        rows.append((Table.LOG, commit.to_bytes(8), b""))
        overlay.add(rows)
        overlay.commits += 1
    stop.set()
    for thread in threads:
        thread.join(_DEADLINE_S)

    assert not failures, failures[0]
