"""Random writers and watchers that come and go: what each was told is exactly what happened.

The truth is the log, read once more from its beginning when all is over. Every watcher breaks
off and resumes at random; together, what it was told must be the truth from where it began:
nothing missing, nothing twice, each shard's in its order.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_RUNNING,
    STATUS_WAITING,
    ExecutionState,
)
from statekeeper.v1.history_pb2 import (
    EVENT_KIND_CHECKPOINTED,
    EVENT_KIND_DELETED,
    EVENT_KIND_LOCKED,
    EVENT_KIND_SNAPSHOT,
    EVENT_KIND_UNLOCKED,
    EVENT_KIND_UPDATED,
    EventKind,
)
from statekeeper.v1.lock_pb2 import LockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import UpdateRequest
from statekeeper.v1.value_pb2 import Document
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_CHANGES,
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_STATE,
    Event,
    WatchInclude,
    WatchRequest,
)
from tests.support.chance import chance
from tests.support.checkpoints import checkpoint
from tests.support.pauses import open_pause
from tests.support.placement import shard_of
from tests.support.raw import RawClient, Refusal, document, key_of, save_request, update_request
from tests.support.transactions import pause_op, transact
from tests.support.watching import Watch, merge, watch_request

SHARDS = 2
MUCH = (pytest.mark.long, pytest.mark.timeout(300))
WRITERS = 4
NAMES = [f"{kind}-{n}" for kind in ("order", "refund") for n in range(4)]
# One in each shard. The end of everything is their completion, and that of order-1.
ENDS = [
    next(name for n in count() if shard_of(name := f"order-end-{n}", SHARDS) == shard)
    for shard in range(SHARDS)
]
WRITES = ("save", "update", "pause", "delete", "name", "again")
UNMOVED = {EVENT_KIND_CHECKPOINTED, EVENT_KIND_LOCKED, EVENT_KIND_UNLOCKED}
Fact = tuple[int, str, int, int]
"""Revision, execution, kind and version of an event."""


def fact(event: Event) -> Fact:
    return (event.revision, event.key.execution_id, event.kind, event.version)


@dataclass(frozen=True)
class Scope:
    """What a watcher watches."""

    id_prefix: str = ""
    key: str = ""
    kinds: tuple[EventKind, ...] = ()

    def request(self, **fields: Any) -> WatchRequest:
        """The request for it."""
        if self.key:
            return watch_request(self.key, kinds=self.kinds, **fields)
        return watch_request(id_prefix=self.id_prefix, kinds=self.kinds, **fields)

    def has(self, event: Fact) -> bool:
        """Whether it is told of that."""
        _, name, kind, _ = event
        if self.kinds and kind not in self.kinds:
            return False
        return name == self.key if self.key else name.startswith(self.id_prefix)


SCOPES = (
    Scope(),
    Scope(id_prefix="order-"),
    Scope(key="order-1"),
    Scope(kinds=(EVENT_KIND_UPDATED, EVENT_KIND_DELETED)),
)


@dataclass
class Watcher:
    """Watches by streams that end at random, one after the other."""

    raw: RawClient
    scope: Scope
    include: WatchInclude
    snapshot: bool
    dice: Random
    began: threading.Event = field(default_factory=threading.Event)
    events: list[Event] = field(default_factory=list)
    streams: int = 0

    def run(self, finished: threading.Event) -> None:
        """Be told until the end was told, of each shard; breaking off until writers are done."""
        token = ""
        while not self._has_end():
            start: dict[str, Any] = (
                {"resume_token": token} if token else {"snapshot": self.snapshot}
            )
            request = self.scope.request(include=self.include, heartbeat_s=0.1, **start)
            with Watch(self.raw, request).begun() as watch:
                self.streams += 1
                self.began.set()
                left = self.dice.randint(1, 40)
                while not self._has_end() and (left > 0 or finished.is_set()):
                    message = watch.message()
                    self.events += message.events
                    left -= 1
                token = watch.token

    def _has_end(self) -> bool:
        return is_over(self.events, [self.scope.key] if self.scope.key else ENDS)

    def check(self, truth: list[Fact]) -> None:
        """Compare with what happened."""
        told = [fact(event) for event in self.events if event.kind != EVENT_KIND_SNAPSHOT]
        expected = [each for each in truth if self.scope.has(each)]
        if not self.snapshot:
            assert by_shard(told) == by_shard(expected)
            return
        shown = [event for event in self.events if event.kind == EVENT_KIND_SNAPSHOT]
        since = {event.key.execution_id: event.revision for event in shown}
        assert len(since) == len(shown)
        for name in {name for _, name, _, _ in truth}:
            mine = [each for each in told if each[1] == name]
            all_of_it = [each for each in expected if each[1] == name]
            missed = all_of_it[: len(all_of_it) - len(mine)]
            assert mine == all_of_it[len(missed) :]
            if name in since:
                first = next(e for e in self.events if e.key.execution_id == name)
                assert first.kind == EVENT_KIND_SNAPSHOT
                assert all(each[0] > since[name] for each in mine)
                # What came between moved no revision: it was before the snapshot came to it.
                assert all(each[0] <= since[name] or each[2] in UNMOVED for each in missed)
            else:
                # It was not there when the snapshot came to it.
                assert not missed or missed[-1][2] == EVENT_KIND_DELETED

    def check_values(self, raw: RawClient) -> None:
        """Compare what the values come to with what is stored in the end."""
        states: dict[str, ExecutionState] = {}
        for event in self.events:
            name = event.key.execution_id
            if event.kind == EVENT_KIND_DELETED or event.values_missing:
                # It was removed by the time the values were read, and is not known until it
                # is created again.
                states.pop(name, None)
            elif event.HasField("execution"):
                states[name] = event.execution.state
            elif event.HasField("changes"):
                before = ExecutionState(id=name) if event.version == 1 else states.get(name)
                if before is not None:
                    merge(before, event)
                    states[name] = before
        assert states
        for name, state in states.items():
            found = raw.load(key_of(name))
            assert found is not None
            assert state == found.state


def is_over(events: list[Event], names: list[str]) -> bool:
    """Whether all of these executions have ended."""
    return {e.key.execution_id for e in events if e.status == STATUS_COMPLETED} >= set(names)


def by_shard(facts: list[Fact]) -> dict[int, list[Fact]]:
    found = defaultdict(list)
    for each in facts:
        found[shard_of(each[1], SHARDS)].append(each)
    return found


class Progress:
    """How much was written."""

    def __init__(self) -> None:
        self._writes = 0
        self._moved = threading.Condition()

    def move(self) -> None:
        """One more."""
        with self._moved:
            self._writes += 1
            self._moved.notify_all()

    def wait_for(self, writes: int) -> None:
        """Wait until so much was written."""
        with self._moved:
            assert self._moved.wait_for(lambda: self._writes >= writes, timeout=60)


def write(raw: RawClient, dice: Random, names: list[str], number: int, progress: Progress) -> None:
    """Do so many things to executions of one's own, of which some are refused."""
    for n in range(number):
        name = dice.choice(names)
        value = str(n) if dice.random() < 0.9 else f'"{"x" * 70_000}"'
        context = document(**{dice.choice("abcd"): value for _ in range(dice.randint(1, 3))})
        try:
            do_something(raw, dice, name, context)
        except grpc.RpcError as error:
            if Refusal.of(error).reason not in {"STATE_NOT_FOUND", "INVALID_REQUEST"}:
                raise
        progress.move()


def do_something(raw: RawClient, dice: Random, name: str, context: Document) -> None:
    state, key = ExecutionState(context=context), key_of(name)
    (what,) = dice.choices(WRITES, (2, 3, 1, 1, 1, 1))
    if what == "save":
        state.status = dice.choice((STATUS_RUNNING, STATUS_WAITING))
        raw.stub.Save(save_request(name, state))
    elif what == "update":
        request = update_request(name, state)
        request.remove.extend(
            dice.sample(("context.e", "labels.x", "metadata"), dice.randint(0, 1))
        )
        raw.stub.Update(request)
    elif what == "pause":
        transact(raw, name, Operation(update=UpdateRequest(changes=state)), pause_op())
    elif what == "delete":
        raw.delete(key)
    elif what == "name":
        checkpoint(raw, name, "here")
        raw.stub.Lock(LockRequest(key=key, owner="ada"))
        raw.stub.Unlock(UnlockRequest(key=key, owner="ada"))
    else:
        raw.delete(key)
        open_pause(raw, name)


def write_end(raw: RawClient) -> None:
    """What watchers wait for: the last thing that is written, in each shard."""
    for name in ("order-1", *ENDS):
        raw.stub.Save(save_request(name))
        state = ExecutionState(status=STATUS_COMPLETED, context=document(end="1"))
        raw.stub.Update(update_request(name, state))


@pytest.mark.parametrize(
    ("seed", "writes", "rows"),
    [
        # In small steps, so that it takes several to come to the end of log and snapshot, and
        # with short queues, so that watchers fall behind.
        pytest.param(1, 60, 2, id="a little"),
        *(
            pytest.param(n, 700, 2 if n % 2 else 1_000, marks=MUCH, id=f"much-{n}")
            for n in range(3)
        ),
    ],
)
def test_b82_b86_every_watcher_is_told_exactly_what_happened(
    monkeypatch: pytest.MonkeyPatch, seed: int, writes: int, rows: int
) -> None:
    """B82, B86: whatever it watches, wherever it begins, however often it breaks off."""
    monkeypatch.setattr("statekeeper_server.operations.watch._STEP_ROWS", rows)
    monkeypatch.setattr("statekeeper_server.tail._QUEUE_ROWS_MAX", rows // 2)
    with (
        TestServer(shards=SHARDS, versions_kept=100_000) as server,
        RawClient(server.address) as raw,
    ):
        with Watch(raw, watch_request()).begun() as beginning:
            pass
        progress = Progress()
        write(raw, chance((seed, "before")), NAMES, 20, progress)
        with Watch(raw, watch_request()).begun() as now:
            pass
        watchers = [
            Watcher(raw, scope, include, snapshot, chance((seed, scope, include, snapshot)))
            for scope in SCOPES
            for include in (WATCH_INCLUDE_HEAD, WATCH_INCLUDE_CHANGES, WATCH_INCLUDE_STATE)
            for snapshot in ((False, True) if not scope.kinds else (False,))
        ]
        finished = threading.Event()
        threads = []

        def start(function: Callable[..., None], *arguments: object) -> None:
            threads.append(threading.Thread(target=function, args=arguments))
            threads[-1].start()

        for watcher in watchers:
            if not watcher.snapshot:
                start(watcher.run, finished)
                assert watcher.began.wait(30)
        for n in range(WRITERS):
            start(write, raw, chance((seed, n)), NAMES[n::WRITERS], writes, progress)
        for watcher in watchers:
            if watcher.snapshot:
                progress.wait_for(watcher.dice.randint(0, WRITERS * writes // 2))
                start(watcher.run, finished)
        progress.wait_for(20 + WRITERS * writes)
        write_end(raw)
        finished.set()
        for thread in threads:
            thread.join()
        truth = read_all(raw, beginning.token)
        since = read_all(raw, now.token)
        for watcher in watchers:
            watcher.check(truth if watcher.snapshot else since)
            if watcher.include != WATCH_INCLUDE_HEAD and not watcher.scope.kinds:
                watcher.check_values(raw)
    assert any(watcher.streams > 1 for watcher in watchers)


def read_all(raw: RawClient, token: str) -> list[Fact]:
    """What happened after a token, up to the end."""
    with Watch(raw, watch_request(resume_token=token)) as watch:
        events: list[Event] = []
        while not is_over(events, ENDS):
            events += watch.message().events
        return [fact(event) for event in events]
