"""What a transaction changes is listed and shown alike in native code and without."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import lmdb
import pytest

from statekeeper_server.engine import REVISION_BYTES, EngineBrokenError, EngineFullError, Table
from statekeeper_server.engine.changes import Changes, ListedChanges, Places, Row, Version
from statekeeper_server.engine.lmdb import LmdbEngine, verify
from statekeeper_server.native_part import native
from tests.support.chance import chance

_WAYS = ["listed", *(["native"] if native else [])]
_HISTORIES = 30
# About the sizes at which a value begins to take a page of its own, then two, then more.
_SIZES = (1, 1_000, 2_100, 4_080, 4_081, 8_176, 8_177, 20_000)

needs_native = pytest.mark.skipif(not native, reason="there is no native part")
Model = dict[tuple[Table, bytes], bytes | None]


class Shown:
    """What changes are shown in.

    Attributes:
        versions: of each table, as of `ListedChanges`.
        keys: of each table.
        places: of all.
    """

    def __init__(self) -> None:
        self.versions: tuple[dict[bytes, Version], ...] = tuple({} for _ in Table)
        self.keys: tuple[list[bytes], ...] = tuple([] for _ in Table)
        self.places: Places = {}

    def begin(self, way: str, number: int) -> Changes:
        """The changes of a commit."""
        kind = native.Changes if native and way == "native" else ListedChanges
        return kind(number, self.versions, self.keys, self.places)

    def at(self, commits: int) -> Model:
        """What so many commits have set and removed."""
        found: Model = {}
        for table in Table:
            for key, newest in self.versions[table].items():
                version: Version | None = newest
                while version is not None and version[0] > commits:
                    version = version[2]
                if version is not None:
                    found[table, key] = version[1]
        return found


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[LmdbEngine]:
    engine = LmdbEngine(tmp_path, map_size_bytes=16 * 1024**2)
    yield engine
    engine.close()


def some_row(dice: Random) -> Row:
    """Few keys, of which some differ in their revision alone and some are too short for one."""
    table = dice.choice([Table.HEADS, Table.LOG, Table.ACCESSES])
    start = dice.choice([b"", b"a", b"ab", b"\xff" * 500])
    revision = dice.choice([0, 255, 256, 2**64 - 1]).to_bytes(REVISION_BYTES)
    key = start + dice.choice([revision, revision, revision[1:], b""])
    value = None if dice.random() < 0.3 else dice.randbytes(dice.choice([0, 1, 100]))
    return table, key or b"\0", value


@pytest.mark.parametrize("way", _WAYS)
def test_rows_are_put_and_listed(way: str) -> None:
    shown = Shown()
    changes = shown.begin(way, 1)
    changes.put(Table.HEADS, b"a", b"1")
    changes.put(Table.LOG, b"b", b"22")
    changes.delete(Table.HEADS, b"a")
    changes.delete(Table.HEADS, b"never there")

    assert changes.rows == [
        (Table.HEADS, b"a", b"1"),
        (Table.LOG, b"b", b"22"),
        (Table.HEADS, b"a", None),
        (Table.HEADS, b"never there", None),
    ]
    assert changes.size_bytes == 2 + 3 + 1 + 11
    assert shown.at(0) == {}
    assert shown.at(1) == {
        (Table.HEADS, b"a"): None,
        (Table.LOG, b"b"): b"22",
        (Table.HEADS, b"never there"): None,
    }
    assert shown.keys[Table.HEADS] == [b"a", b"never there"]
    assert shown.keys[Table.LOG] == [b"b"]
    assert not any(shown.keys[table] for table in Table if table not in (Table.HEADS, Table.LOG))


@pytest.mark.parametrize("way", _WAYS)
def test_a_place_tells_the_greatest_of_its_keys(way: str) -> None:
    """Be it removed: whoever asks for the newest must look further then."""
    shown = Shown()
    changes = shown.begin(way, 1)
    changes.put(Table.HEADS, b"a" + (256).to_bytes(8), b"")
    changes.put(Table.HEADS, b"a" + (255).to_bytes(8), b"")
    changes.put(Table.LOG, b"a" + (1).to_bytes(8), b"")
    assert shown.places == {
        (Table.HEADS, b"a"): b"a" + (256).to_bytes(8),
        (Table.LOG, b"a"): b"a" + (1).to_bytes(8),
    }
    changes = shown.begin(way, 2)
    changes.delete(Table.HEADS, b"a" + (257).to_bytes(8))
    changes.put(Table.LOG, (2).to_bytes(8), b"")
    changes.put(Table.LOG, b"short", b"")
    changes.put(Table.LOG, b"", b"")
    assert shown.places == {
        (Table.HEADS, b"a"): b"a" + (257).to_bytes(8),
        (Table.LOG, b"a"): b"a" + (1).to_bytes(8),
        (Table.LOG, b""): b"short",
    }


@pytest.mark.parametrize("seed", range(_HISTORIES))
@pytest.mark.parametrize("way", _WAYS)
def test_each_commit_shows_what_a_dictionary_has(way: str, seed: int) -> None:
    """Whoever knows of fewer commits sees what they had made."""
    dice = chance(f"changes {seed}")
    shown = Shown()
    models: list[Model] = [{}]
    for number in range(1, 9):
        changes = shown.begin(way, number)
        rows = [some_row(dice) for _ in range(dice.randrange(8))]
        model = dict(models[-1])
        for table, key, value in rows:
            if value is None:
                changes.delete(table, key)
            else:
                changes.put(table, key, value)
            model[table, key] = value
            assert shown.at(number) == model
        models.append(model)
        assert changes.rows == rows
        assert changes.size_bytes == sum(len(key) + len(value or b"") for _, key, value in rows)
    for commits, model in enumerate(models):
        assert shown.at(commits) == model
    for table in Table:
        # In the order in which they came.
        assert shown.keys[table] == [key for where, key in models[-1] if where is table]
    starts = {(table, key[:-REVISION_BYTES]) for table, key in models[-1]}
    assert shown.places == {
        (table, start): max(
            key for where, key in models[-1] if where is table and key[:-REVISION_BYTES] == start
        )
        for table, start in starts
    }


@needs_native
@pytest.mark.parametrize("seed", range(_HISTORIES))
def test_both_ways_make_the_same(seed: int) -> None:
    """One may go on with what the other has made."""
    dice = chance(f"both ways {seed}")
    all_shown = [Shown(), Shown(), Shown()]
    for number in range(1, 9):
        all_changes = [
            shown.begin(way, number)
            for shown, way in zip(all_shown, ["listed", "native", dice.choice(_WAYS)], strict=True)
        ]
        for _ in range(dice.randrange(8)):
            table, key, value = some_row(dice)
            for changes in all_changes:
                if value is None:
                    changes.delete(table, key)
                else:
                    changes.put(table, key, value)
        assert all(each.rows == all_changes[0].rows for each in all_changes)
        assert all(each.size_bytes == all_changes[0].size_bytes for each in all_changes)
    assert all(vars(shown) == vars(all_shown[0]) for shown in all_shown)


def test_values_in_tables_may_grow_and_shrink(tables: LmdbEngine, tmp_path: Path) -> None:
    """From one transaction to the next: within one each key is put once."""
    dice = chance("sizes of values")
    kept: dict[bytes, bytes] = {}
    for _ in range(60):
        txn = tables.write()
        rows = {
            b"%d" % dice.randrange(8): (
                None if dice.random() < 0.2 else dice.randbytes(dice.choice(_SIZES))
            )
            for _ in range(8)
        }
        txn.put(Table.HEADS, [(key, value) for key, value in rows.items() if value is not None])
        txn.delete(Table.HEADS, [key for key, value in rows.items() if value is None])
        txn.commit()
        kept |= {key: value for key, value in rows.items() if value is not None}
        kept = {key: value for key, value in kept.items() if rows.get(key, value) is not None}
        snapshot = tables.read()
        assert {key: snapshot.get(Table.HEADS, key) for key in kept} == kept
        assert snapshot.count(Table.HEADS) == len(kept)
        snapshot.abort()
    assert not verify(tmp_path)


def test_full_tables_are_said_in_the_words_of_the_port(tables: LmdbEngine) -> None:
    txn = tables.write()
    with pytest.raises(EngineFullError) as caught:
        txn.put(Table.CHUNKS, [(b"%03d" % number, bytes(64 * 1024)) for number in range(1_000)])
    assert isinstance(caught.value.__cause__, lmdb.MapFullError)
    txn.abort()


def test_any_other_failure_of_the_tables_is_too(tables: LmdbEngine) -> None:
    txn = tables.write()
    with pytest.raises(EngineBrokenError):
        txn.put(Table.HEADS, [(bytes(512), b"a key that is too long")])
    with pytest.raises(EngineBrokenError):
        txn.delete(Table.HEADS, [b""])
    txn.abort()


@needs_native
@pytest.mark.parametrize("table", [len(Table), 99, -1])
def test_native_code_knows_its_tables(table: Table) -> None:
    changes = Shown().begin("native", 1)
    with pytest.raises(ValueError, match="there is no such table"):
        changes.put(table, b"key", b"value")
    with pytest.raises(ValueError, match="there is no such table"):
        changes.delete(table, b"key")
    assert (changes.rows, changes.size_bytes) == ([], 0)


@needs_native
def test_native_code_takes_bytes_alone() -> None:
    shown = Shown()
    changes = shown.begin("native", 1)
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, b"key", "text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, "key", b"value")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, b"key", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, b"key")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        changes.delete(Table.HEADS, "key")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        changes.delete(Table.HEADS)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        changes.put("heads", b"key", b"value")  # type: ignore[arg-type]
    assert (changes.rows, changes.size_bytes) == ([], 0)
    assert vars(shown) == vars(Shown())


@needs_native
@pytest.mark.parametrize("wrong", range(4))
def test_native_code_is_shown_in_what_it_knows(wrong: int) -> None:
    assert native
    shown = Shown()
    bad: Any
    for bad in (None, "1", [], ([], {})):
        arguments: list[Any] = [1, shown.versions, shown.keys, shown.places]
        arguments[wrong] = bad
        with pytest.raises(TypeError):
            native.Changes(*arguments)


@needs_native
def test_native_code_looks_up_in_what_it_knows() -> None:
    """A view of something else is refused, and asking it in another way."""
    assert native
    shown = Shown()
    shown.begin("native", 1).put(Table.HEADS, b"key", b"value")

    def none(*_: object) -> None:
        return None

    layer = (shown.versions, shown.places, 1)
    bad: Any
    for bad in (
        (shown.versions, shown.places),
        ([], shown.places, 1),
        (shown.versions, [], 1),
        (shown.versions, shown.places, "1"),
        None,
    ):
        with pytest.raises(TypeError):
            native.View((layer, bad), none, none)
    view = native.View((layer,), none, none)
    assert view.get(Table.HEADS, b"key") == b"value"
    assert view.get(Table.LOG, b"key") is None
    for ask in (view.get, view.newest):
        with pytest.raises(TypeError):
            ask(Table.HEADS)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="there is no such table"):
        view.get(99, b"key")  # type: ignore[arg-type]


@needs_native
def test_what_goes_wrong_below_native_code_is_told() -> None:
    """Where the layers know nothing it asks for what is below them."""
    assert native
    shown = Shown()

    def fail(*_: object) -> None:
        raise EngineBrokenError("the medium failed")

    view = native.View(((shown.versions, shown.places, 0),), fail, fail)
    for ask in (view.get, view.newest):
        with pytest.raises(EngineBrokenError, match="the medium failed"):
            ask(Table.HEADS, b"key")


@needs_native
@pytest.mark.parametrize(
    "arguments",
    [
        ([], [b"key"], 1),
        ({}, (b"key",), 1),
        ({}, [b"key"], "1"),
        ({}, [b"key"]),
        ({b"key": b"no version"}, [b"key"], 1),
        ({b"key": ("1", b"value", None)}, [b"key"], 1),
        ({}, [{}], 1),
    ],
)
def test_native_code_lists_rows_of_what_it_knows(arguments: tuple[object, ...]) -> None:
    assert native
    with pytest.raises(TypeError):
        native.list_rows(*arguments)  # type: ignore[arg-type]
