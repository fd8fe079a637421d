"""The journal gives what was appended, and tells a write that was cut off from damage."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statekeeper_server.engine import EngineBrokenError, Table
from statekeeper_server.engine import journal as journals
from statekeeper_server.engine.changes import Row
from statekeeper_server.engine.journal import (
    FILES,
    Epoch,
    Found,
    Journal,
    Note,
    encode,
    make,
    read,
)
from statekeeper_server.native_part import native
from tests.support.chance import chance

_BLOCK_BYTES = 4096
_SECTOR_BYTES = 512
_SIZE_BYTES = 64 * 1024
_HEADER_BYTES = 52
# Of each part of a header.
_IN_HEADER = [0, 5, 12, 25, 39, 41, 45, 49, 51]

# The files of an epoch and of the one after it.
in_both_orders = pytest.mark.parametrize("files", [FILES, FILES[::-1]])

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
    """That of journals that were just made."""
    note = Note.new()
    make(tmp_path, note.engine)
    return note


def commit(number: int, size: int = 100) -> list[Row]:
    """The rows of a commit, which go into a record of about that size."""
    return [(Table.LOG, b"%d" % number, chance(f"commit {number}").randbytes(size))]


def append(journal: Journal, epoch: Epoch, number: int, rows: list[Row]) -> bool:
    """Append a record if it has room; whether it has."""
    record = encode(epoch, number, rows)
    if not journal.has_room(len(record)):
        return False
    journal.append(record)
    return True


def write(path: Path, epoch: Epoch, *commits: list[Row]) -> int:
    """Write the records of an epoch; where the last one begins."""
    last, place = _BLOCK_BYTES, _BLOCK_BYTES
    with closing(Journal(path)) as journal:
        for number, rows in enumerate(commits):
            assert append(journal, epoch, number, rows)
            last = place
            place += -(-len(encode(epoch, number, rows)) // _BLOCK_BYTES) * _BLOCK_BYTES
    return last


def damage(path: Path, place: int) -> None:
    """Make a byte of a file another one."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0x40
    path.write_bytes(content)


def torn(
    whole: bytes, before: bytes, place: int, end: int, dice: Random
) -> Iterator[tuple[set[int], bytes]]:
    """A file without some sectors of what was written last, and the places of these."""
    sectors = range(place, end, _SECTOR_BYTES)
    lacking = [{sector} for sector in sectors]
    lacking += [set(dice.sample(sectors, dice.randrange(1, len(sectors)))) for _ in range(100)]
    lacking += [set(sectors[n:]) for n in range(len(sectors))]
    for missing in lacking:
        content = bytearray(whole)
        for sector in missing:
            content[sector : sector + _SECTOR_BYTES] = before[sector : sector + _SECTOR_BYTES]
        yield missing, bytes(content)


@given(commits=st.lists(rows_of_a_commit, max_size=8))
def test_what_was_appended_is_read(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[Row]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    note = Note.new()
    make(folder, note.engine)
    with closing(Journal(folder / FILES[0])) as journal:
        kept = []
        for number, rows in enumerate(commits):
            if not append(journal, Epoch(note.epoch), number, rows):
                break
            kept.append(rows)
            assert read(folder, note) == Found(kept, used=True)


def test_a_record_is_the_same_in_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    epoch = Epoch(bytes(range(16)), bytes(range(16, 32)), 2**32 - 1)
    rows: list[Row] = [
        (Table.HEADS, b"k" * 511, b""),
        (Table.ACCESSES, b"\0", None),
        (Table.CHUNKS, b"c", bytes(100_000)),
    ]
    record = encode(epoch, 7, rows)
    monkeypatch.setattr(journals, "native", None)
    assert encode(epoch, 7, rows) == record


def test_they_are_made_for_their_owner_alone_with_a_record_or_without(tmp_path: Path) -> None:
    note, rows = Note.new(), commit(0, 200_000)
    record = encode(Epoch(note.epoch), 0, rows)
    for kept in (b"", record):
        make(tmp_path, note.engine, kept)

        assert read(tmp_path, note) == (Found([rows], used=True) if kept else Found([], used=False))
        found = [(tmp_path / name).stat() for name in FILES]
        assert sum(each.st_size for each in found) == journals.file_bytes(kept)
        assert not any(each.st_mode & 0o077 for each in found)
        assert all(each.st_blocks * _SECTOR_BYTES >= each.st_size for each in found)


@pytest.mark.parametrize("name", FILES)
def test_another_epoch_has_nothing(tmp_path: Path, note: Note, name: str) -> None:
    write(tmp_path / name, Epoch(note.epoch), commit(0), commit(1))
    after = note._replace(epoch=Epoch.first().name)

    assert read(tmp_path, after) == Found([], used=False)
    assert Note.of(after.said) == after


@in_both_orders
def test_the_epoch_after_it_is_read_behind_it(
    tmp_path: Path, note: Note, files: tuple[str, str]
) -> None:
    """Whichever file is which."""
    epoch = Epoch(note.epoch)
    write(tmp_path / files[0], epoch, commit(0), commit(1, 9_000))
    after = epoch.next(2)
    write(tmp_path / files[1], after, commit(2, 0), commit(3), commit(4))

    every = [commit(0), commit(1, 9_000), commit(2, 0), commit(3), commit(4)]
    assert read(tmp_path, note) == Found(every, used=True)
    assert read(tmp_path, note._replace(epoch=after.name)) == Found(every[2:], used=True)
    assert read(tmp_path, note._replace(epoch=after.next(3).name)) == Found([], used=False)


@in_both_orders
def test_the_epoch_before_means_nothing(tmp_path: Path, note: Note, files: tuple[str, str]) -> None:
    """Nor what is left of one before that, behind the records of the last."""
    before = Epoch(note.epoch)
    write(tmp_path / files[0], before, *(commit(-n) for n in range(1, 9)))
    epoch = before.next(8)
    write(tmp_path / files[1], epoch, commit(0), commit(1))
    now = note._replace(epoch=epoch.name)
    assert read(tmp_path, now) == Found([commit(0), commit(1)], used=True)

    write(tmp_path / files[0], epoch.next(2), commit(2))
    assert read(tmp_path, now) == Found([commit(0), commit(1), commit(2)], used=True)
    # Had the tables been written later than that, they would lack one record.
    later = now._replace(epoch=epoch.next(2).name)
    assert read(tmp_path, later) == Found([], used=False)


@in_both_orders
@pytest.mark.parametrize("count", [1, 5])
def test_another_chain_in_the_other_file_means_nothing(
    tmp_path: Path, note: Note, files: tuple[str, str], count: int
) -> None:
    """It was left by an engine that was opened again: that begins with an epoch of nobody."""
    kept = [commit(n) for n in range(3)]
    stranger = Epoch.first().next(3)
    write(tmp_path / files[1], stranger, *(commit(-n) for n in range(1, count + 1)))
    assert read(tmp_path, note) == Found([], used=False)
    write(tmp_path / files[0], Epoch(note.epoch), *kept)
    assert read(tmp_path, note) == Found(kept, used=True)


@in_both_orders
@pytest.mark.parametrize("lost", [1, 2, 5])
def test_an_epoch_that_lacks_its_last_records_is_refused_when_the_next_has_some(
    tmp_path: Path, note: Note, files: tuple[str, str], lost: int
) -> None:
    """B20: whoever wrote the next one's had them on the disk: it may be all of them."""
    epoch = Epoch(note.epoch)
    write(tmp_path / files[0], epoch, *(commit(n) for n in range(5)))
    write(tmp_path / files[1], epoch.next(5), commit(5))
    content = bytearray((tmp_path / files[0]).read_bytes())
    place = (6 - lost) * _BLOCK_BYTES
    content[place:] = bytes(len(content) - place)
    (tmp_path / files[0]).write_bytes(content)

    with pytest.raises(EngineBrokenError, match=f"a journal in {tmp_path} .* lacks records"):
        read(tmp_path, note)


@in_both_orders
@pytest.mark.parametrize("at", [*_IN_HEADER, _HEADER_BYTES, _HEADER_BYTES + 50])
def test_a_damaged_last_record_is_refused_when_the_next_epoch_has_some(
    tmp_path: Path, note: Note, files: tuple[str, str], at: int
) -> None:
    """B20."""
    epoch = Epoch(note.epoch)
    place = write(tmp_path / files[0], epoch, *(commit(n) for n in range(3)))
    write(tmp_path / files[1], epoch.next(3), commit(3))
    damage(tmp_path / files[0], place + at)

    with pytest.raises(EngineBrokenError, match=r"lacks records|is cut short|is damaged"):
        read(tmp_path, note)


@in_both_orders
@pytest.mark.parametrize("records", [0, 1, 3, 4])
def test_an_epoch_that_has_another_number_of_records_than_the_next_says_is_refused(
    tmp_path: Path, note: Note, files: tuple[str, str], records: int
) -> None:
    epoch = Epoch(note.epoch)
    write(tmp_path / files[0], epoch, commit(0), commit(1))
    write(tmp_path / files[1], epoch.next(records), commit(2))

    with pytest.raises(EngineBrokenError, match="lacks records"):
        read(tmp_path, note)


@in_both_orders
@pytest.mark.parametrize("damaged", range(3))
@pytest.mark.parametrize("at", [*_IN_HEADER, _HEADER_BYTES, _HEADER_BYTES + 100, -1])
def test_a_damaged_record_of_the_next_epoch_that_others_follow_is_refused(
    tmp_path: Path, note: Note, files: tuple[str, str], damaged: int, at: int
) -> None:
    """Be it the first, which tells what was before."""
    epoch = Epoch(note.epoch)
    write(tmp_path / files[0], epoch, commit(-1))
    commits = [commit(n, 5_000) for n in range(4)]
    write(tmp_path / files[1], epoch.next(1), *commits)
    begin = _BLOCK_BYTES + damaged * 2 * _BLOCK_BYTES
    size = len(encode(epoch.next(1), damaged, commits[damaged]))
    damage(tmp_path / files[1], begin + at % size)

    wrong = f"{files[1]} is (damaged at byte {_BLOCK_BYTES}|damaged at byte {begin}|cut short)"
    with pytest.raises(EngineBrokenError, match=wrong):
        read(tmp_path, note)


@in_both_orders
@pytest.mark.parametrize("seed", range(5))
def test_journals_that_have_been_round_many_times(
    tmp_path: Path, note: Note, files: tuple[str, str], seed: int
) -> None:
    """What is left of earlier epochs is nothing to the last two.

    The tables are written after the next epoch was begun or before its first record; and
    now and then all is written, as when nobody commits for a while.
    """
    dice = chance(f"rounds {seed}")
    with (
        closing(Journal(tmp_path / files[0])) as first,
        closing(Journal(tmp_path / files[1])) as second,
    ):
        journal, free = first, second
        epoch, count = Epoch(note.epoch), 0
        lacking: list[list[Row]] = []
        for _ in range(60):
            for _ in range(dice.randrange(1, 5)):
                rows = commit(dice.randrange(1_000), dice.choice([0, 10, 4_000, 9_000]))
                assert append(journal, epoch, count, rows)
                count += 1
                lacking.append(rows)
                assert read(tmp_path, note) == Found(lacking, used=True)
            if dice.random() < 0.2:
                # All is written: it begins anew, in the same file.
                epoch, count, lacking = Epoch.first(), 0, []
                note = note._replace(epoch=epoch.name)
                journal.restart()
                assert read(tmp_path, note) == Found([], used=False)
                continue
            epoch, count = epoch.next(count), 0
            journal, free = free, journal
            if dice.random() < 0.5:
                rows = commit(dice.randrange(1_000))
                assert append(journal, epoch, count, rows)
                count += 1
                lacking.append(rows)
                assert read(tmp_path, note) == Found(lacking, used=True)
            lacking = lacking[len(lacking) - count :]
            note = note._replace(epoch=epoch.name)
            free.restart()
            assert read(tmp_path, note) == Found(lacking, used=bool(count))


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_a_last_record_that_was_written_in_part_is_passed_over(
    tmp_path: Path, note: Note, name: str, *, earlier: bool
) -> None:
    """Whichever part: there are zeros, or an earlier epoch's records."""
    path = tmp_path / name
    if earlier:
        write(path, Epoch(note.epoch), *(commit(-n, 6_000) for n in range(1, 6)))
        note = note._replace(epoch=Epoch.first().name)
    epoch = Epoch(note.epoch)
    commits = [commit(0), commit(1, 5_000), commit(2, 10_000)]
    before = path.read_bytes()
    place = write(path, epoch, *commits)
    end = place + len(encode(epoch, 2, commits[2]))
    for _, content in torn(path.read_bytes(), before, place, end, chance("torn")):
        path.write_bytes(content)
        assert read(tmp_path, note) == Found(commits[:2], used=True)


@pytest.mark.parametrize("earlier", [False, True])
@in_both_orders
def test_a_first_record_of_the_next_epoch_that_was_written_in_part_is_passed_over(
    tmp_path: Path, note: Note, files: tuple[str, str], *, earlier: bool
) -> None:
    """There are zeros, or what is left of the epoch before last."""
    if earlier:
        before_last = Epoch(note.epoch)
        write(tmp_path / files[1], before_last, *(commit(-n, 6_000) for n in range(1, 6)))
        epoch = before_last.next(5)
        note = note._replace(epoch=epoch.name)
    else:
        epoch = Epoch(note.epoch)
    write(tmp_path / files[0], epoch, commit(0), commit(1))
    path, rows = tmp_path / files[1], commit(2, 10_000)
    before = path.read_bytes()
    write(path, epoch.next(2), rows)
    end = _BLOCK_BYTES + len(encode(epoch.next(2), 0, rows))
    for _, content in torn(path.read_bytes(), before, _BLOCK_BYTES, end, chance("torn")):
        path.write_bytes(content)
        assert read(tmp_path, note) == Found([commit(0), commit(1)], used=True)


@pytest.mark.parametrize("name", FILES)
def test_a_first_record_of_all_that_was_written_in_part_was_used(
    tmp_path: Path, note: Note, name: str
) -> None:
    """If any of it tells so: what is written next goes by another name then."""
    path, rows = tmp_path / name, commit(0, 10_000)
    before = path.read_bytes()
    write(path, Epoch(note.epoch), rows)
    end = _BLOCK_BYTES + len(encode(Epoch(note.epoch), 0, rows))
    told = set()
    for missing, content in torn(path.read_bytes(), before, _BLOCK_BYTES, end, chance("torn")):
        path.write_bytes(content)
        used = _BLOCK_BYTES not in missing
        assert read(tmp_path, note) == Found([], used=used)
        told.add(used)
    assert told == {False, True}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damaged", range(3))
@pytest.mark.parametrize("at", [*_IN_HEADER, _HEADER_BYTES, _HEADER_BYTES + 100, -1])
def test_a_damaged_record_that_others_follow_is_refused(
    tmp_path: Path, note: Note, name: str, damaged: int, at: int
) -> None:
    """Wherever a byte of it is another: somebody was told that it is kept."""
    epoch, commits = Epoch(note.epoch), [commit(n, 5_000) for n in range(4)]
    write(tmp_path / name, epoch, *commits)
    begin = _BLOCK_BYTES + damaged * 2 * _BLOCK_BYTES
    damage(tmp_path / name, begin + at % len(encode(epoch, damaged, commits[damaged])))

    with pytest.raises(EngineBrokenError, match=f"{name} is (damaged at byte {begin}|cut short)"):
        read(tmp_path, note)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_first_block_is_refused(tmp_path: Path, note: Note, name: str) -> None:
    write(tmp_path / FILES[0], Epoch(note.epoch), commit(0))
    damage(tmp_path / name, 0)

    with pytest.raises(EngineBrokenError, match=f"{tmp_path / name} belongs to something else"):
        read(tmp_path, note)


@pytest.mark.parametrize("name", FILES)
def test_that_of_another_engine_is_refused(tmp_path: Path, note: Note, name: str) -> None:
    (tmp_path / "other").mkdir()
    make(tmp_path / "other", Note.new().engine)
    (tmp_path / "other" / name).rename(tmp_path / name)
    with pytest.raises(EngineBrokenError, match=f"{tmp_path / name} belongs to something else"):
        read(tmp_path, note)


@pytest.mark.parametrize("name", FILES)
def test_without_a_file_there_is_no_journal(tmp_path: Path, note: Note, name: str) -> None:
    (tmp_path / name).unlink()
    with pytest.raises(EngineBrokenError, match=f"cannot read {tmp_path / name}: No such file"):
        read(tmp_path, note)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [0, 3, 19])
def test_a_file_that_is_hardly_there_is_refused(
    tmp_path: Path, note: Note, name: str, size: int
) -> None:
    os.truncate(tmp_path / name, size)
    with pytest.raises(EngineBrokenError, match=f"{tmp_path / name} belongs to something else"):
        read(tmp_path, note)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [20, _BLOCK_BYTES, _BLOCK_BYTES + 20, _SIZE_BYTES - 1])
def test_a_file_that_is_shorter_than_any_is_refused(
    tmp_path: Path, note: Note, name: str, size: int
) -> None:
    """Whether or not it has records."""
    write(tmp_path / FILES[0], Epoch(note.epoch), commit(0))
    os.truncate(tmp_path / name, size)

    with pytest.raises(EngineBrokenError, match=f"{tmp_path / name} is cut short"):
        read(tmp_path, note)


def test_a_file_that_ends_in_a_record_is_refused(tmp_path: Path) -> None:
    note = Note.new()
    make(tmp_path, note.engine, encode(Epoch(note.epoch), 0, commit(0, 100_000)))
    os.truncate(tmp_path / FILES[0], 80_000)

    with pytest.raises(EngineBrokenError, match=f"{tmp_path / FILES[0]} is cut short"):
        read(tmp_path, note)


def test_nothing_was_said_of_it() -> None:
    with pytest.raises(EngineBrokenError, match="know of no journal"):
        Note.of(None)


def test_it_takes_records_up_to_its_end_and_no_further(tmp_path: Path, note: Note) -> None:
    epoch = Epoch(note.epoch)
    overhead = len(encode(epoch, 0, commit(0, 0)))
    rest = _SIZE_BYTES - _BLOCK_BYTES - overhead
    with closing(Journal(tmp_path / FILES[1])) as journal:
        assert not journal.has_room(overhead + rest + 1)
        assert append(journal, epoch, 0, commit(0, rest))
        assert not journal.has_room(1)
    assert (tmp_path / FILES[1]).stat().st_size == _SIZE_BYTES
    assert read(tmp_path, note) == Found([commit(0, rest)], used=True)


def test_one_that_was_full_grows_up_to_a_limit(tmp_path: Path, note: Note) -> None:
    sizes = [_SIZE_BYTES]
    with closing(Journal(tmp_path / FILES[0])) as journal:
        journal.restart()
        assert journal.size_bytes == _SIZE_BYTES, "it was not full"
        for _ in range(6):
            rows, number, epoch = commit(0, sizes[-1] // 32), 0, Epoch.first()
            while append(journal, epoch, number, rows):
                number += 1
            found = read(tmp_path, note._replace(epoch=epoch.name))
            assert len(found.commits) == number >= 6
            journal.restart()
            sizes.append(journal.size_bytes)
            assert (tmp_path / FILES[0]).stat().st_size == sizes[-1]
            if sizes[-1] == sizes[-2]:
                break
    mega = 1024 * 1024
    assert sizes == [_SIZE_BYTES, 4 * _SIZE_BYTES, mega, 4 * mega, 16 * mega, 16 * mega]


def test_it_has_enough_before_it_is_full_and_grows_for_that(tmp_path: Path, note: Note) -> None:
    """Three quarters of it: the rest is for what comes until the tables are written."""
    epoch = Epoch(note.epoch)
    with closing(Journal(tmp_path / FILES[0])) as journal:
        for blocks in range(1, 12):
            assert not journal.has_enough, f"{blocks} of 16 blocks are in use"
            assert append(journal, epoch, blocks - 1, commit(blocks))
        assert journal.has_enough
        assert journal.has_room(_BLOCK_BYTES)
        journal.restart()
        assert journal.size_bytes == 4 * _SIZE_BYTES
        # It is at its beginning, and has not been full since.
        assert not journal.has_enough
        journal.restart()
        assert journal.size_bytes == 4 * _SIZE_BYTES == (tmp_path / FILES[0]).stat().st_size


def test_one_that_has_not_enough_stays_as_it_is(tmp_path: Path, note: Note) -> None:
    with closing(Journal(tmp_path / FILES[0])) as journal:
        for number in range(10):
            assert append(journal, Epoch(note.epoch), number, commit(number))
            assert not journal.has_enough
        journal.restart()
        assert journal.size_bytes == _SIZE_BYTES


def test_what_grew_is_read_up_to_its_end(tmp_path: Path, note: Note) -> None:
    """Each file has a size of its own."""
    epoch = Epoch(note.epoch)
    with closing(Journal(tmp_path / FILES[1])) as journal:
        assert not journal.has_room(_SIZE_BYTES)
        journal.restart()
        commits = [commit(n, 9_000) for n in range(20)]
        for number, rows in enumerate(commits):
            assert append(journal, epoch, number, rows)
    write(tmp_path / FILES[0], epoch.next(20), commit(20))
    assert read(tmp_path, note) == Found([*commits, commit(20)], used=True)


def test_room_is_on_the_disk_before_a_record_relies_on_it(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B20: or a file could be shorter, after a power cut, than a record that was begun says."""
    calls: list[str] = []
    for name in ("posix_fallocate", "fsync", "fdatasync", "pwrite"):
        real = getattr(os, name)

        def noted(*arguments: Any, name: str = name, real: Callable[..., Any] = real) -> Any:
            calls.append("sync" if "sync" in name else name)
            return real(*arguments)

        monkeypatch.setattr(os, name, noted)
    with closing(Journal(tmp_path / FILES[0])) as journal:
        assert not journal.has_room(_SIZE_BYTES)
        journal.restart()
        assert append(journal, Epoch(note.epoch), 0, commit(0, _SIZE_BYTES))
    assert calls == ["posix_fallocate", "sync", "pwrite"]


def test_a_record_that_is_too_large_for_any_is_not_taken(tmp_path: Path, note: Note) -> None:
    make(tmp_path, note.engine, encode(Epoch(note.epoch), 0, commit(0, 4 * 1024 * 1024)))
    with closing(Journal(tmp_path / FILES[0])) as journal:
        assert journal.size_bytes > 4 * 1024 * 1024
        assert journal.has_room(journals.RECORD_BYTES_MAX)
        assert not journal.has_room(journals.RECORD_BYTES_MAX + 1)
        # It is no reason to grow.
        journal.restart()
        assert journal.size_bytes == (tmp_path / FILES[0]).stat().st_size < 5 * 1024 * 1024


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_without_room_to_grow_it_stays_as_it_is(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with closing(Journal(tmp_path / FILES[0])) as journal:
        assert not journal.has_room(_SIZE_BYTES)
        monkeypatch.setattr(os, "posix_fallocate", fail)
        if number == errno.EIO:
            with pytest.raises(EngineBrokenError, match="cannot reserve room for the journal"):
                journal.restart()
            return
        journal.restart()
        assert journal.size_bytes == _SIZE_BYTES
        assert append(journal, Epoch(note.epoch), 0, commit(0))
    assert read(tmp_path, note) == Found([commit(0)], used=True)


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

    write(tmp_path / FILES[0], Epoch(note.epoch), commit(0))
    monkeypatch.setattr(os, "pwrite", half)
    with (
        closing(Journal(tmp_path / FILES[0])) as journal,
        pytest.raises(EngineBrokenError, match="cannot write the journal"),
    ):
        journal.append(encode(Epoch(note.epoch), 0, commit(1, 9_000)))
