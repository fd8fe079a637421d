"""Watchers that stumble, while writers write and the server dies: each is told everything, once.

What must be told is known twice: from the answers to the writes, and from the log, read in
one go in the end.
"""

import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest

from statekeeper import StateError
from statekeeper.calls import Following
from statekeeper.transport import CHANNEL_OPTIONS
from statekeeper.v1.checkpoint_pb2 import CheckpointRequest
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.lock_pb2 import LockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import PauseRequest
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    ListRevisionsRequest,
    SaveRequest,
    UpdateRequest,
)
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.watch_pb2 import WatchRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.chance import chance
from tests.support.operations import seconds
from tests.support.placement import shard_of
from tests.support.raw import RawClient, Refusal, document, key_of
from tests.support.server_process import ServerProcess
from tests.support.transactions import pause_op, update_op
from tests.support.watchers import (
    Cancelled,
    Filtering,
    Mirror,
    Resuming,
    Stalling,
    Steady,
    Told,
    Watcher,
    wait_until,
)
from tests.support.watching import Watch

SHARDS = 3
WRITERS = 4
EXECUTIONS_EACH = 4
DEADLINE_S = 60.0
_LARGE_BYTES = 100_000
# Kinds that move no revision, and so have no answer that tells theirs.
_UNMOVED = frozenset(("checkpointed", "locked", "unlocked"))

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
                name = f"exec_{self._number}_{self._dice.randrange(EXECUTIONS_EACH)}"
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
    ends_s = time.monotonic() + DEADLINE_S
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


@pytest.fixture
def stumbles(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the watchers' streams have ended, by what they ended with."""
    counted: Counter[str] = Counter()
    lost = Following.lost

    def count(following: Following, error: StateError, patience_s: float) -> float:
        counted[error.code] += 1
        return lost(following, error, patience_s)

    monkeypatch.setattr(Following, "lost", count)
    # What is not read fills these windows soon, and the server has to keep the rest.
    small = (*CHANNEL_OPTIONS, ("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 1))
    monkeypatch.setattr("statekeeper.channel.CHANNEL_OPTIONS", small)
    return counted


def _log(raw: RawClient, start: str) -> Iterator[Told]:
    """All that happened after a place, as the log tells it."""
    request = WatchRequest(resume_token=start)
    request.heartbeat_interval.FromMilliseconds(500)
    with Watch(raw, request).begun() as watch:
        while not (message := watch.message()).heartbeat:
            for event in message.events:
                kind = EventKind.Name(event.kind).removeprefix("EVENT_KIND_").lower()
                yield event.key.execution_id, event.revision, kind


def _by_shard(told: list[Told]) -> list[list[Told]]:
    return [[each for each in told if shard_of(each[0], SHARDS) == n] for n in range(SHARDS)]


def _check(raw: RawClient, log: list[Told], writers: list[Writer], watchers: list[Watcher]) -> None:
    # The log and the answers say the same of every write.
    moved = [each for each in log if each[2] not in _UNMOVED]
    assert sorted(moved) == sorted(each for writer in writers for each in writer.told)
    assert all(shard == sorted(shard, key=lambda each: each[1]) for shard in _by_shard(log))

    revisions = _revisions(raw, {each[0] for each in log})

    def has_all(watcher: Watcher) -> bool:
        if isinstance(watcher, Mirror):
            return watcher.revisions == revisions
        return len(watcher.told) >= sum(map(watcher.expects, log))

    wait_until(lambda: all(map(has_all, watchers)), watchers, DEADLINE_S)
    # What comes twice comes late.
    time.sleep(0.5)
    for watcher in watchers:
        watcher.over.set()
    for watcher in watchers:
        watcher.join(DEADLINE_S)
        if watcher.failure is not None:
            raise AssertionError(watcher.name) from watcher.failure
        if isinstance(watcher, Mirror):
            assert watcher.revisions == revisions
        else:
            expected = [each for each in log if watcher.expects(each)]
            missed, twice = Counter(expected), Counter(watcher.told)
            missed.subtract(watcher.told)
            twice.subtract(expected)
            assert (+missed, +twice) == (Counter(), Counter()), watcher.name
            assert _by_shard(watcher.told) == _by_shard(expected), watcher.name
    for name in revisions:
        request = ListRevisionsRequest(key=key_of(name), page_size=1_000)
        listed = {each.revision for each in raw.stub.ListRevisions(request).revisions}
        assert listed <= {each[1] for each in moved if each[0] == name}


def _revisions(raw: RawClient, names: set[str]) -> dict[str, int]:
    """At which revision the executions are that there are."""
    states = {name: raw.load(key_of(name)) for name in names}
    return {name: state.revision for name, state in states.items() if state is not None}


def _run(server: ServerProcess, seed: int, rounds: int, writes: int) -> None:
    dice = chance(seed)
    with RawClient(server.address) as raw:
        request = WatchRequest()
        with Watch(raw, request).begun() as watch:
            start = watch.token
    writers = [Writer(n, server.address, chance((seed, "writer", n))) for n in range(WRITERS)]
    kinds = (Steady, Resuming, Resuming, Stalling, Filtering, Cancelled, Mirror)
    watchers: list[Watcher] = [
        kind(server.address, start, chance((seed, "watcher", n))) for n, kind in enumerate(kinds)
    ]
    for watcher in watchers:
        watcher.start()
    assert wait_until(lambda: all(each.begun.is_set() for each in watchers), watchers, DEADLINE_S)
    for _ in range(rounds):
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(writer.write, writes, 0.01) for writer in writers]
            time.sleep(writes * 0.01 * dice.random())
            if dice.random() < 0.7:
                server.kill()
            else:
                assert server.terminate() == 0
            server.start()
            for each in writing:
                each.result()
    with RawClient(server.address) as raw:
        _check(raw, list(_log(raw, start)), writers, watchers)


@pytest.mark.parametrize(
    ("rounds", "writes"),
    [(2, 30), pytest.param(60, 60, marks=[pytest.mark.long, pytest.mark.timeout(1_200)])],
)
def test_b82_b86_every_watcher_is_told_everything_once_and_in_order(
    tmp_path: Path, stumbles: Counter[str], rounds: int, writes: int
) -> None:
    """B82, B85, B86: run it again with the WATCH_SEED that it prints."""
    seed = int(os.environ.get("WATCH_SEED") or secrets.randbits(32))
    print(f"WATCH_SEED={seed}")  # noqa: T201 - pytest shows it when the test fails
    flags = (f"--shards={SHARDS}", "--watch-stall-s=0.3")
    with ServerProcess(tmp_path / "data", *flags) as server:
        _run(server, seed, rounds, writes)
    print(stumbles)  # noqa: T201 - pytest shows it when the test fails
    assert stumbles["UNAVAILABLE"] > 0
