"""How large a state may be, and what happens at the edge."""

from typing import Any

import pytest

from statekeeper import InvalidRequestError, StateManager, StateTooLargeError
from tests.support.states import loaded

KB = 1024
MB = 1024 * KB
SMALL_MAX = 64 * KB
SMALL_WARN = 8 * KB


def state_of(size: int, **fields: Any) -> dict[str, Any]:
    """A state whose values take so many bytes, in two documents."""
    half = size // 2
    return {
        "status": "running",
        "input": {"a": bytes(half)},
        "context": {"b": bytes(size - half)},
        **fields,
    }


def test_a_state_above_128_kb_is_kept_with_a_warning(sm: StateManager) -> None:
    """B79: the warning tells both sizes."""
    assert sm.save(state_of(128 * KB)).warnings == ()

    (warning,) = sm.save(state_of(128 * KB + 1)).warnings
    assert str(128 * KB + 1) in warning
    assert str(128 * KB) in warning
    assert loaded(sm).input == {"a": bytes(64 * KB)}


def test_an_update_that_makes_the_state_large_carries_a_warning(sm: StateManager) -> None:
    """B79: what counts is the state after the write, not what was sent."""
    assert sm.save(state_of(100 * KB)).warnings == ()
    assert len(sm.update(metadata={"more": bytes(100 * KB)}).warnings) == 1
    assert len(sm.update(status="waiting").warnings) == 1
    assert sm.update(remove=["metadata"]).warnings == ()


def test_a_state_of_exactly_10_mb_passes_from_end_to_end(sm: StateManager) -> None:
    """B79."""
    state = state_of(10 * MB)
    sm.save(state)

    assert loaded(sm).input == state["input"]
    assert loaded(sm).context == state["context"]


def test_one_byte_more_than_10_mb_is_refused_with_size_and_limit(sm: StateManager) -> None:
    """B79."""
    with pytest.raises(StateTooLargeError) as caught:
        sm.save(state_of(10 * MB + 1))
    assert (caught.value.size, caught.value.limit) == (10 * MB + 1, 10 * MB)
    assert str(10 * MB + 1) in caught.value.message
    assert sm.load() is None


@pytest.mark.parametrize("size", [SMALL_MAX, SMALL_MAX + 1])
def test_the_limit_is_of_all_documents_together(small_sm: StateManager, size: int) -> None:
    """B79."""
    names = ("input", "context", "member_outputs", "metadata")
    quarter = {name: {"x": bytes(SMALL_MAX // 4)} for name in names}
    quarter["metadata"]["y"] = bytes(size - SMALL_MAX)

    if size <= SMALL_MAX:
        small_sm.save({"status": "running", **quarter})
    else:
        with pytest.raises(StateTooLargeError) as caught:
            small_sm.save({"status": "running", **quarter})
        assert (caught.value.size, caught.value.limit) == (size, SMALL_MAX)


def test_an_update_beyond_the_limit_is_refused_and_changes_nothing(
    small_sm: StateManager,
) -> None:
    """B79."""
    small_sm.save(state_of(SMALL_MAX - 10))
    before = loaded(small_sm)

    with pytest.raises(StateTooLargeError) as caught:
        small_sm.update(status="failed", metadata={"m": bytes(11)}, labels={"l": "1"})
    assert (caught.value.size, caught.value.limit) == (SMALL_MAX + 1, SMALL_MAX)
    assert vars(loaded(small_sm)) == vars(before)
    small_sm.update(metadata={"m": bytes(10)})


def test_replacing_a_value_frees_the_old_one(small_sm: StateManager) -> None:
    """B79: old versions do not count."""
    small_sm.save(state_of(SMALL_MAX))
    for n in range(5):
        small_sm.update(context={"b": bytes([n]) * (SMALL_MAX // 2)})

    assert loaded(small_sm).context == {"b": bytes([4]) * (SMALL_MAX // 2)}


def test_removing_makes_room(small_sm: StateManager) -> None:
    """B79: also within the same update."""
    small_sm.save(state_of(SMALL_MAX))
    small_sm.update(remove=["input"], metadata={"m": bytes(SMALL_MAX // 2)})

    assert loaded(small_sm).metadata == {"m": bytes(SMALL_MAX // 2)}


def test_what_is_removed_twice_in_one_update_counts_once(small_sm: StateManager) -> None:
    """B79: or the state could grow beyond its limit unnoticed."""
    small_sm.save({"status": "running", "context": {n: bytes(1_000) for n in "abc"}})
    small_sm.update(
        context={"c": bytes(1_000)}, replace=["context"], remove=["context.a", "context.a"]
    )
    small_sm.update(context={"d": bytes(SMALL_MAX - 1_000)})

    with pytest.raises(StateTooLargeError) as caught:
        small_sm.update(context={"e": b"1"})
    assert caught.value.size == SMALL_MAX + 1


def test_texts_count_in_bytes_of_utf_8(small_sm: StateManager) -> None:
    """B79: the JSON text counts, with its quotes."""
    small_sm.save({"status": "running", "context": {"a": "ü" * (SMALL_MAX // 2 - 1)}})

    with pytest.raises(StateTooLargeError) as caught:
        small_sm.save({"status": "running", "context": {"a": "ü" * (SMALL_MAX // 2)}})
    assert caught.value.size == SMALL_MAX + 2


def test_a_document_has_at_most_its_number_of_entries(small_sm: StateManager) -> None:
    """B79's neighbour: a limit on everything."""
    small_sm.save({"status": "running", "context": {f"k{n}": n for n in range(50)}})
    with pytest.raises(InvalidRequestError) as caught:
        small_sm.save({"status": "running", "context": {f"k{n}": n for n in range(51)}})

    assert caught.value.fields == [("context", "has 51 entries, the limit is 50")]
    assert loaded(small_sm).version == 1


def test_a_merge_makes_no_more_entries_than_allowed(small_sm: StateManager) -> None:
    """B79's neighbour."""
    small_sm.save({"status": "running", "context": {f"k{n}": n for n in range(50)}})
    with pytest.raises(InvalidRequestError) as caught:
        small_sm.update(context={"new": 1})

    assert caught.value.fields == [("context", "would have 51 entries, the limit is 50")]
    small_sm.update(context={"k1": "changed"})
    small_sm.update(remove=["context.k2"], context={"new": 1})


def test_an_execution_has_at_most_32_labels(sm: StateManager) -> None:
    """B79's neighbour: also after a merge."""
    sm.save({"status": "running", "labels": {f"l{n}": "v" for n in range(32)}})

    with pytest.raises(InvalidRequestError) as caught:
        sm.save({"status": "running", "labels": {f"l{n}": "v" for n in range(33)}})
    assert caught.value.fields == [("labels", "has 33, the limit is 32")]
    with pytest.raises(InvalidRequestError) as caught:
        sm.update(labels={"new": "v"})
    assert caught.value.fields == [("labels", "would be 33, the limit is 32")]
    sm.update(labels={"l1": "changed"})
    sm.update(remove=["labels.l2"], labels={"new": "v"})


def test_keys_of_256_bytes_are_accepted(sm: StateManager) -> None:
    """B79's neighbour."""
    context = {"k" * 256: 1, "ü" * 128: 2, "🦶" * 64: 3, " ": 4, "a\u202eb": 5}
    sm.save({"status": "running", "context": context, "labels": {"l" * 256: "v" * 256}})

    assert loaded(sm).context == context
    for name, value in context.items():
        assert loaded(sm, fields=[f"context.{name}"]).context == {name: value}
