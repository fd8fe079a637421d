"""Writers who write until they are answered, and know which events tell of it."""

import time
from random import Random
from typing import Any

import grpc

from statekeeper.v1.checkpoint_pb2 import CheckpointRequest
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.lock_pb2 import LockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import PauseRequest
from statekeeper.v1.state_requests_pb2 import DeleteRequest, SaveRequest, UpdateRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.operations import seconds
from tests.support.raw import RawClient, Refusal, document, key_of
from tests.support.transactions import pause_op, update_op
from tests.support.watchers import Told

_DEADLINE_S = 60.0
_LARGE_BYTES = 100_000
_EXECUTIONS_EACH = 4

_WEIGHTS = {
    "Save": 6,
    "Update": 6,
    "Delete": 2,
    "Pause": 1,
    "Transaction": 2,
    "Checkpoint": 1,
    "Lock": 1,
    "Unlock": 1,
}
Write = tuple[str, Any, tuple[str, ...]]
"""An RPC, its request, and the kinds of events that tell of it"""


class Writer:
    """Writes executions of its own, again and again until it is answered.

    Attributes:
        told: the events that its writes must be told by, where the answers say so.
    """

    def __init__(self, number: int, address: str, dice: Random) -> None:
        self.told: list[Told] = []
        self._number = number
        self._address = address
        self._dice = dice
        self._existing: set[str] = set()
        self._written = 0

    def write(self, writes: int, pace_s: float) -> None:
        """Do so many writes."""
        with RawClient(self._address) as raw:
            for _ in range(writes):
                name = f"exec_{self._number}_{self._dice.randrange(_EXECUTIONS_EACH)}"
                self._written += 1
                rpc, request, kinds = self._draw(name, f"{self._number}-{self._written}")
                response = _persist(getattr(raw.stub, rpc), request)
                if kinds:
                    self._note(name, response.result.revision, kinds)
                time.sleep(pace_s * self._dice.random())

    def _note(self, name: str, revision: int, kinds: tuple[str, ...]) -> None:
        self.told += [(name, revision, kind) for kind in kinds]
        if "deleted" in kinds:
            self._existing.discard(name)
        else:
            self._existing.add(name)

    def _draw(self, name: str, mark: str) -> Write:
        key, options = key_of(name), WriteOptions(request_id=mark)
        size = _LARGE_BYTES if self._dice.random() < 0.05 else self._dice.randint(1, 500)
        state = ExecutionState(
            status=STATUS_RUNNING, context=document(mark=f'"{mark}"', blob=b"#" * size)
        )
        kinds = [kind for kind, weight in _WEIGHTS.items() for _ in range(weight)]
        kind = self._dice.choice(kinds) if name in self._existing else "Save"
        operations: list[Operation] = [update_op(mark=f'"{mark}"'), pause_op()]
        requests: dict[str, tuple[Any, tuple[str, ...]]] = {
            "Save": (SaveRequest(key=key, options=options, state=state), ("saved",)),
            "Update": (UpdateRequest(key=key, options=options, changes=state), ("updated",)),
            "Delete": (DeleteRequest(key=key, options=options), ("deleted",)),
            "Pause": (
                PauseRequest(key=key, options=options, member="m", reason="r"),
                ("paused",),
            ),
            "Transaction": (
                TransactionRequest(key=key, options=options, operations=operations),
                ("updated", "paused"),
            ),
            "Checkpoint": (CheckpointRequest(key=key, options=options, name=mark), ()),
            "Lock": (LockRequest(key=key, owner="o", lease=seconds(3_600)), ()),
            "Unlock": (UnlockRequest(key=key, owner="o"), ()),
        }
        return kind, *requests[kind]


def _persist(method: Any, request: Any) -> Any:
    ends_s = time.monotonic() + _DEADLINE_S
    while True:
        try:
            return method(request, timeout=5, wait_for_ready=True)
        except grpc.RpcError as error:
            if Refusal.of(error).code not in _PASSING or time.monotonic() > ends_s:
                raise
            time.sleep(0.02)


_PASSING = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)
