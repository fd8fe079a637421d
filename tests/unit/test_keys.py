"""The order of rows, and that no key can be taken for another's."""

from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from statekeeper_server.keys import (
    ExecutionKey,
    after,
    chunk_key,
    document_of,
    document_prefix,
    entry_prefix,
    read_entry_prefix,
    read_revision_key,
    revision_key,
    split_version_key,
    version_key,
)
from statekeeper_server.shards import Shards

# What LMDB takes as a key.
_KEY_BYTES_MAX = 511

revisions = st.integers(0, 2**63 - 1)
uids = st.integers(1, 2**63 - 1)
documents = st.integers(1, 255)
entries = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64).map(str.encode)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=64)
namespaces = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True)
places = st.tuples(uids, documents, entries)


@given(left=revisions, right=revisions)
def test_revision_keys_are_in_the_order_of_revisions(left: int, right: int) -> None:
    assert (revision_key(left) < revision_key(right)) == (left < right)


@given(revision=revisions)
def test_a_revision_key_tells_its_revision(revision: int) -> None:
    assert read_revision_key(revision_key(revision)) == revision


@given(place=places, older=revisions, newer=revisions)
def test_the_newest_version_of_an_entry_comes_last(
    place: tuple[int, int, bytes], older: int, newer: int
) -> None:
    prefix = entry_prefix(*place)
    assert (version_key(prefix, newer) > version_key(prefix, older)) == (newer > older)


@given(place=places, revision=revisions)
def test_a_version_key_tells_its_entry_and_revision(
    place: tuple[int, int, bytes], revision: int
) -> None:
    prefix = entry_prefix(*place)
    assert split_version_key(version_key(prefix, revision)) == (prefix, revision)
    assert read_entry_prefix(prefix) == (place[1], place[2].decode())
    assert document_of(prefix) == place[1]


@given(left=places, right=places, revision=revisions)
@example(left=(1, 1, b"a"), right=(1, 1, b"ab"), revision=0)
@example(left=(1, 1, b"a"), right=(1, 1, b"a\xff\xff\xff\xff\xff\xff\xff\xff"), revision=0)
def test_no_entry_begins_with_another(
    left: tuple[int, int, bytes], right: tuple[int, int, bytes], revision: int
) -> None:
    begins = version_key(entry_prefix(*right), revision).startswith(entry_prefix(*left))
    assert begins == (left == right)


@given(
    left=places,
    right=places,
    first=revisions,
    second=revisions,
    third=revisions,
)
def test_the_versions_of_an_entry_stand_together(
    left: tuple[int, int, bytes], right: tuple[int, int, bytes], first: int, second: int, third: int
) -> None:
    low, high = sorted(version_key(entry_prefix(*left), each) for each in (first, second))
    between = low < version_key(entry_prefix(*right), third) < high
    assert not between or left == right


@given(left=places, uid=uids, document=documents)
def test_the_entries_of_a_document_stand_together(
    left: tuple[int, int, bytes], uid: int, document: int
) -> None:
    inside = entry_prefix(*left).startswith(document_prefix(uid, document))
    assert inside == (left[:2] == (uid, document))


@given(prefix=st.binary(min_size=1, max_size=12), rest=st.binary(max_size=12))
def test_the_key_after_a_prefix_is_behind_all_that_begin_with_it(
    prefix: bytes, rest: bytes
) -> None:
    if prefix.strip(b"\xff"):
        assert prefix + rest < after(prefix)
        assert not after(prefix).startswith(prefix)


@given(prefix=st.binary(min_size=1, max_size=6), other=st.binary(max_size=8))
def test_no_other_key_is_before_the_key_after_a_prefix(prefix: bytes, other: bytes) -> None:
    if prefix.strip(b"\xff") and other >= prefix and not other.startswith(prefix):
        assert other >= after(prefix)


@given(left=st.tuples(namespaces, texts), right=st.tuples(namespaces, texts))
def test_each_execution_has_a_row_of_its_own(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert (ExecutionKey(*left).row == ExecutionKey(*right).row) == (left == right)


requests = st.tuples(namespaces, texts, st.text(st.characters(codec="utf-8"), min_size=1))


@given(left=requests, right=requests)
@example(left=("a", "b", "c\0d"), right=("a", "b", "c"))
def test_each_request_id_of_an_execution_has_a_row_of_its_own(
    left: tuple[str, str, str], right: tuple[str, str, str]
) -> None:
    rows = [ExecutionKey(each[0], each[1]).request(each[2]) for each in (left, right)]
    assert (rows[0] == rows[1]) == (left == right)


def test_the_longest_keys_fit() -> None:
    longest = "🦶" * 64
    assert len(ExecutionKey("n" * 63, longest).row) <= _KEY_BYTES_MAX
    assert len(version_key(entry_prefix(2**62, 255, longest.encode()), 1)) <= _KEY_BYTES_MAX


@given(
    left=st.tuples(uids, revisions, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    right=st.tuples(uids, revisions, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)
def test_chunks_are_in_the_order_of_their_numbers(
    left: tuple[int, int, int, int], right: tuple[int, int, int, int]
) -> None:
    assert (chunk_key(*left) < chunk_key(*right)) == (left < right)


def test_the_placement_of_executions_never_changes() -> None:
    """It is on disks: another one would not find what is there."""
    shards = Shards.__new__(Shards)
    numbers: list[Any] = list(range(4))
    shards._workers = numbers
    place: Callable[[ExecutionKey], Any] = shards.of
    keys = [ExecutionKey("execution-state", f"exec_{n}") for n in range(8)]
    keys.append(ExecutionKey("orders", "ключ"))

    assert [place(key) for key in keys] == [3, 1, 3, 1, 2, 0, 2, 0, 3]
