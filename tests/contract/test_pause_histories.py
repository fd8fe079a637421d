"""Pauses of one execution through any sequence of events, told again at every revision."""

from collections.abc import Iterator
from random import Random

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    ExecutionState,
    Status,
)
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OPEN,
    PAUSE_STATUS_OVERDUE,
    PAUSE_STATUS_RESUMED,
    PAUSE_STATUS_VOIDED,
    ExpiryAction,
    Pause,
    PauseStatus,
)
from tests.support.chance import chance
from tests.support.checkpoints import checkpoint, restore
from tests.support.pauses import (
    execution_of,
    from_now,
    history,
    ids,
    inbox,
    open_pause,
    resume,
    resume_request,
)
from tests.support.raw import RawClient, document, save_request, update_request

_HOUR_S = 3_600
_WAITING = frozenset((PAUSE_STATUS_OPEN, PAUSE_STATUS_OVERDUE))


class Model:
    """What must be so: the status of the execution and of each of its pauses."""

    def __init__(self) -> None:
        self.status: Status = STATUS_RUNNING
        self.pauses: dict[str, PauseStatus] = {}
        self.tokens: dict[str, str] = {}
        self.due: dict[str, tuple[int, ExpiryAction]] = {}
        self.hours = 0

    @property
    def waiting(self) -> list[str]:
        """The pauses that wait."""
        return [each for each, status in self.pauses.items() if status in _WAITING]

    def close(self, pause_id: str, status: PauseStatus) -> None:
        """One has an end; the execution runs when it was the last."""
        self.pauses[pause_id] = status
        if not self.waiting:
            self.status = STATUS_RUNNING

    def leave(self, status: Status) -> None:
        """Another status is written."""
        self.status = status
        if status != STATUS_PAUSED:
            self.void()

    def void(self) -> None:
        """All that wait are closed."""
        for pause_id in self.waiting:
            self.pauses[pause_id] = PAUSE_STATUS_VOIDED

    def advance(self, hours: int) -> None:
        """Time passes."""
        self.hours += hours
        opened = list(self.pauses)
        for pause_id in sorted(self.due, key=lambda each: (self.due[each][0], opened.index(each))):
            due, action = self.due[pause_id]
            if due > self.hours:
                continue
            del self.due[pause_id]
            if self.pauses[pause_id] != PAUSE_STATUS_OPEN:
                continue
            if action == EXPIRY_ACTION_KEEP:
                self.pauses[pause_id] = PAUSE_STATUS_OVERDUE
            elif action == EXPIRY_ACTION_RESUME:
                self.close(pause_id, PAUSE_STATUS_EXPIRED)
            else:
                self.pauses[pause_id] = PAUSE_STATUS_EXPIRED
                self.leave(STATUS_FAILED)


class Player:
    """Does things to an execution and to the model, and compares."""

    def __init__(self, server: TestServer, raw: RawClient, execution_id: str, dice: Random) -> None:
        self._server = server
        self._raw = raw
        self._id = execution_id
        self._dice = dice
        self._model = Model()
        self._start_us = server.clock.now_us()
        self._seen: dict[int, tuple[ExecutionState, list[Pause]]] = {}
        raw.stub.Save(save_request(execution_id))
        checkpoint(raw, execution_id, "start")
        self._compare()

    def step(self, n: int) -> None:
        """Do something."""
        kinds = ("pause", "pause", "resume", "name", "save", "update", "time", "restore", "bad")
        kind = self._dice.choice(kinds)
        getattr(self, f"_{kind}")(n)
        self._compare()

    def check(self) -> None:
        """Every state is told again as it was."""
        for revision, (state, pauses) in self._seen.items():
            found = execution_of(self._raw, self._id, revision=revision)
            assert (found.state, list(found.pauses)) == (state, pauses), revision
        versions = [each.version for each in history(self._raw, self._id)]
        assert versions == sorted(versions, reverse=True)

    def _pause(self, n: int) -> None:
        model, dice = self._model, self._dice
        actions = (EXPIRY_ACTION_FAIL, EXPIRY_ACTION_KEEP, EXPIRY_ACTION_RESUME)
        action: ExpiryAction = dice.choice(actions)
        hours = dice.randint(1, 9)
        answer = open_pause(
            self._raw,
            self._id,
            data=document(n=str(n)),
            on_expiry=action,
            # At half past, so that nothing is due just when the clock stops.
            expire_time=from_now((model.hours + hours - 0.5) * _HOUR_S, self._start_us),
        )
        model.pauses[answer.pause_id] = PAUSE_STATUS_OPEN
        model.tokens[answer.pause_id] = answer.token
        model.due[answer.pause_id] = (model.hours + hours, action)
        model.status = STATUS_PAUSED

    def _resume(self, n: int) -> None:
        model = self._model
        opened = [each for each in model.waiting if model.pauses[each] == PAUSE_STATUS_OPEN]
        if opened:
            chosen = self._dice.choice(opened)
            token = model.tokens[chosen]
            answer = resume(self._raw, token=token, input=document(n=str(n)))
            assert answer.pause_id == chosen
            model.close(chosen, PAUSE_STATUS_RESUMED)

    def _name(self, n: int) -> None:
        if self._model.waiting:
            chosen = self._dice.choice(self._model.waiting)
            resume(self._raw, self._id, pause_id=chosen, input=document(n=str(n)))
            self._model.close(chosen, PAUSE_STATUS_RESUMED)

    def _save(self, n: int) -> None:
        status = self._dice.choice([STATUS_PAUSED, STATUS_PAUSED, STATUS_COMPLETED])
        state = ExecutionState(status=status, context=document(n=str(n)))
        self._raw.stub.Save(save_request(self._id, state))
        self._model.leave(status)

    def _update(self, n: int) -> None:
        changes = ExecutionState(context=document(n=str(n)))
        self._raw.stub.Update(update_request(self._id, changes))

    def _time(self, n: int) -> None:
        del n
        hours = self._dice.randint(1, 3)
        self._server.clock.advance(hours * _HOUR_S)
        self._model.advance(hours)

    def _restore(self, n: int) -> None:
        if n % 3 == 0:
            restore(self._raw, self._id, "start")
            self._model.leave(STATUS_RUNNING)

    def _bad(self, n: int) -> None:
        model = self._model
        void = [each for each, status in model.pauses.items() if status != PAUSE_STATUS_OPEN]
        for pause_id in void:
            request = resume_request(self._id if n % 2 else "", token=model.tokens[pause_id])
            assert self._raw.refusal(self._raw.stub.Resume, request).reason == "INVALID_TOKEN"

    def _compare(self) -> None:
        model = self._model
        execution = execution_of(self._raw, self._id)
        assert execution.state.status == model.status
        assert {each.pause_id: each.status for each in execution.pauses} == model.pauses
        listed = [each for each in ids(inbox(self._raw)) if each[0] == self._id]
        assert listed == [(self._id, each) for each in model.waiting]
        self._seen[execution.revision] = (execution.state, list(execution.pauses))


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    """One for all of them; its clock goes on and on, and it forgets nothing."""
    with TestServer(
        shards=1, history_window_s=1e9, log_window_s=1e9, versions_kept=1_000
    ) as server:
        yield server


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.long) for n in range(100, 300))]
)
def test_any_sequence_comes_out_as_it_must(
    server: TestServer, execution_id: str, seed: int
) -> None:
    """B28, B30, B37, B39, B41, B44, B50, B52."""
    with RawClient(server.address) as raw:
        player = Player(server, raw, execution_id, chance(("pauses", seed)))
        for n in range(80):
            player.step(n)
        player.check()
