"""Earlier states, where few old versions are kept: as they were, or compacted, never wrong.

The server keeps two versions of each entry, and nothing longer than a minute.
"""

from collections.abc import Iterator
from random import Random

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.state_requests_pb2 import LoadRequest, LoadResponse
from statekeeper_server.engine import Table
from tests.support.chance import chance
from tests.support.checkpoints import (
    checkpoint,
    checkpoints_of,
    delete_checkpoint,
    names,
    restore,
    restore_request,
)
from tests.support.pauses import execution_of, open_pause, pauses_of, resume
from tests.support.raw import (
    DEADLINE_S,
    RawClient,
    Refusal,
    document,
    key_of,
    save_request,
    update_request,
)
from tests.support.tables import counts, rows, wait_until

# Old versions are looked for at every so many writes of an entry.
PRUNED_EVERY = 16


@pytest.fixture(
    scope="module",
    params=[{"versions_kept": 1}, {"versions_kept": 2, "history_window_s": 60.0}],
    ids=["1 version", "2 versions, 1 minute"],
)
def forgetful(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    """A server that forgets soon."""
    with TestServer(shards=1, **request.param) as server:
        yield server


@pytest.fixture
def raw(forgetful: TestServer) -> Iterator[RawClient]:
    """A client of it."""
    with RawClient(forgetful.address) as raw:
        yield raw


def write(raw: RawClient, execution_id: str, **values: str | bytes) -> int:
    """Set entries of the context; the revision."""
    changes = ExecutionState(context=document(**values))
    return int(raw.stub.Update(update_request(execution_id, changes)).result.revision)


def at(raw: RawClient, execution_id: str, revision: int) -> ExecutionState | Refusal:
    """The state at a revision, or why it is not to be had."""
    request = LoadRequest(key=key_of(execution_id), revision=revision)
    call = raw.stub.Load.future(request, timeout=DEADLINE_S)
    error = call.exception()
    if error is not None:
        return Refusal.of(error)
    response = call.result()
    assert isinstance(response, LoadResponse)
    return response.execution.state


def test_a_checkpoint_keeps_its_state(raw: RawClient, execution_id: str) -> None:
    """B48, B52: at its revision too; those around it are compacted."""
    raw.stub.Save(save_request(execution_id))
    revisions = [write(raw, execution_id, n=str(n), big=f'"{n}{"x" * 80_000}"') for n in range(5)]
    state = execution_of(raw, execution_id).state
    checkpoint(raw, execution_id, "kept")
    for n in range(3 * PRUNED_EVERY):
        write(raw, execution_id, n=f"[{n}]", big="null", **{f"new{n}": "1"})

    assert execution_of(raw, execution_id, checkpoint="kept").state == state
    assert at(raw, execution_id, revisions[-1]) == state
    for revision in revisions[:-1]:
        refused = at(raw, execution_id, revision)
        assert isinstance(refused, Refusal)
        assert refused.reason == "REVISION_COMPACTED"
        back = raw.refusal(raw.stub.Restore, restore_request(execution_id, revision))
        assert back.reason == "REVISION_COMPACTED"
        oldest = int(back.metadata["oldest_revision"])
        assert isinstance(at(raw, execution_id, oldest), ExecutionState)
    (listed,) = checkpoints_of(raw, execution_id, include_state=True)
    assert listed.state == state
    restore(raw, execution_id, "kept")
    assert execution_of(raw, execution_id).state == state


def test_a_restored_state_is_kept_like_any_other(raw: RawClient, execution_id: str) -> None:
    """B48: once it is the present its checkpoint may go."""
    raw.stub.Save(save_request(execution_id))
    write(raw, execution_id, n="0", big=bytes(range(256)) * 1_000)
    state = execution_of(raw, execution_id).state
    checkpoint(raw, execution_id, "a")
    for n in range(2 * PRUNED_EVERY):
        write(raw, execution_id, n=f"[{n}]", big="null")
    restore(raw, execution_id, "a")
    delete_checkpoint(raw, execution_id, "a")
    for n in range(PRUNED_EVERY):
        write(raw, execution_id, other=str(n))

    state.context.MergeFrom(document(other=str(PRUNED_EVERY - 1)))
    assert execution_of(raw, execution_id).state == state


class Recorder:
    """Writes at random, and remembers every state."""

    def __init__(self, server: TestServer, raw: RawClient, execution_id: str, dice: Random) -> None:
        self._server = server
        self._raw = raw
        self._id = execution_id
        self._dice = dice
        self.states: dict[int, ExecutionState] = {}
        self.checkpoints: dict[str, tuple[int, ExecutionState]] = {}
        raw.stub.Save(save_request(execution_id))
        self._note()

    def step(self, n: int) -> None:
        """Do something."""
        dice, raw = self._dice, self._raw
        kinds = ("save", *("update",) * 8, "remove", "name", "name", "forget", "restore", "wait")
        kind = dice.choice(kinds)
        values = self._values(n)
        if kind == "save":
            state = ExecutionState(status=STATUS_RUNNING, context=document(**values))
            raw.stub.Save(save_request(self._id, state))
        elif kind == "update":
            write(raw, self._id, **values)
        elif kind == "remove":
            request = update_request(self._id)
            request.remove.extend(f"context.{name}" for name in values)
            raw.stub.Update(request)
        elif kind == "name":
            name = dice.choice("uvwxyz")
            revision = checkpoint(raw, self._id, name).revision
            self.checkpoints.pop(name, None)
            self.checkpoints[name] = (revision, self.states[revision])
        elif kind == "forget" and self.checkpoints:
            name = dice.choice(sorted(self.checkpoints))
            del self.checkpoints[name]
            assert delete_checkpoint(raw, self._id, name).existed
        elif kind == "restore" and self.checkpoints:
            name = dice.choice(sorted(self.checkpoints))
            restore(raw, self._id, name)
            assert execution_of(raw, self._id).state == self.checkpoints[name][1]
        elif kind == "wait":
            self._server.clock.advance(25)
        self._note()

    def check(self) -> int:
        """Compare all that was with what is told of it; how many states are compacted."""
        for name, (revision, state) in self.checkpoints.items():
            assert execution_of(self._raw, self._id, checkpoint=name).state == state
            assert at(self._raw, self._id, revision) == state
        assert names(checkpoints_of(self._raw, self._id)) == list(self.checkpoints)
        found = {revision: at(self._raw, self._id, revision) for revision in self.states}
        compacted = {r: each for r, each in found.items() if isinstance(each, Refusal)}
        assert {each.reason for each in compacted.values()} <= {"REVISION_COMPACTED"}
        for revision in found.keys() - compacted:
            assert found[revision] == self.states[revision], revision
        for each in compacted.values():
            oldest = int(each.metadata["oldest_revision"])
            assert all(revision < oldest for revision in compacted)
            assert at(self._raw, self._id, oldest) == self.states[oldest]
        return len(compacted)

    def _note(self) -> None:
        execution = execution_of(self._raw, self._id)
        self.states[execution.revision] = execution.state

    def _values(self, n: int) -> dict[str, str | bytes]:
        dice = self._dice
        chosen: dict[str, str | bytes] = {}
        for name in dice.sample("abcd", dice.randint(1, 3)):
            size = dice.choice([1, 1, 1, 12_000, 70_000])
            chosen[name] = f'"{n}{"x" * size}"' if dice.random() < 0.7 else dice.randbytes(size)
        return chosen


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(0, 220)] + [pytest.param(seed, 1_000, marks=pytest.mark.long) for seed in range(10, 20)],
)
def test_every_state_of_any_history_is_as_it_was_or_compacted(
    forgetful: TestServer, raw: RawClient, execution_id: str, seed: int, steps: int
) -> None:
    """B52, B48: with checkpoints that come, are replaced and go."""
    recorder = Recorder(forgetful, raw, execution_id, chance(("history", seed)))
    compacted = 0
    for n in range(steps):
        recorder.step(n)
        if n % 110 == 109:
            compacted = recorder.check()
    assert compacted
    # What nothing needs any more goes in the background, and takes nothing along.
    for name in list(recorder.checkpoints)[:-2]:
        del recorder.checkpoints[name]
        delete_checkpoint(raw, execution_id, name)
    wait_until(lambda: not rows(forgetful, Table.UNPINNED))
    recorder.check()


@pytest.mark.parametrize("way", ["remove", "replace"])
def test_what_only_a_checkpoint_needed_is_reclaimed(
    forgetful: TestServer, raw: RawClient, execution_id: str, way: str
) -> None:
    """B49, B51: rows and pieces; the others' stay."""
    raw.stub.Save(save_request(execution_id))

    def churn(times: int = 3 * PRUNED_EVERY) -> None:
        for n in range(times):
            write(raw, execution_id, a=f"[{n}]", b=f"[{n}]")

    wait_until(lambda: not counts(forgetful)["UNPINNED"])
    noise = chance("noise").randbytes(256_000)
    write(raw, execution_id, a=noise, b="1")
    checkpoint(raw, execution_id, "needed")
    kept = execution_of(raw, execution_id).state
    churn()
    base = counts(forgetful)
    write(raw, execution_id, a=noise[::-1], b="2")
    checkpoint(raw, execution_id, "not needed")
    churn()
    more = counts(forgetful)
    assert more["CHUNKS"] > base["CHUNKS"] > 0
    if way == "remove":
        delete_checkpoint(raw, execution_id, "not needed")
    else:
        checkpoint(raw, execution_id, "not needed")
        churn()
    wait_until(lambda: counts(forgetful)["CHUNKS"] == base["CHUNKS"])
    wait_until(lambda: not counts(forgetful)["UNPINNED"])

    assert counts(forgetful)["PINS"] == counts(forgetful)["CHECKPOINTS"]
    assert execution_of(raw, execution_id, checkpoint="needed").state == kept


def test_pauses_survive_the_pruning(raw: RawClient, execution_id: str) -> None:
    """B29, B52: their data is no part of the history that is cut."""
    answer = open_pause(raw, execution_id, data=document(a=bytes(100_000)))
    resume(raw, token=answer.token, input=document(yes="true"))
    for n in range(3 * PRUNED_EVERY):
        write(raw, execution_id, n=str(n))

    (pause,) = pauses_of(raw, execution_id)
    assert pause.data == document(a=bytes(100_000))
    assert pause.resumption.input == document(yes="true")
