"""Many checkpoints of one execution, and what they cost those who write."""

import statistics
import time

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import ExecutionState
from tests.support.checkpoints import checkpoint, checkpoints_of
from tests.support.pauses import execution_of
from tests.support.raw import RawClient, document, save_request, update_request

CHECKPOINTS = 1_000
_UPDATES = 1_500
_SLOWER_MAX = 1.5


def _update(raw: RawClient, execution_id: str, n: int) -> float:
    request = update_request(execution_id, ExecutionState(context=document(a=f"[{n}]", b=str(n))))
    begun = time.perf_counter()
    raw.stub.Update(request)
    return time.perf_counter() - begun


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_thousand_checkpoints_do_not_slow_updates() -> None:
    """B51: of two executions written in turn, the one that has them takes no longer."""
    with (
        TestServer(shards=1, checkpoints_max=CHECKPOINTS, versions_kept=4) as server,
        RawClient(server.address) as raw,
    ):
        states = {}
        for name in ("with", "without"):
            raw.stub.Save(save_request(name))
        for n in range(CHECKPOINTS):
            for name in ("with", "without"):
                _update(raw, name, n)
            checkpoint(raw, "with", f"c{n}")
            if n % 100 == 0:
                states[f"c{n}"] = execution_of(raw, "with").state
        taken: dict[str, list[float]] = {"with": [], "without": []}
        for n in range(_UPDATES):
            for name in ("with", "without") if n % 2 else ("without", "with"):
                taken[name].append(_update(raw, name, n))

        ratio = statistics.median(taken["with"]) / statistics.median(taken["without"])
        assert ratio < _SLOWER_MAX
        total = sum(taken["with"]) / sum(taken["without"])
        assert total < _SLOWER_MAX
        assert len(checkpoints_of(raw, "with")) == CHECKPOINTS
        for name, state in states.items():
            assert execution_of(raw, "with", checkpoint=name).state == state
