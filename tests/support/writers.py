"""Writers who write until they are answered, and know which events tell of it."""

import time
from random import Random
from typing import Any, NamedTuple

import grpc

from statekeeper.v1.checkpoint_pb2 import CheckpointRequest
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionKey, ExecutionState
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

# A write that ends so is sent again: the server went, or is not there yet.
PASSING = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)
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


class Write(NamedTuple):
    """An RPC, its request, and the kinds of events that tell of it, where its answer says when."""

    rpc: str
    request: Any
    kinds: tuple[str, ...]

    @property
    def name(self) -> str:
        """The execution that is written."""
        return str(self.request.key.execution_id)


class Author:
    """Thinks of what to write, to executions of its own.

    Args:
        number: its own number, by which its executions and requests are named.
        dice: what it thinks of by chance.
        namespace: where its executions are.

    Attributes:
        names: its executions.
        told: the events that its writes must be told by, where the answers say so.
    """

    def __init__(self, number: int, dice: Random, namespace: str = "") -> None:
        self.names = [f"exec_{number}_{n}" for n in range(_EXECUTIONS_EACH)]
        self.told: list[Told] = []
        self._number = number
        self._dice = dice
        self._namespace = namespace
        self._existing: set[str] = set()
        self._thought = 0

    def think(self) -> Write:
        """What to write next."""
        name = self._dice.choice(self.names)
        kinds = [kind for kind, weight in _WEIGHTS.items() for _ in range(weight)]
        return self._write(name, self._dice.choice(kinds) if name in self._existing else "Save")

    def save(self, name: str) -> Write:
        """A save of one of its executions."""
        return self._write(name, "Save")

    def note(self, write: Write, response: Any) -> None:
        """Note that it was done."""
        if not write.kinds:
            return
        self.told += [(write.name, response.result.revision, kind) for kind in write.kinds]
        if "deleted" in write.kinds:
            self._existing.discard(write.name)
        else:
            self._existing.add(write.name)

    def _write(self, name: str, kind: str) -> Write:
        self._thought += 1
        mark = f"{self._number}-{self._thought}"
        key, options = key_of(name, self._namespace), WriteOptions(request_id=mark)
        state = self._state(mark)
        operations: list[Operation] = [update_op(mark=f'"{mark}"'), pause_op()]
        requests: dict[str, tuple[Any, tuple[str, ...]]] = {
            "Save": (SaveRequest(key=key, options=options, state=state), ("saved",)),
            "Update": (self._update(key, options, state), ("updated",)),
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
        return Write(kind, *requests[kind])

    def _state(self, mark: str) -> ExecutionState:
        size = _LARGE_BYTES if self._dice.random() < 0.05 else self._dice.randint(1, 500)
        context = document(mark=f'"{mark}"', blob=b"#" * size)
        return ExecutionState(status=STATUS_RUNNING, context=context, labels={"mark": mark})

    def _update(
        self, key: ExecutionKey, options: WriteOptions, state: ExecutionState
    ) -> UpdateRequest:
        """An update that sets all of a state, or removes some of it."""
        request = UpdateRequest(key=key, options=options, changes=state)
        gone = self._dice.choice(("", "", "context.blob", "metadata", "labels.mark"))
        if gone == "context.blob":
            del request.changes.context.entries["blob"]
        elif gone == "labels.mark":
            request.changes.labels.clear()
        elif not gone:
            request.changes.metadata.SetInParent()
        request.remove.extend([gone] if gone else [])
        return request


class Writer:
    """Writes what an author thinks of, each again and again until it is answered."""

    def __init__(self, number: int, address: str, dice: Random) -> None:
        self._author = Author(number, dice)
        self._address = address
        self._dice = dice

    @property
    def told(self) -> list[Told]:
        """The events that its writes must be told by, where the answers say so."""
        return self._author.told

    def write(self, writes: int, pace_s: float) -> None:
        """Do so many writes."""
        with RawClient(self._address) as raw:
            for _ in range(writes):
                write = self._author.think()
                self._author.note(write, _persist(getattr(raw.stub, write.rpc), write.request))
                time.sleep(pace_s * self._dice.random())


def _persist(method: Any, request: Any) -> Any:
    ends_s = time.monotonic() + _DEADLINE_S
    while True:
        try:
            return method(request, timeout=5, wait_for_ready=True)
        except grpc.RpcError as error:
            if Refusal.of(error).code not in PASSING or time.monotonic() > ends_s:
                raise
            time.sleep(0.02)
