"""The client's cache over the real server, whatever is done and by whichever handle."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from statekeeper import Client, StateManager
from statekeeper.testing import TestServer

from .conftest import MakeClient

START_TIME = datetime(2026, 11, 22, tzinfo=UTC)


def save(sm: StateManager, n: int) -> None:
    """Saves a state whose result is known at once."""
    sm.save({"status": "running", "context": {"n": n}, "start_time": START_TIME})


def save_without_start_time(sm: StateManager, n: int) -> None:
    """Saves a state whose start time is the server's to say."""
    sm.save({"status": "running", "input": {"n": n}})


def save_loaded(sm: StateManager, n: int) -> None:
    """Saves what was loaded, and loads nothing else after it."""
    state = sm.load()
    if state is not None:
        state.metadata = {"n": n}
        sm.save(state)
        loaded = sm.load()
        assert loaded is not None
        assert vars(loaded) == vars(state)


def save_with_ttl(sm: StateManager, n: int) -> None:
    """Saves with another time to live."""
    sm.save({"status": "waiting"}, ttl=n + 3600)


def update(sm: StateManager, n: int) -> None:
    """Changes parts, where there is something to change."""
    if sm.load() is not None:
        sm.update(status="failed", context={str(n % 3): n}, labels={"n": str(n)})


def delete(sm: StateManager, _: int) -> None:
    """Deletes."""
    sm.delete()


def pause(sm: StateManager, n: int) -> None:
    """Pauses, maybe for longer than the time to live."""
    expires_at = datetime.now(UTC) + timedelta(hours=1 + n)
    sm.pause(member="m", reason="r", data={"n": n}, expires_at=expires_at)


def resume(sm: StateManager, _: int) -> None:
    """Answers the oldest pause that waits."""
    state = sm.load()
    for each in () if state is None else state.pauses:
        if each.waits:
            sm.resume(pause_id=each.pause_id, input={})
            return


def checkpoint(sm: StateManager, n: int) -> None:
    """Names what there is, and lets it live for another time.

    What a save makes of that time is worked out from the last change, which a
    checkpoint is not; so there has to be one.
    """
    if sm.load() is not None:
        sm.checkpoint("c", ttl=n + 3600)
        assert same(sm, sm)
        sm.update(metadata={"n": n})


def restore(sm: StateManager, _: int) -> None:
    """Goes back to what was named."""
    if sm.list_checkpoints():
        sm.restore("c")


def transaction(sm: StateManager, n: int) -> None:
    """Changes parts, and moves the state on in place."""
    if sm.load() is not None:
        sm.transaction(lambda state: state.metadata.update(n=n))


WRITES: list[Callable[[StateManager, int], None]] = [
    save,
    save_without_start_time,
    save_loaded,
    save_with_ttl,
    update,
    update,
    delete,
    pause,
    pause,
    resume,
    checkpoint,
    restore,
    transaction,
]


def same(one: StateManager, other: StateManager) -> bool:
    """Tells whether two handles load the same, all that stands beside the state included."""
    left, right = one.load(), other.load()
    return (left and vars(left)) == (right and vars(right))


def test_the_cache_gives_what_the_server_would_give(
    statekeeper_server: TestServer, make_client: MakeClient
) -> None:
    """B76."""
    client: Client = make_client(statekeeper_server.address)
    plain, cached = client.state_manager("e"), client.state_manager("e", cache_ttl=3600)
    chance = random.Random(76)  # noqa: S311 - the same every time, so that a failure comes back

    for n in range(400):
        write = chance.choice(WRITES)
        write(chance.choice([plain, cached]), n)
        if chance.random() < 0.8:
            assert same(plain, cached), write.__name__
