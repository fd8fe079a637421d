"""The journal gives what was appended, and tells a write that was cut off from damage."""

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statekeeper_server.engine import EngineBrokenError, Table
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.journal import FILE, Journal, Note, encode, make, read
from statekeeper_server.native_part import native
from tests.support.chance import chance

_BLOCK_BYTES = 4096
_SECTOR_BYTES = 512
_SIZE_BYTES = 64 * 1024
_HEADER_BYTES = 32

rows_of_a_commit = st.lists(
    st.tuples(
        st.sampled_from(Table),
        st.binary(min_size=1, max_size=511),
        st.none() | st.binary(max_size=2_000),
    ),
    max_size=12,
)


@pytest.fixture(params=["native", "python"], autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Records are encoded by the native part, or without it."""
    if request.param == "native" and native is None:
        pytest.skip("there is no native part")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setattr(journals, "native", None)
        yield


@pytest.fixture
def note(tmp_path: Path) -> Note:
    """That of a journal that was just made."""
    note = Note.new()
    make(tmp_path, note.engine)
    return note


def commit(number: int, size: int = 100) -> list[Row]:
    """The rows of a commit, which go into a record of about that size."""
    return [(Table.LOG, b"%d" % number, chance(f"commit {number}").randbytes(size))]


def write(folder: Path, note: Note, *commits: list[Row]) -> int:
    """Append records of an epoch; where the last one begins."""
    place = _BLOCK_BYTES
    with closing(Journal(folder)) as journal:
        for number, rows in enumerate(commits):
            record = encode(note.epoch, number, rows)
            assert journal.has_room(len(record))
            journal.append(record)
            place += -(-len(record) // _BLOCK_BYTES) * _BLOCK_BYTES if rows != commits[-1] else 0
    return place


def damage(folder: Path, place: int, data: bytes) -> None:
    with (folder / FILE).open("r+b") as file:
        file.seek(place)
        file.write(data)


@given(commits=st.lists(rows_of_a_commit, max_size=8))
def test_what_was_appended_is_read(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[Row]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    note = Note.new()
    make(folder, note.engine)
    with closing(Journal(folder)) as journal:
        kept = []
        for number, rows in enumerate(commits):
            record = encode(note.epoch, number, rows)
            if not journal.has_room(len(record)):
                break
            journal.append(record)
            kept.append(rows)
            assert read(folder, note) == kept


def test_a_record_is_the_same_in_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    epoch = bytes(range(16))
    rows: list[Row] = [
        (Table.HEADS, b"k" * 511, b""),
        (Table.ACCESSES, b"\0", None),
        (Table.CHUNKS, b"c", bytes(100_000)),
    ]
    record = encode(epoch, 7, rows)
    monkeypatch.setattr(journals, "native", None)
    assert encode(epoch, 7, rows) == record


def test_one_is_made_for_its_owner_alone_with_a_record_or_without(tmp_path: Path) -> None:
    note, rows = Note.new(), commit(0, 200_000)
    record = encode(note.epoch, 0, rows)
    make(tmp_path, note.engine, record)

    assert read(tmp_path, note) == [rows]
    found = (tmp_path / FILE).stat()
    assert (found.st_size, found.st_mode & 0o077) == (journals.file_bytes(record), 0)
    assert found.st_blocks * _SECTOR_BYTES >= found.st_size


def test_another_epoch_has_nothing(tmp_path: Path, note: Note) -> None:
    write(tmp_path, note, commit(0), commit(1))
    after = note.next()

    assert after.engine == note.engine
    assert read(tmp_path, after) == []
    assert Note.of(after.said) == after


def test_a_journal_that_has_been_round_many_times(tmp_path: Path, note: Note) -> None:
    """What is left of earlier epochs is nothing to the last."""
    dice = chance("rounds")
    with closing(Journal(tmp_path)) as journal:
        for _ in range(100):
            note = note.next()
            journal.restart()
            kept: list[list[Row]] = []
            for number in range(dice.randrange(5)):
                rows = commit(number, dice.choice([0, 10, 4_000, 9_000]))
                record = encode(note.epoch, number, rows)
                assert journal.has_room(len(record))
                journal.append(record)
                kept.append(rows)
            assert read(tmp_path, note) == kept


@pytest.mark.parametrize("earlier", [False, True])
def test_a_last_record_that_was_written_in_part_is_passed_over(
    tmp_path: Path, note: Note, *, earlier: bool
) -> None:
    """Whichever part: there are zeros, or an earlier epoch's records."""
    if earlier:
        write(tmp_path, note, *(commit(-n, 6_000) for n in range(1, 6)))
        note = note.next()
    commits = [commit(0), commit(1, 5_000), commit(2, 10_000)]
    before = (tmp_path / FILE).read_bytes()
    place = write(tmp_path, note, *commits)
    whole = (tmp_path / FILE).read_bytes()
    end = place + len(encode(note.epoch, 2, commits[2]))
    sectors = range(place, end, _SECTOR_BYTES)
    dice = chance("torn")
    lacking = [{sector} for sector in sectors]
    lacking += [set(dice.sample(sectors, dice.randrange(1, len(sectors)))) for _ in range(100)]
    lacking += [set(sectors[n:]) for n in range(len(sectors))]
    for missing in lacking:
        torn = bytearray(whole)
        for sector in missing:
            torn[sector : sector + _SECTOR_BYTES] = before[sector : sector + _SECTOR_BYTES]
        (tmp_path / FILE).write_bytes(torn)
        assert read(tmp_path, note) == commits[:2]


@pytest.mark.parametrize("damaged", range(3))
@pytest.mark.parametrize("at", [0, 5, 12, 25, 30, _HEADER_BYTES, _HEADER_BYTES + 100, -1])
def test_a_damaged_record_that_others_follow_is_refused(
    tmp_path: Path, note: Note, damaged: int, at: int
) -> None:
    """Wherever a byte of it is another: somebody was told that it is kept."""
    commits = [commit(n, 5_000) for n in range(4)]
    write(tmp_path, note, *commits)
    begin = _BLOCK_BYTES + damaged * 2 * _BLOCK_BYTES
    place = begin + at % len(encode(note.epoch, damaged, commits[damaged]))
    content = (tmp_path / FILE).read_bytes()
    damage(tmp_path, place, bytes([content[place] ^ 0x40]))

    with pytest.raises(EngineBrokenError, match=f"{FILE} is (damaged at byte {begin}|cut short)"):
        read(tmp_path, note)


def test_a_damaged_first_block_is_refused(tmp_path: Path, note: Note) -> None:
    write(tmp_path, note, commit(0))
    damage(tmp_path, 0, b"x")

    with pytest.raises(EngineBrokenError, match=f"{tmp_path / FILE} belongs to something else"):
        read(tmp_path, note)


def test_that_of_another_engine_is_refused(tmp_path: Path, note: Note) -> None:
    other = note._replace(engine=Note.new().engine)
    with pytest.raises(EngineBrokenError, match=f"{tmp_path / FILE} belongs to something else"):
        read(tmp_path, other)


def test_without_a_file_there_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(EngineBrokenError, match=f"cannot read {tmp_path / FILE}: No such file"):
        read(tmp_path, Note.new())


@pytest.mark.parametrize("size", [0, 3, 19])
def test_a_file_that_is_hardly_there_is_refused(tmp_path: Path, note: Note, size: int) -> None:
    os.truncate(tmp_path / FILE, size)
    with pytest.raises(EngineBrokenError, match="belongs to something else"):
        read(tmp_path, note)


@pytest.mark.parametrize("size", [20, _BLOCK_BYTES, _BLOCK_BYTES + 20, _SIZE_BYTES - 1])
def test_a_file_that_is_shorter_than_any_is_refused(tmp_path: Path, note: Note, size: int) -> None:
    write(tmp_path, note, commit(0))
    os.truncate(tmp_path / FILE, size)

    with pytest.raises(EngineBrokenError, match=f"{tmp_path / FILE} is cut short"):
        read(tmp_path, note)


def test_a_file_that_ends_in_a_record_is_refused(tmp_path: Path) -> None:
    note = Note.new()
    make(tmp_path, note.engine, encode(note.epoch, 0, commit(0, 100_000)))
    os.truncate(tmp_path / FILE, 80_000)

    with pytest.raises(EngineBrokenError, match=f"{tmp_path / FILE} is cut short"):
        read(tmp_path, note)


def test_nothing_was_said_of_it() -> None:
    with pytest.raises(EngineBrokenError, match="know of no journal"):
        Note.of(None)


def test_it_takes_records_up_to_its_end_and_no_further(tmp_path: Path, note: Note) -> None:
    overhead = len(encode(note.epoch, 0, commit(0, 0)))
    rest = _SIZE_BYTES - _BLOCK_BYTES - overhead
    with closing(Journal(tmp_path)) as journal:
        assert not journal.has_room(overhead + rest + 1)
        record = encode(note.epoch, 0, commit(0, rest))
        assert journal.has_room(len(record))
        journal.append(record)
        assert not journal.has_room(1)
    assert (tmp_path / FILE).stat().st_size == _SIZE_BYTES
    assert read(tmp_path, note) == [commit(0, rest)]


def test_one_that_was_full_grows_up_to_a_limit(tmp_path: Path, note: Note) -> None:
    sizes = [_SIZE_BYTES]
    with closing(Journal(tmp_path)) as journal:
        journal.restart()
        assert journal.size_bytes == _SIZE_BYTES, "it was not full"
        for _ in range(6):
            rows, number = commit(0, sizes[-1] // 32), 0
            note = note.next()
            while journal.has_room(len(record := encode(note.epoch, number, rows))):
                journal.append(record)
                number += 1
            assert len(read(tmp_path, note)) == number >= 6
            journal.restart()
            sizes.append(journal.size_bytes)
            assert (tmp_path / FILE).stat().st_size == sizes[-1]
            if sizes[-1] == sizes[-2]:
                break
    mega = 1024 * 1024
    assert sizes == [_SIZE_BYTES, 4 * _SIZE_BYTES, mega, 4 * mega, 16 * mega, 16 * mega]


def test_a_record_that_is_too_large_for_any_is_not_taken(tmp_path: Path, note: Note) -> None:
    make(tmp_path, note.engine, encode(note.epoch, 0, commit(0, 4 * 1024 * 1024)))
    with closing(Journal(tmp_path)) as journal:
        assert journal.size_bytes > 4 * 1024 * 1024
        assert journal.has_room(1024 * 1024)
        assert not journal.has_room(1024 * 1024 + 1)
        # It is no reason to grow.
        journal.restart()
        assert journal.size_bytes == (tmp_path / FILE).stat().st_size < 5 * 1024 * 1024


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_without_room_to_grow_it_stays_as_it_is(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with closing(Journal(tmp_path)) as journal:
        assert not journal.has_room(_SIZE_BYTES)
        monkeypatch.setattr(os, "posix_fallocate", fail)
        if number == errno.EIO:
            with pytest.raises(EngineBrokenError, match="cannot reserve room for the journal"):
                journal.restart()
            return
        journal.restart()
        assert journal.size_bytes == _SIZE_BYTES
        journal.append(encode(note.epoch, 0, commit(0)))
    assert read(tmp_path, note) == [commit(0)]


@pytest.mark.parametrize("fails", [True, False])
def test_a_write_that_is_not_whole_breaks_the_engine(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    real = os.pwrite

    def half(file: int, data: bytes, place: int) -> int:
        written = real(file, data[: len(data) // 2], place)
        if fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return written

    write(tmp_path, note, commit(0))
    monkeypatch.setattr(os, "pwrite", half)
    with (
        closing(Journal(tmp_path)) as journal,
        pytest.raises(EngineBrokenError, match="cannot write the journal"),
    ):
        journal.append(encode(note.epoch, 0, commit(1, 9_000)))
