"""More than fits: what is too much is refused at once, and the server lives."""

from pathlib import Path

import grpc
import pytest

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from tests.support.raw import DEADLINE_S, RawClient, Refusal, document, key_of, save_request
from tests.support.server_process import ServerProcess

MB = 1024 * 1024
STATE_BYTES = 10 * MB
INFLIGHT_BYTES_MAX = 64 * MB


@pytest.mark.parametrize(
    "callers", [12, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_concurrent_saves_of_the_largest_states_are_kept_or_overloaded(
    tmp_path: Path, callers: int
) -> None:
    """B79, B80: memory is bounded by what may be under way, not by how many want to save."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(big=bytes(STATE_BYTES)))
    flags = ("--shards=2", f"--inflight-bytes-max={INFLIGHT_BYTES_MAX}")
    with ServerProcess(tmp_path / "data", *flags) as server:
        with RawClient(server.address) as raw:
            before = server.peak_memory_bytes()
            calls = {
                name: raw.stub.Save.future(save_request(name, state), timeout=10 * DEADLINE_S)
                for name in (f"exec_{n}" for n in range(callers))
            }
            refused = {
                name: Refusal.of(error)
                for name, call in calls.items()
                if (error := call.exception()) is not None
            }
            grown = server.peak_memory_bytes() - before
            kept = calls.keys() - refused.keys()
            assert kept
            assert {refusal.code for refusal in refused.values()} <= {
                grpc.StatusCode.RESOURCE_EXHAUSTED
            }
            assert {refusal.reason for refusal in refused.values()} <= {"OVERLOADED"}
            # A message is there as received, as parsed and as it is written.
            received = callers * STATE_BYTES
            print(f"{len(kept)} kept, {grown / MB:.0f} MiB more")  # noqa: T201 - when it fails
            assert grown < received + 4 * INFLIGHT_BYTES_MAX

            for name in kept:
                execution = raw.load(key_of(name))
                assert execution is not None
                assert execution.state.context == state.context
            for name in refused:
                assert raw.load(key_of(name)) is None
                assert raw.stub.Save(save_request(name), timeout=DEADLINE_S).result.version == 1
        assert server.terminate() == 0


@pytest.mark.parametrize(
    ("value", "expected_revision", "reason"),
    [(bytes(11 * MB), None, "STATE_TOO_LARGE"), (bytes(STATE_BYTES), 99, "CONFLICT")],
    ids=["too-large", "conflict"],
)
def test_refused_requests_leave_nothing_in_memory(
    tmp_path: Path, value: bytes, expected_revision: int | None, reason: str
) -> None:
    """B80: however many large requests are refused, none of them stays."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(big=value))
    request = save_request("exec_1", state, expected_revision=expected_revision)
    with ServerProcess(tmp_path / "data") as server:
        with RawClient(server.address) as raw:

            def refuse(times: int) -> None:
                for _ in range(times):
                    with pytest.raises(grpc.RpcError) as caught:
                        raw.stub.Save(request, timeout=DEADLINE_S)
                    assert Refusal.of(caught.value).reason == reason

            refuse(5)
            before = server.peak_memory_bytes()
            refuse(30)
            # A few may be there at a time, in gRPC's hands or still to be collected.
            assert server.peak_memory_bytes() - before < 10 * len(value)
        assert server.terminate() == 0
