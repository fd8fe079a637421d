"""Putting rows into the tables while they are listed, in native code and without."""

from collections.abc import Iterator
from pathlib import Path

import lmdb
import pytest

from statekeeper_server.engine import EngineBrokenError, EngineFullError, Table
from statekeeper_server.engine.changes import Changes, ListedChanges
from statekeeper_server.engine.lmdb import LmdbEngine, LmdbWriteTransaction, verify
from statekeeper_server.native_part import native
from tests.support.chance import chance

_WAYS = ["listed", *(["native"] if native else [])]
# About the sizes at which a value begins to take a page of its own, then two, then more.
_SIZES = (1, 1_000, 2_100, 4_080, 4_081, 8_176, 8_177, 20_000)


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[LmdbEngine]:
    engine = LmdbEngine(tmp_path, map_size_bytes=16 * 1024**2)
    yield engine
    engine.close()


def begin(txn: LmdbWriteTransaction, way: str) -> Changes:
    return txn.changes() if way == "native" else ListedChanges(txn)


@pytest.mark.parametrize("way", _WAYS)
def test_rows_are_put_and_listed(tables: LmdbEngine, way: str) -> None:
    txn = tables.write()
    changes = begin(txn, way)
    changes.put(Table.HEADS, b"a", b"1")
    changes.put(Table.LOG, b"b", b"2")
    changes.delete(Table.HEADS, b"a")
    changes.delete(Table.HEADS, b"never there")

    assert changes.rows == [
        (Table.HEADS, b"a", b"1"),
        (Table.LOG, b"b", b"2"),
        (Table.HEADS, b"a", None),
        (Table.HEADS, b"never there", None),
    ]
    assert (txn.get(Table.HEADS, b"a"), txn.get(Table.LOG, b"b")) == (None, b"2")
    txn.abort()


@pytest.mark.parametrize("way", _WAYS)
def test_values_may_grow_and_shrink_in_one_transaction(
    tables: LmdbEngine, tmp_path: Path, way: str
) -> None:
    """LMDB would leave a smaller value the pages of a larger one: its verification says so."""
    dice = chance("sizes of values")
    kept: dict[bytes, bytes] = {}
    for _ in range(20):
        txn = tables.write()
        changes = begin(txn, way)
        for _ in range(50):
            key = b"%d" % dice.randrange(5)
            if dice.random() < 0.2:
                changes.delete(Table.HEADS, key)
                kept.pop(key, None)
            else:
                kept[key] = dice.randbytes(dice.choice(_SIZES))
                changes.put(Table.HEADS, key, kept[key])
        txn.commit()
        snapshot = tables.read()
        assert {key: snapshot.get(Table.HEADS, key) for key in kept} == kept
        assert snapshot.count(Table.HEADS) == len(kept)
        snapshot.abort()
    assert not verify(tmp_path)


@pytest.mark.parametrize("way", _WAYS)
def test_a_full_map_is_said_in_the_words_of_the_port(tables: LmdbEngine, way: str) -> None:
    txn = tables.write()
    changes = begin(txn, way)

    def fill() -> None:
        for number in range(1_000):
            changes.put(Table.CHUNKS, b"%d" % number, bytes(64 * 1024))

    with pytest.raises(EngineFullError) as caught:
        fill()
    assert isinstance(caught.value.__cause__, lmdb.MapFullError)
    txn.abort()


@pytest.mark.parametrize("way", _WAYS)
def test_any_other_failure_is_too(tables: LmdbEngine, way: str) -> None:
    txn = tables.write()
    changes = begin(txn, way)
    with pytest.raises(EngineBrokenError):
        changes.put(Table.HEADS, bytes(512), b"a key that is too long")
    txn.abort()


@pytest.mark.skipif(not native, reason="there is no native part")
@pytest.mark.parametrize("arguments", [(99, b"key", b"value"), (-1, b"key", b"value")])
def test_native_code_knows_its_tables(
    tables: LmdbEngine, arguments: tuple[Table, bytes, bytes]
) -> None:
    txn = tables.write()
    with pytest.raises(ValueError, match="there is no such table"):
        txn.changes().put(*arguments)
    txn.abort()


@pytest.mark.skipif(not native, reason="there is no native part")
def test_native_code_takes_bytes_alone(tables: LmdbEngine) -> None:
    txn = tables.write()
    changes = txn.changes()
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, b"key", "text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, "key", b"value")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        changes.put(Table.HEADS, b"key")  # type: ignore[call-arg]
    txn.abort()
