"""What the package offers for the tests of others."""

import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from statekeeper import AsyncClient, InvalidRequestError
from statekeeper.testing import MovableClock, TestServer

STATE = {"status": "running"}


def test_the_fixture_is_a_server_of_its_own(statekeeper_server: TestServer) -> None:
    assert statekeeper_server.address.startswith("127.0.0.1:")
    assert statekeeper_server.client().state_manager("e").load() is None


def test_a_restart_keeps_the_folder_and_the_port(statekeeper_server: TestServer) -> None:
    """B20."""
    address = statekeeper_server.address
    sm = statekeeper_server.client().state_manager("e")
    saved = sm.save(STATE)

    statekeeper_server.restart()

    assert statekeeper_server.address == address
    state = sm.load()
    assert state is not None
    assert state.revision == saved.revision


async def test_async_clients_are_served_as_well(statekeeper_server: TestServer) -> None:
    async with statekeeper_server.async_client() as client:
        assert isinstance(client, AsyncClient)
        await client.state_manager("e").save(STATE)
        statekeeper_server.restart()
        assert await client.state_manager("e").load() is not None


def test_time_passes_when_the_test_says_so(statekeeper_server: TestServer) -> None:
    """B17."""
    sm = statekeeper_server.client().state_manager("e", ttl=60)
    sm.save(STATE)
    statekeeper_server.clock.advance(61)
    assert sm.load() is None


def test_the_temporary_folder_is_removed() -> None:
    with TestServer() as server:
        server.client().state_manager("e").save(STATE)
        assert server.data_dir.is_dir()
    assert not server.data_dir.exists()
    server.stop()


def test_a_folder_that_was_given_is_kept(tmp_path: Path) -> None:
    """B20."""
    for expected in (None, "running"):
        with TestServer(tmp_path / "data", shards=1) as server:
            sm = server.client().state_manager("e")
            state = sm.load()
            assert (state and state.status) == expected
            sm.save(STATE)
    assert (tmp_path / "data").is_dir()


def test_a_server_that_cannot_start_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    threads = threading.active_count()
    with pytest.raises(Exception, match="file"):
        TestServer(tmp_path / "file")
    assert threading.active_count() == threads


def test_the_clock_only_goes_on() -> None:
    clock = MovableClock()
    before = clock.now_us()
    assert abs(before - time.time_ns() // 1000) < 60_000_000
    clock.advance(timedelta(days=1))
    assert clock.now_us() - before >= 86_400_000_000
    with pytest.raises(InvalidRequestError):
        clock.advance(-1)


def test_the_monotonic_clock_goes_on_with_it() -> None:
    clock = MovableClock()
    before = clock.monotonic_us()
    clock.advance(60)
    assert 60_000_000 <= clock.monotonic_us() - before < 120_000_000


def test_who_asked_for_it_is_told_that_time_has_passed() -> None:
    clock = MovableClock()
    told: list[tuple[int, bool]] = []
    start = clock.monotonic_us()
    here = threading.get_ident()

    def moved() -> None:
        told.append((clock.monotonic_us() - start, threading.get_ident() == here))

    clock.advance(1)
    clock.subscribe(moved)
    clock.advance(100)
    ((passed_us, in_the_thread_that_moves),) = told
    assert passed_us >= 101_000_000
    assert in_the_thread_that_moves

    clock.unsubscribe(moved)
    clock.advance(1)
    assert len(told) == 1


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python without the server's package."""
    for name in [name for name in sys.modules if name.startswith("statekeeper_server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "statekeeper_server", None)
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("no_server")
def test_a_missing_server_says_what_to_install() -> None:
    with pytest.raises(ImportError, match=r"pip install 'statekeeper\[server\]'"):
        TestServer()
