"""What is over the tables shows, with them, what a plain dictionary would."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import pytest

from statekeeper_server.engine import REVISION_BYTES, Cursor, ReadTransaction, Table
from statekeeper_server.engine import overlay as overlays
from statekeeper_server.engine.changes import Changes, Row
from statekeeper_server.engine.lmdb import LmdbEngine
from statekeeper_server.engine.overlay import OverlaidTransaction, Overlay, View
from statekeeper_server.native_part import native
from tests.support.chance import chance

_ROOM_BYTES = 64 * 1024 * 1024
_HISTORIES = 60
_KEY_BYTES_MAX = 511
_DEADLINE_S = 30.0
_LATELY_MAX = overlays._LATELY_MAX

# Of all the tables these have rows; one is touched by commits alone, one by nobody.
_BASED = (Table.HEADS, Table.LOG)
_TOUCHED = (*_BASED, Table.LOCKS)
_LEFT_ALONE = Table.TIMERS

Model = dict[tuple[Table, bytes], bytes]


@pytest.fixture(params=["native", "python"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are added and looked up by the native part, or without it."""
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


def add(overlay: Overlay, rows: list[Row]) -> Changes:
    """Change what the next commit changes."""
    changes = overlay.changes()
    make(changes, rows)
    return changes


def make(changes: Changes, rows: Iterable[Row]) -> None:
    """Make some changes."""
    for table, key, value in rows:
        if value is None:
            changes.delete(table, key)
        else:
            changes.put(table, key, value)


def commit(overlay: Overlay, rows: list[Row]) -> None:
    overlay.count(add(overlay, rows))


def view_of(*layers: Overlay) -> View:
    """All that there is now of layers, the lowest of which comes first."""
    return tuple((layer, layer.commits) for layer in reversed(layers))


def change(model: Model, rows: list[Row]) -> None:
    for table, key, value in rows:
        if value is None:
            model.pop((table, key), None)
        else:
            model[table, key] = value


def fill(engine: LmdbEngine, rows: Iterable[Row]) -> None:
    """Make a transaction of the tables of some rows, whether or not it changes any."""
    txn = engine.write()
    for table, key, value in rows:
        if value is None:
            txn.delete(table, [key])
        else:
            txn.put(table, [(key, value)])
    txn.set_note(b"%d" % engine.last_number())
    txn.commit()


def write(engine: LmdbEngine, layer: Overlay) -> None:
    """Write a layer into the tables."""
    fill(engine, layer.rows(layer.commits))


def some_tables(dice: Random, engine: LmdbEngine, keys: list[bytes]) -> Model:
    """Put some rows into the tables; what they have then."""
    model: Model = {}
    for _ in range(dice.randrange(4)):
        rows = [row for row in some_rows(dice, keys, _BASED) if row[2] is not None]
        fill(engine, rows)
        change(model, rows)
    return model


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
    model = some_tables(dice, tables, keys)
    probes = [*dice.sample(keys, 6), b"a\x01", b"\xff\xff\xff\xfe"]
    overlay = Overlay(tables.last_number())
    seen: list[tuple[OverlaidTransaction, Model]] = []
    for _ in range(8):
        rows = some_rows(dice, keys, _TOUCHED)
        if dice.random() < 0.3:
            # It does not come to be.
            add(overlay, rows)
        else:
            commit(overlay, rows)
            change(model, rows)
        snapshot = OverlaidTransaction(tables.read(), view_of(overlay))
        seen.append((snapshot, dict(model)))
        check(snapshot, model, dice, probes)
        overlay = overlay.committed()
    for snapshot, had in seen:
        check(snapshot, had, dice, probes)
        snapshot.abort()


@pytest.mark.parametrize("seed", range(_HISTORIES))
@pytest.mark.parametrize("lately_max", [0, 3, _LATELY_MAX])
def test_layers_over_tables_are_what_a_dictionary_has(
    tables: LmdbEngine, monkeypatch: pytest.MonkeyPatch, seed: int, lately_max: int
) -> None:
    """A layer removes rows of the one below and of the tables, and puts them again.

    When the lowest is written into the tables, those and the others show the same.
    """
    monkeypatch.setattr(overlays, "_LATELY_MAX", lately_max)
    dice = chance(f"layers {seed}")
    keys = some_keys(dice)
    model = some_tables(dice, tables, keys)
    probes = [*dice.sample(keys, 6), b"a\x01", b"\xff\xff\xff\xfe"]
    layers = [Overlay(tables.last_number())]
    seen: list[tuple[OverlaidTransaction, Model]] = []
    for _ in range(12):
        step = dice.random()
        if step < 0.25 and len(layers) < 3:
            layers.append(Overlay(layers[-1].base + 1))
        elif step < 0.4 and len(layers) > 1:
            lowest = layers.pop(0)
            write(tables, lowest)
            assert tables.last_number() == layers[0].base
        rows = some_rows(dice, keys, _TOUCHED)
        if dice.random() < 0.2:
            add(layers[-1], rows)
            layers[-1] = layers[-1].committed()
        else:
            commit(layers[-1], rows)
            change(model, rows)
        snapshot = OverlaidTransaction(tables.read(), view_of(*layers))
        seen.append((snapshot, dict(model)))
        check(snapshot, model, dice, probes)
    for snapshot, had in seen:
        check(snapshot, had, dice, probes)
        snapshot.abort()


@pytest.mark.parametrize("seed", range(20))
def test_readers_may_see_fewer_commits_than_there_are(tables: LmdbEngine, seed: int) -> None:
    """Of each layer; but of a lower one they see all once there is a higher one."""
    dice = chance(f"fewer {seed}")
    keys = some_keys(dice)
    models = [some_tables(dice, tables, keys)]
    lower = Overlay(tables.last_number())
    upper = Overlay(lower.base + 1)
    for layer in (lower, upper):
        for _ in range(5):
            rows = some_rows(dice, keys, _TOUCHED)
            commit(layer, rows)
            models.append(dict(models[-1]))
            change(models[-1], rows)
    views: list[View] = [((lower, commits),) for commits in range(6)]
    views += [((upper, commits), (lower, 5)) for commits in range(6)]
    probes = [*dice.sample(keys, 6), b"a\x01", b"\xff\xff\xff\xfe"]
    for view, model in zip(views, [*models[:6], *models[5:]], strict=True):
        snapshot = OverlaidTransaction(tables.read(), view)
        check(snapshot, model, dice, probes)
        snapshot.abort()


class Walk:
    """A cursor of a model, which sees what changes in it.

    Args:
        model: the rows of its table, sorted by nobody.
    """

    def __init__(self, model: dict[bytes, bytes]) -> None:
        self._model = model
        self.at: bytes | None = None

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        keys = sorted(self._model)
        return self._go(keys, bisect_left(keys, key))

    def seek_before(self, key: bytes) -> tuple[bytes, bytes] | None:
        keys = sorted(self._model)
        return self._go(keys, bisect_left(keys, key) - 1)

    def next(self) -> tuple[bytes, bytes] | None:
        assert self.at is not None
        keys = sorted(self._model)
        return self._go(keys, bisect_right(keys, self.at))

    def _go(self, keys: list[bytes], place: int) -> tuple[bytes, bytes] | None:
        self.at = keys[place] if 0 <= place < len(keys) else None
        return None if self.at is None else (self.at, self._model[self.at])


@pytest.mark.parametrize("seed", range(_HISTORIES))
@pytest.mark.parametrize("layers", [1, 2])
def test_cursors_see_what_is_changed_while_they_stand_somewhere(
    tables: LmdbEngine, seed: int, layers: int
) -> None:
    """What is put or removed, by whomever: behind them, before them and where they are."""
    dice = chance(f"live {seed}")
    keys = some_keys(dice)
    model = {
        key: value
        for (table, key), value in some_tables(dice, tables, keys).items()
        if table is Table.LOG
    }
    lower, upper = Overlay(tables.last_number()), Overlay(tables.last_number() + 1)
    below = [lower] if layers == 2 else []
    for layer in (*below, upper):
        for _ in range(dice.randrange(4)):
            rows = some_rows(dice, keys, (Table.LOG,))
            commit(layer, rows)
            change_table(model, rows)
    changes = upper.changes()
    txn = OverlaidTransaction(tables.read(), ((upper, upper.commits + 1), *view_of(*below)))
    pairs: list[tuple[Cursor, Walk]] = [(txn.cursor(Table.LOG), Walk(model)) for _ in range(3)]
    for _ in range(120):
        key = dice.choice(keys)
        cursor, walk = dice.choice(pairs)
        step = dice.choice(["put", "delete", "delete here", "seek", "seek_before", *["next"] * 4])
        if step.startswith("delete"):
            key = walk.at if step == "delete here" and walk.at is not None else key
            changes.delete(Table.LOG, key)
            model.pop(key, None)
        elif step == "put":
            model[key] = dice.randbytes(3)
            changes.put(Table.LOG, key, model[key])
        elif step == "next":
            # Where there was no row there is nothing after it.
            if walk.at is not None:
                assert cursor.next() == walk.next()
        elif step == "seek":
            assert cursor.seek(key) == walk.seek(key)
        else:
            assert cursor.seek_before(key) == walk.seek_before(key)
        assert txn.get(Table.LOG, key) == model.get(key)
    assert txn.count(Table.LOG) == len(model)
    txn.abort()


def change_table(model: dict[bytes, bytes], rows: list[Row]) -> None:
    for _, key, value in rows:
        if value is None:
            model.pop(key, None)
        else:
            model[key] = value


@pytest.mark.parametrize("seed", range(6))
def test_any_number_of_keys_is_kept_in_order(seed: int) -> None:
    """However many come at a time, and however many had come when somebody last asked."""
    dice = chance(f"many {seed}")
    overlay = Overlay(1)
    numbers = list(range(4 * _LATELY_MAX))
    dice.shuffle(numbers)
    there: list[int] = []
    while numbers:
        some = dice.choice([1, 1, 1, 2, 40, _LATELY_MAX - 1, _LATELY_MAX, _LATELY_MAX + 1])
        for _ in range(dice.choice([1, 1, 300]) if some == 1 else 1):
            came, numbers = numbers[:some], numbers[some:]
            # Some of them again, and in any order.
            again = dice.sample(there, min(len(there), 3))
            rows: list[Row] = [(Table.LOG, b"%06d" % n, b"") for n in (*came, *again)]
            commit(overlay, rows)
            there += came
            if dice.random() < 0.8:
                probe = dice.randrange(4 * _LATELY_MAX)
                found = overlay.key_from(Table.LOG, b"%06d" % probe)
                after = min((n for n in there if n >= probe), default=None)
                assert found == (None if after is None else b"%06d" % after)
                found = overlay.key_before(Table.LOG, b"%06d" % probe)
                before = max((n for n in there if n < probe), default=None)
                assert found == (None if before is None else b"%06d" % before)
        if dice.random() < 0.5:
            rows = list(overlay.rows(overlay.commits))
            assert rows == [(Table.LOG, b"%06d" % n, b"") for n in sorted(there)]
    assert overlay.key_from(Table.LOCKS, b"") is None
    assert overlay.key_before(Table.LOCKS, b"\xff") is None


def test_a_walk_goes_on_in_order_while_many_keys_come(
    tables: LmdbEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the cursor and before it, until the lists of keys have become others."""
    monkeypatch.setattr(overlays, "_LATELY_MAX", 256)
    dice = chance("walk")
    fill(tables, [(Table.LOG, b"%06d" % (3 * n), b"") for n in range(200)])
    lower, upper = Overlay(tables.last_number()), Overlay(tables.last_number() + 1)
    commit(lower, [(Table.LOG, b"%06d" % (3 * n + 1), b"") for n in range(200)])
    changes = upper.changes()
    txn = OverlaidTransaction(tables.read(), ((upper, 1), (lower, 1)))
    there = {3 * n for n in range(200)} | {3 * n + 1 for n in range(200)}
    cursor = txn.cursor(Table.LOG)
    row = cursor.seek(b"")
    while row is not None:
        at = int(row[0])
        for number in dice.sample(range(600), 5):
            if dice.random() < 0.2:
                changes.delete(Table.LOG, b"%06d" % number)
                there.discard(number)
            else:
                changes.put(Table.LOG, b"%06d" % number, b"")
                there.add(number)
        row = cursor.next()
        assert row == (
            (b"%06d" % after, b"")
            if (after := min((n for n in there if n > at), default=None)) is not None
            else None
        )
    assert upper.key_from(Table.LOG, b"") is not None
    assert len(list(upper.rows(1))) > 256
    txn.abort()


_STARTS = (b"\0", b"\1a", b"\1b", b"\2aa", b"\2ab", b"\4\xff\xff\xff\xff")
# Those that nothing begins with, but for the beginnings of others.
_NO_STARTS = (b"", b"\1", b"\1c", b"\2a", b"\5", b"\xff")


class Newest:
    """Revisions of a few rows, the smaller of which are put first.

    Attributes:
        rows: those that there are.
    """

    def __init__(self, dice: Random) -> None:
        self.rows: dict[tuple[Table, bytes], dict[int, bytes]] = {}
        self._dice = dice
        self._revision = dice.choice([0, 250, 2**32 - 20, 2**64 - 300])

    def some(self) -> list[Row]:
        """Change some of them."""
        return [self._change() for _ in range(self._dice.randrange(1, 6))]

    def _change(self) -> Row:
        dice = self._dice
        table = dice.choice(_BASED)
        # Those of a log begin with nothing before them.
        start = b"" if table is Table.LOG else dice.choice(_STARTS)
        there = self.rows.setdefault((table, start), {})
        kind = dice.choice(["put", "put", "put again", "newest", "newest", "older", "never there"])
        if kind == "put" or not there:
            self._revision += dice.randrange(1, 3)
            revision = self._revision
        elif kind in {"put again", "newest"}:
            revision = max(there)
        else:
            revision = dice.choice(list(there)) if kind == "older" else dice.randrange(2**64)
        key = start + revision.to_bytes(REVISION_BYTES)
        if kind.startswith("put") or not there:
            there[revision] = dice.randbytes(4)
            return table, key, there[revision]
        there.pop(revision, None)
        return table, key, None

    def expected(self) -> dict[tuple[Table, bytes], tuple[bytes, bytes]]:
        """The newest of each."""
        return {
            (table, start): (start + max(there).to_bytes(REVISION_BYTES), there[max(there)])
            for (table, start), there in self.rows.items()
            if there
        }


def check_newest(
    txn: ReadTransaction, expected: dict[tuple[Table, bytes], tuple[bytes, bytes]]
) -> None:
    for start in _STARTS:
        assert txn.newest(Table.HEADS, start) == expected.get((Table.HEADS, start))
    assert txn.newest(Table.LOG, b"") == expected.get((Table.LOG, b""))
    for start in _NO_STARTS:
        assert txn.newest(Table.HEADS, start) is None
    assert txn.newest(_LEFT_ALONE, b"") is None


@pytest.mark.parametrize("seed", range(_HISTORIES))
def test_the_newest_of_rows_is_what_a_dictionary_has(tables: LmdbEngine, seed: int) -> None:
    """Whether it is in a layer or in the tables, and whatever was removed of them where.

    A transaction sees what it has changed itself.
    """
    dice = chance(f"newest {seed}")
    model = Newest(dice)
    for _ in range(dice.randrange(5)):
        fill(tables, model.some())
    layers = [Overlay(tables.last_number())]
    seen = []
    for _ in range(14):
        step = dice.random()
        if step < 0.25 and len(layers) < 3:
            layers.append(Overlay(layers[-1].base + 1))
        elif step < 0.35 and len(layers) > 1:
            write(tables, layers.pop(0))
        newest, *below = layers[::-1]
        changes = newest.changes()
        within = OverlaidTransaction(
            tables.read(), ((newest, newest.commits + 1), *view_of(*below[::-1]))
        )
        for _ in range(dice.randrange(1, 4)):
            make(changes, model.some())
            check_newest(within, model.expected())
        within.abort()
        newest.count(changes)
        if dice.random() < 0.2:
            layers[-1] = layers[-1].committed()
        snapshot = OverlaidTransaction(tables.read(), view_of(*layers))
        seen.append((snapshot, model.expected()))
        check_newest(snapshot, model.expected())
    for snapshot, expected in seen:
        check_newest(snapshot, expected)
        snapshot.abort()


def test_the_newest_of_rows_is_found_below_those_that_were_removed(tables: LmdbEngine) -> None:
    """Each in another place: the tables, a layer, the layer above."""

    def row(revision: int) -> tuple[bytes, bytes]:
        return b"\1a" + revision.to_bytes(REVISION_BYTES), b"%d" % revision

    fill(tables, [(Table.HEADS, *row(1)), (Table.HEADS, *row(2))])
    lower, upper = Overlay(tables.last_number()), Overlay(tables.last_number() + 1)
    txn = OverlaidTransaction(tables.read(), ((upper, 10), (lower, 2)))
    assert txn.newest(Table.HEADS, b"\1a") == row(2)
    commit(lower, [(Table.HEADS, *row(3))])
    commit(lower, [(Table.HEADS, *row(4)), (Table.HEADS, row(1)[0], None)])
    assert txn.newest(Table.HEADS, b"\1a") == row(4)
    # An older one is removed, which tells nothing of the newest.
    commit(upper, [(Table.HEADS, row(2)[0], None)])
    assert txn.newest(Table.HEADS, b"\1a") == row(4)
    commit(upper, [(Table.HEADS, row(4)[0], None)])
    assert txn.newest(Table.HEADS, b"\1a") == row(3)
    commit(upper, [(Table.HEADS, *row(5))])
    assert txn.newest(Table.HEADS, b"\1a") == row(5)
    commit(upper, [(Table.HEADS, row(5)[0], None), (Table.HEADS, row(3)[0], None)])
    assert txn.newest(Table.HEADS, b"\1a") is None
    fewer = OverlaidTransaction(tables.read(), ((upper, 2), (lower, 2)))
    assert fewer.newest(Table.HEADS, b"\1a") == row(3)
    for each in (txn, fewer):
        each.abort()


@pytest.mark.parametrize("seed", range(10))
def test_its_rows_make_the_tables_what_it_shows(tables: LmdbEngine, seed: int) -> None:
    """For all commits and for the first few."""
    dice = chance(f"rows {seed}")
    keys = some_keys(dice)
    models: list[Model] = [{}]
    overlay = Overlay(tables.last_number())
    for _ in range(6):
        rows = some_rows(dice, keys, _TOUCHED)
        commit(overlay, rows)
        models.append(dict(models[-1]))
        change(models[-1], rows)
    add(overlay, some_rows(dice, keys, _TOUCHED))

    for commits, model in enumerate(models):
        rows = list(overlay.rows(commits))
        made: Model = {}
        change(made, rows)
        assert made == model
        assert rows == sorted(rows, key=lambda row: row[:2])
        assert len({(table, key) for table, key, _ in rows}) == len(rows)


def test_what_was_only_added_is_gone_once_it_is_asked_for_what_was_committed() -> None:
    overlay = Overlay(7)
    commit(overlay, [(Table.LOG, b"kept", b"0")])
    commit(overlay, [(Table.LOG, b"kept", b"1")])
    assert overlay.size_bytes == 10
    add(overlay, [(Table.LOG, b"kept", b"2"), (Table.LOG, b"new", b"3")])
    assert (overlay.commits, overlay.size_bytes) == (2, 10)
    assert (overlay.places, overlay.key_from(Table.LOG, b"l")) == (1, b"new")

    after = overlay.committed()
    assert (after.base, after.commits, after.size_bytes, after.places) == (7, 2, 5, 1)
    # Nor is it seen with the commit that comes in its place.
    commit(after, [(Table.LOCKS, b"other", b"4")])
    assert list(after.rows(after.commits)) == [
        (Table.LOG, b"kept", b"1"),
        (Table.LOCKS, b"other", b"4"),
    ]
    assert after.find(Table.LOG, b"new", after.commits) is None
    assert after.key_from(Table.LOG, b"l") is None


def test_nothing_is_left_of_a_first_commit_that_did_not_come_to_be() -> None:
    overlay = Overlay(7)
    add(overlay, [(Table.LOG, b"new", b"3")])
    after = overlay.committed()
    assert (after.commits, after.size_bytes, after.places) == (0, 0, 0)
    assert list(after.rows(1)) == []
    commit(after, [(Table.LOG, b"other", b"4")])
    assert list(after.rows(1)) == [(Table.LOG, b"other", b"4")]


def test_records_are_commits_in_their_order() -> None:
    overlay = Overlay.of(3, [[(Table.LOG, b"a", b"1"), (Table.LOG, b"b", b"1")], [], []])
    assert (overlay.base, overlay.commits) == (3, 3)
    overlay = Overlay.of(3, [[(Table.LOG, b"a", b"1")], [(Table.LOG, b"a", None)]])
    assert list(overlay.rows(0)) == []
    assert list(overlay.rows(1)) == [(Table.LOG, b"a", b"1")]
    assert list(overlay.rows(2)) == [(Table.LOG, b"a", None)]


def test_it_tells_what_its_rows_take_and_where_they_go() -> None:
    """Keys that end in a revision are neighbours; what is removed takes its key."""
    overlay = Overlay(1)
    for revision in range(100):
        commit(
            overlay,
            [
                (Table.LOG, revision.to_bytes(8), b"x" * 10),
                (Table.HEADS, b"n%d:" % (revision % 5) + bytes(8), b"y" * 20),
                (Table.LOG, bytes(8), None),
            ],
        )

    assert overlay.size_bytes == 100 * (8 + 10) + 100 * (3 + 8 + 20) + 100 * 8
    assert overlay.places == 1 + 5


@pytest.mark.parametrize("where", [Table.LOG, Table.LOCKS])
def test_the_greatest_key_of_all_is_found(tables: LmdbEngine, where: Table) -> None:
    """In the tables, and over them."""
    greatest = b"\xff" * _KEY_BYTES_MAX
    fill(tables, [(Table.LOG, greatest, b"")])
    overlay = Overlay(tables.last_number())
    commit(
        overlay, [(Table.LOG, b"a", b""), (Table.LOCKS, b"a", b""), (Table.LOCKS, greatest, b"")]
    )
    txn = OverlaidTransaction(tables.read(), view_of(overlay))

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
            txn = OverlaidTransaction(tables.read(), ((overlay, commits),))
            last = b"%d" % commits
            cursor = txn.cursor(Table.LOCKS)
            found, row = [], cursor.seek(b"\0")
            while row is not None:
                found.append(row)
                row = cursor.next()
            if commits and found != [(b"%04d" % n, last) for n in range(10)]:
                failures.append(f"{commits} commits: {found}")
            if txn.count(Table.HEADS) != 100 + commits or txn.last_key(Table.LOG) != (
                commits.to_bytes(8) if commits else None
            ):
                failures.append(f"{commits} commits: they are not counted")
            txn.abort()

    threads = [threading.Thread(target=scan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 1001):
        rows: list[Row] = [(Table.LOCKS, b"%04d" % n, b"%d" % number) for n in range(10)]
        # The tables have every second key of these.
        rows += [(Table.HEADS, b"new %d" % number, b""), (Table.HEADS, b"0002", b"%d" % number)]
        rows.append((Table.LOG, number.to_bytes(8), b""))
        commit(overlay, rows)
    stop.set()
    for thread in threads:
        thread.join(_DEADLINE_S)

    assert not failures, failures[0]
