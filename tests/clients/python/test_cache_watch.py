"""A cache that is told what others write."""

import threading
from typing import Any

import grpc
import pytest

from statekeeper import Client, StateManager
from statekeeper.testing import TestServer
from statekeeper.v1 import history_pb2

from .answers import fail
from .conftest import MakeClient
from .fake_watch import FakeWatches, begun, event, told
from .fakes import FakeServer, until

STATE: dict[str, Any] = {"status": "running", "context": {"n": 0}}
NEVER_S = 3600


@pytest.fixture
def watches(fake: FakeServer) -> FakeWatches:
    """The watches of the fake server."""
    return fake.service.watches


@pytest.fixture
def client(fake: FakeServer, make_client: MakeClient) -> Client:
    """A client whose cache is watched."""
    return make_client(fake.address, cache_watch=True)


@pytest.fixture
def sm(client: Client, fake: FakeServer) -> StateManager:
    """A handle that caches, of an execution that somebody else has saved."""
    with Client(fake.address) as other:
        other.state_manager("e", namespace="orders").save(STATE)
    return client.state_manager("e", namespace="orders", cache_ttl=NEVER_S)


def is_hit(fake: FakeServer, sm: StateManager) -> bool:
    """Tells whether a load asks nobody."""
    before = fake.service.count("Load")
    sm.load()
    return fake.service.count("Load") == before


def hits(fake: FakeServer, sm: StateManager, loads: int) -> int:
    """Tells how many of some loads ask nobody."""
    return sum(is_hit(fake, sm) for _ in range(loads))


def test_a_namespace_is_watched_when_something_of_it_may_be_cached(
    watches: FakeWatches, client: Client, sm: StateManager
) -> None:
    """B76: once, whatever the number of handles."""
    client.state_manager("e", namespace="orders").load()
    assert watches.requests == []

    client.state_manager("other", namespace="orders", cache_ttl=NEVER_S).load()
    sm.load()
    until(lambda: len(watches.requests) == 1)
    (request,) = watches.requests
    assert (request.namespace, request.id_prefix, list(request.kinds)) == ("orders", "", [])
    assert request.WhichOneof("start") is None


def test_nothing_is_watched_without_being_asked_for(
    fake: FakeServer, watches: FakeWatches, make_client: MakeClient
) -> None:
    sm = make_client(fake.address).state_manager("e", cache_ttl=NEVER_S)
    sm.save(STATE)
    sm.load()
    assert watches.requests == []


def test_nothing_is_cached_before_the_watch_stands(
    fake: FakeServer, watches: FakeWatches, sm: StateManager
) -> None:
    """B76."""
    gate = threading.Event()
    watches.line_up(gate, begun("t1"))

    assert hits(fake, sm, 3) == 0
    gate.set()
    until(lambda: is_hit(fake, sm))
    assert is_hit(fake, sm)


def test_a_write_of_others_drops_the_copy(
    fake: FakeServer, watches: FakeWatches, sm: StateManager
) -> None:
    """B76: of that execution, and no other."""
    gate = threading.Event()
    watches.line_up(begun("t1"), gate, told("t2", event("other", 8)), told("t3", event("e", 9)))
    until(lambda: is_hit(fake, sm))

    gate.set()
    until(lambda: not is_hit(fake, sm))


@pytest.mark.parametrize("kind", [history_pb2.EVENT_KIND_LOCKED, history_pb2.EVENT_KIND_UNLOCKED])
def test_a_lock_drops_nothing(
    fake: FakeServer, watches: FakeWatches, sm: StateManager, kind: history_pb2.EventKind
) -> None:
    """B76."""
    gate, after = threading.Event(), threading.Event()
    watches.line_up(begun("t1"), gate, told("t2", event("e", 9, kind)), after)
    until(lambda: is_hit(fake, sm))

    gate.set()
    assert hits(fake, sm, 20) == 20
    after.set()


def test_the_news_of_an_own_write_drops_nothing(
    fake: FakeServer, watches: FakeWatches, sm: StateManager
) -> None:
    """B76."""
    gate = threading.Event()
    watches.line_up(begun("t1"), gate, told("t2", event("e", 2)), told("t3", event("e", 3)))
    until(lambda: is_hit(fake, sm))
    assert sm.update(context={"n": 1}).revision == 2
    assert is_hit(fake, sm)

    # The first event is that of the update, the second of somebody's later write.
    gate.set()
    until(lambda: not is_hit(fake, sm))


def test_what_was_cached_is_not_used_while_the_watch_is_broken(
    fake: FakeServer, watches: FakeWatches, sm: StateManager
) -> None:
    """B76: and is not put again before the next one stands, which begins anew."""
    broken, back = threading.Event(), threading.Event()
    watches.line_up(begun("t1"), broken, fail(grpc.StatusCode.UNAVAILABLE))
    watches.line_up(back, begun("t9"))
    until(lambda: is_hit(fake, sm))

    broken.set()
    until(lambda: len(watches.requests) == 2)
    assert hits(fake, sm, 5) == 0
    assert watches.requests[1].WhichOneof("start") is None

    back.set()
    until(lambda: is_hit(fake, sm))


def test_closing_the_client_ends_the_watches_of_its_cache(
    fake: FakeServer, watches: FakeWatches, client: Client, sm: StateManager
) -> None:
    until(lambda: is_hit(fake, sm))
    client.close()
    assert watches.ended.acquire(timeout=10)
    assert not any(thread.name == "statekeeper-cache" for thread in threading.enumerate())


def test_what_others_write_is_seen_by_the_cache(
    statekeeper_server: TestServer, make_client: MakeClient
) -> None:
    """B76: within what the news takes, also over a restart of the server."""
    client: Client = make_client(statekeeper_server.address, cache_watch=True)
    cached = client.state_manager("e", cache_ttl=NEVER_S)
    other = statekeeper_server.client().state_manager("e")

    def shows(n: int) -> bool:
        state = cached.load()
        return state is not None and state.context == {"n": n}

    for n in range(30):
        other.save({"status": "running", "context": {"n": n}})
        until(lambda n=n: shows(n))  # type: ignore[misc]  # mypy takes the default for a parameter
        if n % 10 == 5:
            statekeeper_server.restart()
    other.delete()
    until(lambda: cached.load() is None)
