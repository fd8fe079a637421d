"""Values on their way to the disk and back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statekeeper_server.codec import (
    CHUNK_BYTES,
    COMPRESS_ABOVE_BYTES,
    EncodedEntry,
    encode,
    holds,
    same_value,
)
from statekeeper_server.engine import Table
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.keys import chunk_key
from statekeeper_server.storage.v1.records_pb2 import EntryVersion
from statekeeper_server.store.reader import Entry, Reader
from statekeeper_server.store.rows import version_row
from tests.support.chance import chance

SIZES = [
    *(0, 1, COMPRESS_ABOVE_BYTES - 1, COMPRESS_ABOVE_BYTES, COMPRESS_ABOVE_BYTES + 1),
    *(CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1),
]


def noise(size: int) -> bytes:
    """What does not compress."""
    return chance(size).randbytes(size)


def version_of(encoded: EncodedEntry, ordinal: int = 1) -> EntryVersion:
    """What is written of a value, as it is read again."""
    row = version_row(encoded, number=2, ordinal=ordinal, time_us=8, pruned_revision=9)
    return EntryVersion.FromString(row)


def stored(folder: Path, encoded: EncodedEntry) -> bytes | None:
    """The value as it is read again from an engine that it was written to."""
    engine = JournaledEngine(folder, map_size_bytes=64 * 1024**2)
    txn = engine.write()
    version = version_of(encoded)
    for number, piece in enumerate(encoded.pieces):
        txn.put(Table.CHUNKS, chunk_key(1, 7, version.chunks.ordinal, number), piece)
    value = Reader(txn).value(1, Entry(b"prefix", 7, version))
    txn.abort()
    engine.close()
    return value


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [bytes, noise])
def test_a_value_comes_back(tmp_path: Path, size: int, make: type[bytes]) -> None:
    """B75, B78."""
    value = make(size)

    assert stored(tmp_path, encode(value, size)) == value


@pytest.mark.parametrize("size", SIZES)
def test_only_large_values_are_compressed(size: int) -> None:
    """B75."""
    assert encode(bytes(size), size).form == ("zstd" if size > COMPRESS_ABOVE_BYTES else "plain")


@pytest.mark.parametrize("size", SIZES)
def test_what_does_not_compress_is_kept_as_it_is(size: int) -> None:
    """B75: never larger than it was."""
    encoded = encode(noise(size), size)

    assert encoded.stored_bytes == size
    assert encoded.form == ("chunks" if size > CHUNK_BYTES else "plain")
    assert not version_of(encoded).chunks.zstd


@pytest.mark.parametrize("size", [CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 5 * CHUNK_BYTES - 1])
def test_pieces_have_one_size_but_for_the_last(size: int) -> None:
    encoded = encode(noise(size), size)
    sizes = [len(piece) for piece in encoded.pieces]

    assert version_of(encoded).chunks.count == len(sizes)
    assert set(sizes[:-1]) == {CHUNK_BYTES}
    assert 0 < sizes[-1] <= CHUNK_BYTES
    assert b"".join(encoded.pieces) == noise(size)


def test_what_compresses_well_but_not_small_is_cut_and_compressed(tmp_path: Path) -> None:
    """B75."""
    value = noise(CHUNK_BYTES) * 2 + bytes(CHUNK_BYTES * 3)
    encoded = encode(value, len(value))

    assert version_of(encoded).chunks.zstd
    assert encoded.stored_bytes == sum(map(len, encoded.pieces)) < len(value)
    assert stored(tmp_path, encoded) == value


def test_pages_are_filled_without_a_rest() -> None:
    """LMDB keeps 16 bytes of each run of pages for itself."""
    assert (CHUNK_BYTES + 16) % 4_096 == 0


values = st.binary(max_size=40) | st.sampled_from(
    [b"a" * 20_000, b"b" * 20_000, noise(70_000), noise(70_001), noise(70_000)[::-1]]
)


@given(left=values, right=values)
def test_equal_values_are_known_without_reading_them(left: bytes, right: bytes) -> None:
    """B52: what was not changed is not written again."""
    one, other = (encode(value, len(value)) for value in (left, right))
    # What else is in a row does not count.
    version = version_of(one, ordinal=7)
    assert same_value(version, version_of(other)) == (left == right)
    assert holds(version, other) == (left == right)


def test_a_removal_is_no_value() -> None:
    assert not same_value(EntryVersion(), version_of(encode(b"", 0)))
    assert not holds(EntryVersion(), encode(b"", 0))
    assert same_value(EntryVersion(), EntryVersion(ordinal=3))
