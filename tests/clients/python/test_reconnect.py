"""A server that goes away and comes back, while calls are under way."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from statekeeper import CallCancelledError, Client, DeadlineExceededError
from statekeeper.testing import TestServer

from .conftest import MakeClient
from .fakes import FakeServer

STATE = {"status": "running"}


def test_calls_wait_for_a_server_that_restarts(fake: FakeServer, client: Client) -> None:
    sm = client.state_manager("e")
    sm.save(STATE)
    fake.stop()

    with ThreadPoolExecutor() as pool:
        load = pool.submit(sm.load)
        fake.start()
        assert load.result(timeout=9) is not None


def test_a_call_that_is_cut_off_is_repeated_at_the_new_server(
    fake: FakeServer, client: Client
) -> None:
    """B70."""
    sm = client.state_manager("e")
    sm.save(STATE)
    fake.hold()

    with ThreadPoolExecutor() as pool:
        save = pool.submit(sm.save, STATE)
        assert fake.arrived.wait(10)
        fake.stop()
        fake.start()
        assert save.result(timeout=9).revision == 2

    ids = [request.options.request_id for _, request in fake.service.requests]
    assert ids[1] == ids[2]


def test_no_call_fails_over_five_restarts(fake: FakeServer, make_client: MakeClient) -> None:
    """B20, as the client sees it."""
    client = make_client(fake.address, timeout=20)
    client.state_manager("first").save(STATE)
    ended = threading.Event()

    def save_until_ended(worker: int) -> int:
        saves = 0
        while not ended.is_set():
            client.state_manager(f"e{worker}-{saves}").save(STATE)
            saves += 1
        return saves

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(save_until_ended, worker) for worker in range(4)]
        try:
            for _ in range(5):
                fake.stop()
                fake.start()
                fake.service.wait_for_requests(len(fake.service.requests) + 20)
        finally:
            ended.set()
        # What was received more than once counts once.
        saves = sum(worker.result(timeout=30) for worker in workers)

    assert saves == len(fake.service.executions) - 1


def test_no_call_fails_while_the_server_is_restarted_in_order(
    statekeeper_server: TestServer, make_client: MakeClient
) -> None:
    """B20, B70: it finishes what is under way and refuses the rest."""
    client = make_client(statekeeper_server.address, timeout=20)
    client.state_manager("first").save(STATE)
    ended = threading.Event()

    def update_until_ended(worker: int) -> tuple[int, int]:
        sm = client.state_manager(f"e{worker}")
        result, count = sm.save(STATE), 1
        while not ended.is_set():
            result, count = sm.update(metadata={"n": count}), count + 1
        return result.version, count

    with ThreadPoolExecutor(8) as pool:
        workers = [pool.submit(update_until_ended, worker) for worker in range(8)]
        try:
            for _ in range(5):
                statekeeper_server.restart()
                client.state_manager("first").save(STATE)
        finally:
            ended.set()
        for worker in workers:
            version, count = worker.result(timeout=30)
            assert version == count


def test_a_server_that_stays_away_is_waited_for_until_the_deadline(
    fake: FakeServer, make_client: MakeClient
) -> None:
    sm = make_client(fake.address, timeout=1).state_manager("e")
    sm.save(STATE)
    fake.stop()

    with pytest.raises(DeadlineExceededError, match="within 1 s"):
        sm.load()


def test_closing_ends_the_calls_under_way(fake: FakeServer, client: Client) -> None:
    fake.hold()

    with ThreadPoolExecutor() as pool:
        load = pool.submit(client.state_manager("e").load)
        assert fake.arrived.wait(10)
        client.close()
        with pytest.raises(CallCancelledError):
            load.result(timeout=10)


def test_a_closed_client_says_so(client: Client) -> None:
    sm = client.state_manager("e")
    client.close()

    with pytest.raises(RuntimeError, match="this client is closed"):
        sm.load()
