"""SIGTERM: what is under way is answered, what is new is refused, and all of it is kept."""

import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from statekeeper.testing import TestServer
from tests.support.gate import HELD, Gate
from tests.support.health import STATE_MANAGER, HealthWatch
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of, save_request
from tests.support.server_process import ServerProcess

# Longer than any test waits for a process to end.
LONG_DRAIN = "--drain-s=1000"


def test_what_is_under_way_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """B20: and new calls are refused meanwhile, after health has said so."""
    gate = Gate(monkeypatch)
    with TestServer(shards=1, drain_s=DEADLINE_S) as server:
        with RawClient(server.address) as raw:
            call = raw.stub.Save.future(save_request(HELD), timeout=DEADLINE_S)
            gate.wait_until_reached()
            with HealthWatch(raw.channel) as health:
                assert health.next() == "SERVING"
                restarting = threading.Thread(target=server.restart)
                restarting.start()
                assert health.next() == "NOT_SERVING"

            with RawClient(server.address) as late:
                refusal = late.refusal(late.stub.Save, save_request("exec_late"))
            assert refusal.code is grpc.StatusCode.UNAVAILABLE
            gate.opened.set()
            assert call.result().result.version == 1
            restarting.join()

        with RawClient(server.address) as raw:
            assert raw.load(key_of(HELD)) is not None
            assert raw.load(key_of("exec_late")) is None


def test_a_drained_server_ends_with_success_and_has_kept_all(tmp_path: Path) -> None:
    """B20: under load, so some calls are answered and some refused, but none half done."""
    with ServerProcess(tmp_path / "data") as server:
        with RawClient(server.address) as raw:
            calls = {
                f"exec_{n}": raw.stub.Save.future(save_request(f"exec_{n}"), timeout=DEADLINE_S)
                for n in range(400)
            }
            calls["exec_50"].result()
            server.ask_to_stop()
            outcomes = {
                name: None if (error := call.exception()) is None else Refusal.of(error).code
                for name, call in calls.items()
            }
        assert server.wait() == 0
        assert set(outcomes.values()) <= {
            None,
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.CANCELLED,
        }

        server.start()
        with RawClient(server.address) as raw:
            for name, outcome in outcomes.items():
                assert outcome is not None or raw.load(key_of(name)) is not None, name
        assert server.terminate() == 0
    assert server.log.count('"event": "stopped"') == 2


@pytest.mark.parametrize("times", [1, 3])
def test_an_idle_server_stops_at_once_however_often_it_is_asked(tmp_path: Path, times: int) -> None:
    """B20."""
    with ServerProcess(tmp_path / "data", LONG_DRAIN) as server:
        for _ in range(times):
            server.ask_to_stop()
        assert server.wait() == 0


@pytest.mark.parametrize(
    ("service", "told"),
    [
        (STATE_MANAGER, ["SERVING", "NOT_SERVING"]),
        ("nonsense", ["SERVICE_UNKNOWN"]),
    ],
)
def test_who_watches_the_health_does_not_hold_up_the_end(
    tmp_path: Path, service: str, told: list[str]
) -> None:
    """B20: a watch has no end of its own, so it must not be waited for."""
    with (
        ServerProcess(tmp_path / "data", LONG_DRAIN) as server,
        RawClient(server.address) as raw,
        HealthWatch(raw.channel, service) as health,
    ):
        assert health.next() == told[0]
        assert server.terminate() == 0
        assert [health.next() for _ in told] == [*told[1:], "ENDED"]


def test_who_may_still_ask_for_the_contract_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """B20: a stream of reflection lasts for as long as its client likes."""
    questions: SimpleQueue[ServerReflectionRequest | None] = SimpleQueue()
    with (
        ServerProcess(tmp_path / "data", LONG_DRAIN) as server,
        RawClient(server.address) as raw,
    ):
        stub: Any = ServerReflectionStub(raw.channel)
        answers = stub.ServerReflectionInfo(iter(questions.get, None))
        questions.put(ServerReflectionRequest(list_services=""))
        next(answers)
        assert server.terminate() == 0
        questions.put(None)
        assert list(answers) == []
