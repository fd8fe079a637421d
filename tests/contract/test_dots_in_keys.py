"""Keys may have dots: where an entry is named, its key is all that follows the first one."""

import pytest

from statekeeper import StateManager

KEYS = (".a", "a", "a.", "a.b", "..", ".")


@pytest.fixture(autouse=True)
def stored(sm: StateManager) -> None:
    """An execution with such keys in everything that has keys."""
    values = {key: n for n, key in enumerate(KEYS)}
    sm.save(
        {
            "status": "running",
            "context": values,
            "metadata": values,
            "labels": {key: str(n) for key, n in values.items()},
        }
    )


@pytest.mark.parametrize("key", KEYS)
def test_b78_one_entry_is_read_by_its_key(sm: StateManager, key: str) -> None:
    """B78: of the document that is named, and no other."""
    state = sm.load(fields=[f"context.{key}"])
    assert state is not None
    assert state.context == {key: KEYS.index(key)}
    assert state.metadata is None


@pytest.mark.parametrize("key", KEYS)
def test_b12_one_entry_is_set_and_removed_by_its_key(sm: StateManager, key: str) -> None:
    """B12: the others stay; and history and watchers name it in the same way."""
    with sm.watch() as events:
        sm.update(context={key: "new"})
        sm.update(remove=[f"context.{key}", f"labels.{key}"])
        told = [next(events) for _ in range(2)]
    state = sm.load()
    assert state is not None
    assert state.context == {other: n for n, other in enumerate(KEYS) if other != key}
    assert set(state.labels) == set(KEYS) - {key}
    assert state.metadata == {other: n for n, other in enumerate(KEYS)}
    assert told[0].changed == (f"context.{key}",)
    assert set(told[1].changed) == {f"context.{key}", "labels"}
    newest, older, _ = sm.list_revisions()
    assert (newest.changed, older.changed) == (told[1].changed, told[0].changed)
