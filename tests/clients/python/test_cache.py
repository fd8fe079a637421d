"""The cache by itself: what it keeps, and what it must not."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from statekeeper.cache import Cache
from statekeeper.v1 import execution_pb2, pause_pb2, value_pb2

KEY = ("orders", "exec_1")
TTL_S = 60


class Clock:
    """Seconds that a test moves; the wall clock shows the same."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return Cache(executions_max=3, bytes_max=10_000, monotonic_s=clock, wall_clock_s=clock)


def execution(
    revision: int = 1, *, size: int = 0, expire_time_s: int | None = None
) -> execution_pb2.Execution:
    made = execution_pb2.Execution(revision=revision)
    if size:
        made.state.context.entries["a"].CopyFrom(value_pb2.Value(json="x" * size))
    if expire_time_s is not None:
        made.expire_time.seconds = expire_time_s
    return made


def load(cache: Cache, made: execution_pb2.Execution | None, key: tuple[str, str] = KEY) -> None:
    cache.end_load(cache.begin(key), made, TTL_S)


def revision(cache: Cache, key: tuple[str, str] = KEY) -> int | None:
    kept = cache.get(key)
    return None if kept is None else kept.revision


def test_what_was_loaded_is_given_out_until_its_ttl(cache: Cache, clock: Clock) -> None:
    """B76."""
    load(cache, execution(5))
    assert revision(cache) == 5

    clock.now_s += TTL_S
    assert revision(cache) is None


def test_what_an_open_pause_will_change_is_not_given_out_for_longer(
    cache: Cache, clock: Clock
) -> None:
    """B36, B76."""
    made = execution(5)
    made.pauses.add(status=pause_pb2.PAUSE_STATUS_VOIDED).expire_time.seconds = 1001
    made.pauses.add(status=pause_pb2.PAUSE_STATUS_OPEN).expire_time.seconds = 1010
    load(cache, made)
    clock.now_s += 9.9
    assert revision(cache) == 5

    clock.now_s += 0.1
    assert revision(cache) is None


def test_a_write_of_an_unknown_execution_drops_all(cache: Cache) -> None:
    """B76."""
    load(cache, execution(5))
    under_way = cache.begin(KEY)
    cache.clear()
    assert revision(cache) is None
    cache.end_load(under_way, execution(5), TTL_S)
    assert revision(cache) is None

    load(cache, execution(6))
    assert revision(cache) == 6


def test_what_has_expired_is_not_given_out(cache: Cache, clock: Clock) -> None:
    """B17, B76."""
    load(cache, execution(5, expire_time_s=1010))
    clock.now_s += 9.9
    assert revision(cache) == 5

    clock.now_s += 0.1
    assert revision(cache) is None
    load(cache, execution(5, expire_time_s=1010))
    assert revision(cache) is None


def test_a_write_drops_the_copy_or_replaces_it(cache: Cache) -> None:
    """B76."""
    load(cache, execution(5))
    cache.end_write(cache.begin(KEY), revision=6)
    assert revision(cache) is None

    cache.end_write(cache.begin(KEY), revision=7, execution=execution(7), ttl_s=TTL_S)
    assert revision(cache) == 7


def test_a_write_that_failed_drops_the_copy(cache: Cache) -> None:
    """B76: it may have been done all the same."""
    load(cache, execution(5))
    cache.end_write(cache.begin(KEY))
    assert revision(cache) is None


def test_a_load_that_began_before_a_write_ended_is_not_kept(cache: Cache) -> None:
    """B76."""
    early = cache.begin(KEY)
    write = cache.begin(KEY)
    during = cache.begin(KEY)
    cache.end_write(write, revision=6)
    after = cache.begin(KEY)

    cache.end_load(early, execution(5), TTL_S)
    assert revision(cache) is None
    cache.end_load(during, execution(5), TTL_S)
    assert revision(cache) is None
    cache.end_load(after, execution(6), TTL_S)
    assert revision(cache) == 6


def test_an_older_load_does_not_replace_a_newer_one(cache: Cache) -> None:
    """B76: another client wrote between the two."""
    first, second = cache.begin(KEY), cache.begin(KEY)
    cache.end_load(second, execution(6), TTL_S)
    cache.end_load(first, execution(5), TTL_S)
    assert revision(cache) == 6


def test_of_two_writes_at_once_the_later_revision_stays(cache: Cache) -> None:
    """B76."""
    first, second = cache.begin(KEY), cache.begin(KEY)
    cache.end_write(second, revision=7, execution=execution(7), ttl_s=TTL_S)
    cache.end_write(first, revision=6, execution=execution(6), ttl_s=TTL_S)
    assert revision(cache) == 7

    first, second = cache.begin(KEY), cache.begin(KEY)
    cache.end_write(second, revision=9)
    cache.end_write(first, revision=8, execution=execution(8), ttl_s=TTL_S)
    assert revision(cache) is None


def test_a_call_may_be_ended_twice(cache: Cache) -> None:
    """B76."""
    ticket = cache.begin(KEY)
    cache.end_load(ticket, execution(5), TTL_S)
    cache.end_load(ticket, None, 0)
    assert revision(cache) == 5
    assert not cache._under_way


def test_the_least_recently_used_leaves_first(cache: Cache) -> None:
    """B76."""
    for name in "abc":
        load(cache, execution(1), ("n", name))
    cache.get(("n", "a"))
    load(cache, execution(1), ("n", "d"))

    assert [name for name in "abcd" if revision(cache, ("n", name))] == ["a", "c", "d"]


def test_the_cache_is_bounded_in_bytes(cache: Cache) -> None:
    """B76."""
    load(cache, execution(1, size=6_000), ("n", "a"))
    load(cache, execution(1, size=6_000), ("n", "b"))
    assert [name for name in "ab" if revision(cache, ("n", name))] == ["b"]

    load(cache, execution(2, size=20_000), ("n", "b"))
    assert revision(cache, ("n", "b")) is None
    assert cache._bytes == 0


def test_equal_ids_in_two_namespaces_never_meet(cache: Cache) -> None:
    """B4."""
    load(cache, execution(1), ("a", "e"))
    load(cache, execution(2), ("b", "e"))
    cache.end_write(cache.begin(("b", "e")))
    assert (revision(cache, ("a", "e")), revision(cache, ("b", "e"))) == (1, None)


def test_threads_never_see_an_older_copy_than_was_written() -> None:
    """B76."""
    cache = Cache()
    server = [0]
    lock = threading.Lock()

    def write_and_load(_: int) -> None:
        for _ in range(300):
            ticket = cache.begin(KEY)
            with lock:
                server[0] += 1
                mine = server[0]
            cache.end_write(ticket, revision=mine, execution=execution(mine), ttl_s=TTL_S)
            ticket = cache.begin(KEY)
            with lock:
                read = server[0]
            cache.end_load(ticket, execution(read), TTL_S)
            kept = revision(cache)
            assert kept is None or kept >= mine

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_and_load, range(4)))
    assert revision(cache) in (None, server[0])
    assert not cache._under_way


@pytest.fixture
def watched() -> Cache:
    """A cache of which one namespace is watched, and its watch stands."""
    cache = Cache(lambda _cache, _namespace: None)
    cache.watch_stands("orders")
    return cache


def test_a_watched_cache_asks_for_each_namespace_once() -> None:
    """B76."""
    asked: list[str] = []
    cache = Cache(lambda _cache, namespace: asked.append(namespace))
    for namespace in ("orders", "orders", "shop"):
        cache.get((namespace, "e"))
    assert asked == ["orders", "shop"]


def test_a_change_drops_what_was_before_it(watched: Cache) -> None:
    """B76."""
    load(watched, execution(5))
    watched.changed(KEY, 5)
    assert revision(watched) == 5
    watched.changed(("orders", "other"), 6)
    assert revision(watched) == 5
    watched.changed(KEY, 6)
    assert revision(watched) is None


def test_a_load_that_read_before_a_change_is_not_kept(watched: Cache) -> None:
    """B76."""
    before, after = watched.begin(KEY), watched.begin(KEY)
    watched.changed(KEY, 6)
    watched.end_load(before, execution(5), TTL_S)
    assert revision(watched) is None
    watched.end_load(after, execution(6), TTL_S)
    assert revision(watched) == 6


def test_a_write_that_others_have_overtaken_is_not_kept(watched: Cache) -> None:
    """B76."""
    ticket = watched.begin(KEY)
    watched.changed(KEY, 6)
    watched.end_write(ticket, revision=5, execution=execution(5), ttl_s=TTL_S)
    assert revision(watched) is None


def test_what_was_read_before_the_watch_stood_is_not_kept() -> None:
    """B76."""
    cache = Cache(lambda _cache, _namespace: None)
    load(cache, execution(5))
    assert revision(cache) is None

    ticket = cache.begin(KEY)
    cache.watch_stands("orders")
    cache.end_load(ticket, execution(5), TTL_S)
    assert revision(cache) is None
    load(cache, execution(5))
    assert revision(cache) == 5


def test_a_watch_that_breaks_drops_its_namespace(watched: Cache) -> None:
    """B76."""
    watched.watch_stands("shop")
    load(watched, execution(5))
    load(watched, execution(6), ("shop", "e"))
    watched.watch_broke("orders")

    assert revision(watched) is None
    assert revision(watched, ("shop", "e")) == 6
    load(watched, execution(5))
    assert revision(watched) is None
