"""Watches over the real server, by either kind of client."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from statekeeper import Client, RevisionCompactedError, StateManager, WatchEvent
from statekeeper.testing import TestServer

from .conftest import MakeClient
from .fakes import until

SHARDS = 3


@pytest.fixture
def server() -> Iterator[TestServer]:
    """A server with several shards."""
    with TestServer(shards=SHARDS) as server:
        yield server


@pytest.fixture
def client(server: TestServer, make_client: MakeClient) -> Client:
    """A client of it."""
    return make_client(server.address)


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution that does not exist yet."""
    return client.state_manager("e")


def take(events: Iterator[WatchEvent], count: int) -> list[WatchEvent]:
    return [next(events) for _ in range(count)]


def places(events: list[WatchEvent]) -> list[tuple[str, int]]:
    return [(each.execution_id, each.revision) for each in events]


def test_a_watch_stands_when_it_is_entered(sm: StateManager) -> None:
    """B82: what is saved after that is told, however soon."""
    for n in range(20):
        with sm.watch() as events:
            result = sm.save({"status": "running", "context": {"n": n}}, actor="ada")
            event = next(events)
        assert (event.kind, event.status, event.actor) == ("saved", "running", "ada")
        assert (event.revision, event.version) == (result.revision, result.version)
        assert event.execution_revision == result.revision
        assert event.time == result.update_time


def test_a_namespace_is_told_by_prefix_and_kind(client: Client) -> None:
    """B81."""
    with client.watch(id_prefix="a-", kinds=["saved", "deleted"]) as events:
        for name in ("a-1", "b-1", "a-2"):
            sm = client.state_manager(name)
            sm.save({"status": "running"})
            sm.update(status="waiting")
        client.state_manager("a-1", namespace="other").save({"status": "running"})
        client.state_manager("a-1").delete()
        told = take(events, 3)

    # Between shards there is no order.
    assert sorted((each.execution_id, str(each.kind)) for each in told) == [
        ("a-1", "deleted"),
        ("a-1", "saved"),
        ("a-2", "saved"),
    ]


def test_a_snapshot_comes_first_and_says_when_it_is_complete(client: Client) -> None:
    """B82."""
    for n in range(10):
        client.state_manager(f"e{n}").save({"status": "running", "context": {"n": n}})
    with client.watch(snapshot=True, include="state") as events:
        told = take(events, 11)
        client.state_manager("e5").update(status="completed")
        last = next(events)

    assert {each.kind for each in told[:-1]} == {"snapshot"}
    assert {each.execution_id: each.state for each in told[:-1]} == {
        f"e{n}": client.state_manager(f"e{n}").load() for n in range(10) if n != 5
    } | {"e5": told[[each.execution_id for each in told].index("e5")].state}
    assert told[-1].kind == "snapshot_complete"
    assert (last.execution_id, last.kind, last.status) == ("e5", "updated", "completed")


def test_changes_make_of_the_state_before_the_state_after(client: Client, sm: StateManager) -> None:
    """B81: whatever was written, followed by somebody who has only the events."""
    mirror = client.state_manager("mirror")
    chance = random.Random(81)  # noqa: S311 - the same every time, so that a failure comes back
    sm.save({"status": "running", "context": {"a": 0}})
    with sm.watch(snapshot=True, include="changes") as events:
        first = take(events, 2)[0].state
        assert first is not None
        first.id, first.revision = "", None
        mirror.save(first)
        for n in range(60):
            write(sm, chance, n)
            event = next(events)
            assert event.changes is not None
            mirror.update(
                event.changes,
                replace=["labels"] if "labels" in event.changes else [],
                remove=event.removed,
            )
            original, copy = sm.load(), mirror.load()
            assert original is not None
            assert copy is not None
            copy.id = original.id
            assert copy == original


def write(sm: StateManager, chance: random.Random, n: int) -> None:
    """Writes something that changes something."""
    name = chance.choice("abc")
    match chance.randrange(6):
        case 0:
            sm.save({"status": "waiting", "input": {name: n}, "current_member": f"m{n}"})
        case 1:
            sm.update(context={name: n}, member_outputs={name: [n]})
        case 2:
            sm.update(labels={name: str(n)}, status=chance.choice(["running", "waiting"]))
        case 3:
            sm.update(labels=None, metadata={"n": n})
        case 4:
            sm.update(context=None, current_member=None, metadata={name: n})
        case _:
            sm.update(replace=["context"], context={"only": n})


def test_each_token_goes_on_right_after_its_event(server: TestServer, client: Client) -> None:
    """B82, B86: in the midst of a message as well, and over restarts of the server."""
    with client.watch() as events:
        start = events.resume_token
        for n in range(8):
            sms = [client.state_manager(f"e{m}") for m in range(n % 4 + 1)]
            for sm in sms:
                sm.save({"status": "running", "context": {"n": n}})
        whole = take(events, 20)
    wanted = sorted(places(whole))

    # All at once this time: a message for each shard.
    with client.watch(resume_token=start) as events:
        again = take(events, 20)
    assert sorted(places(again)) == wanted
    server.restart()
    for count, event in enumerate(again, 1):
        with client.watch(resume_token=event.resume_token) as events:
            rest = take(events, 20 - count)
        assert sorted(places(again[:count] + rest)) == wanted


def test_a_watch_tells_each_write_once_over_restarts(server: TestServer, client: Client) -> None:
    """B82, B86."""
    written, told = [], []
    with client.watch() as events:
        for n in range(5):
            for m in range(4):
                sm = client.state_manager(f"e{m}")
                written.append((f"e{m}", sm.save({"status": "running"}).revision))
            if n % 2:
                server.restart()
            told += places(take(events, 4))

    assert sorted(told) == sorted(written)


def test_a_server_that_was_not_there_for_long_is_no_gap(
    server: TestServer, sm: StateManager
) -> None:
    """B82: where to begin outlives the client."""
    first = sm.save({"status": "running"}).revision
    last = [sm.update(context={"n": n}).revision for n in range(3)][-1]
    server.restart()

    with sm.watch(after_revision=first) as events:
        assert take(events, 3)[-1].revision == last
    with sm.watch(after_revision=0) as events:
        assert next(events).revision == first


def test_what_is_no_longer_kept_is_told_or_made_up_for(make_client: MakeClient) -> None:
    """B83, B84: the place of a watch that waits moves on with the log, one that is stored not."""
    with TestServer(log_events_kept=5) as server:
        client = make_client(server.address)
        quiet, busy = client.state_manager("quiet"), client.state_manager("busy")
        # Who waits in the watch is not waited for before it is closed.
        with ThreadPoolExecutor() as pool, quiet.watch(heartbeat=0.1) as events:
            old = events.resume_token
            quiet.save({"status": "running"})
            assert next(events).kind == "saved"
            waiting = pool.submit(next, events)
            for n in range(100):
                busy.save({"status": "running", "context": {"n": n}})
            until(lambda: is_compacted(quiet, old))
            until(lambda: not is_compacted(quiet, events.resume_token))
            server.restart()
            quiet.update(status="completed")
            assert waiting.result(timeout=60).status == "completed"

        with quiet.watch(resume_token=old, on_compacted="snapshot", include="state") as events:
            gap, snapshot, complete = take(events, 3)
        assert [gap.kind, snapshot.kind, complete.kind] == ["gap", "snapshot", "snapshot_complete"]
        assert snapshot.state == quiet.load()
        assert quiet.wait_for("completed").revision == snapshot.revision


def is_compacted(sm: StateManager, token: str) -> bool:
    try:
        sm.watch(resume_token=token).close()
    except RevisionCompactedError:
        return True
    return False
