"""An exception that nobody expected is its caller's alone."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper_server.clock import SystemClock
from statekeeper_server.committer import Committer, Outcome, Single
from statekeeper_server.engine import Engine, Table
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.errors import StateNotFoundError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.apply import apply
from statekeeper_server.operations.save import Save
from statekeeper_server.operations.save import save as decide_save
from statekeeper_server.operations.writing import Done, WriteRequest
from statekeeper_server.requests import check_save
from statekeeper_server.service import apply_save
from statekeeper_server.status import INTERNAL_MESSAGE
from statekeeper_server.store.compact import Retention
from statekeeper_server.store.prune import History
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.writer import Rules, Writer
from tests.support.health import health_of
from tests.support.raw import DEADLINE_S, RawClient, Refusal, document, key_of, save_request

LIMITS = StateLimits(10**7, 10**7, 10_000, 256, 64, 100)
INSIDE = "what must not be told"
N = 12


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty shard."""
    engine = JournaledEngine(tmp_path, map_size_bytes=64 * 1024**2)
    yield engine
    engine.close()


def checked(n: int) -> Save:
    state = ExecutionState(status=STATUS_RUNNING, context=document(n=str(n), big=bytes(70_000)))
    request = save_request(f"exec_{n}", state, request_id="r1")
    return check_save(request, LIMITS)


save = partial(apply, decide_save)


def crash_after_writing(store: Writer, request: Save, now_us: int) -> Done:
    save(store, request, now_us)
    raise RuntimeError(INSIDE)


def refuse(_store: Writer, _request: Save, _now_us: int) -> Done:
    raise StateNotFoundError


@dataclass
class Submitted(Single):
    """Implements `committer.Submission`."""

    operation: Callable[[Writer, Save, int], Done]
    request: Save
    is_wanted: bool = True

    @property
    def size_bytes(self) -> int:
        return self.request.stored_bytes

    def wanted(self) -> bool:
        return self.is_wanted


def commit(engine: Engine, batch: list[Submitted]) -> list[Outcome]:
    retention = Retention(log_window_us=10**12, log_events_kept=10**9, request_window_us=10**12)
    rules = Rules(LIMITS, History(versions_kept=64, window_us=10**12), retention)
    committer = Committer(
        "shard", engine, SystemClock(), rules, lambda _: nullcontext(), publish=lambda _: None
    )
    outcomes: list[Outcome] = []
    committer.apply(batch, outcomes)
    return outcomes


def rows(engine: Engine) -> int:
    """How many rows there are in all tables, but for what a shard notes of itself."""
    txn = engine.read()
    count = 0
    for table in set(Table) - {Table.META}:
        cursor = txn.cursor(table)
        row = cursor.seek(b"\0")
        while row is not None:
            count += 1
            row = cursor.next()
    txn.abort()
    return count


def exists(engine: Engine, n: int) -> bool:
    txn = engine.read()
    found = Reader(txn).head(ExecutionKey("execution-state", f"exec_{n}")) is not None
    txn.abort()
    return found


def test_the_others_of_the_batch_succeed(engine: Engine) -> None:
    """B80: the batch is applied again without the one that failed."""
    batch = [Submitted(crash_after_writing if n == 5 else save, checked(n)) for n in range(N)]
    outcomes = commit(engine, batch)

    failed = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)]
    assert failed == [5]
    assert [n for n in range(N) if exists(engine, n)] == [n for n in range(N) if n != 5]
    revisions = [outcome.revision for outcome in outcomes if isinstance(outcome, Done)]
    assert revisions == sorted(set(revisions))


def test_nothing_of_what_failed_remains(engine: Engine, tmp_path: Path) -> None:
    """B80: no entry, no chunk, no event, no remembered request."""
    batch = [Submitted(crash_after_writing if n % 3 == 1 else save, checked(n)) for n in range(N)]
    commit(engine, batch)
    (tmp_path / "other").mkdir()
    other = JournaledEngine(tmp_path / "other", map_size_bytes=64 * 1024**2)
    commit(other, [Submitted(save, checked(n)) for n in range(N) if n % 3 != 1])

    assert rows(engine) == rows(other)
    other.close()


def test_a_refusal_leaves_no_trace_and_no_gap(engine: Engine) -> None:
    """B80: and costs the others nothing."""
    batch = [Submitted(refuse if n % 2 else save, checked(n)) for n in range(N)]
    outcomes = commit(engine, batch)

    assert [isinstance(outcome, StateNotFoundError) for outcome in outcomes] == [
        bool(n % 2) for n in range(N)
    ]
    revisions = [outcome.revision for outcome in outcomes if isinstance(outcome, Done)]
    assert revisions == list(range(1, N // 2 + 1))


def test_what_nobody_waits_for_is_not_applied(engine: Engine) -> None:
    """B80: a deadline that has passed before it was its turn."""
    batch = [Submitted(save, checked(n), is_wanted=n % 2 == 0) for n in range(N)]
    outcomes = commit(engine, batch)

    assert [outcome is None for outcome in outcomes] == [bool(n % 2) for n in range(N)]
    assert [exists(engine, n) for n in range(N)] == [n % 2 == 0 for n in range(N)]


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch) -> Iterator[RawClient]:
    """A client of a server that fails in a way nobody expected when it saves `exec_bad`."""

    def save_or_crash(store: Writer, request: WriteRequest, now_us: int) -> Done:
        done = apply_save(store, request, now_us)
        if request.key.execution_id == "exec_bad":
            raise RuntimeError(INSIDE)
        return done

    monkeypatch.setattr("statekeeper_server.service.apply_save", save_or_crash)
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        yield raw


def test_its_caller_is_told_a_fixed_sentence(raw: RawClient) -> None:
    """B73, B80: what went wrong inside is for the log, not for callers."""
    refusal = raw.refusal(raw.stub.Save, save_request("exec_bad"))

    assert (refusal.code, refusal.message) == (grpc.StatusCode.INTERNAL, INTERNAL_MESSAGE)
    assert INSIDE not in str(refusal)


def test_callers_at_the_same_time_notice_nothing(raw: RawClient) -> None:
    """B80: whether or not they share its batch."""
    names = [f"exec_{n}" if n % 25 else "exec_bad" for n in range(50)]
    calls = [raw.stub.Save.future(save_request(name), timeout=DEADLINE_S) for name in names]
    codes = [
        None if (error := call.exception()) is None else Refusal.of(error).code for call in calls
    ]

    assert codes == [grpc.StatusCode.INTERNAL if name == "exec_bad" else None for name in names]
    assert raw.load(key_of("exec_bad")) is None
    assert health_of(raw.channel) == "SERVING"
    found: Message | None = raw.load(key_of("exec_1"))
    assert found is not None
