"""What the service promises, one method for each RPC.

The numbers are those of the promises. What only the server can decide (revisions, tokens)
comes in as `Chosen`, and is believed when it is what it may be.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from tests.model import answers, checkpoints, locks, pauses, shared, states
from tests.model.answers import (
    Answer,
    Checkpoint,
    CheckpointDeleted,
    Checkpointed,
    Defined,
    Deleted,
    Done,
    FoundLock,
    FoundPause,
    Loaded,
    Locked,
    Paused,
    Renewed,
    Restored,
    Result,
    Resumed,
    Revision,
    Saved,
    Transacted,
    Unlocked,
    Updated,
    Written,
    WroteState,
)
from tests.model.executions import Execution, Record
from tests.model.requests import (
    NO_OPTIONS,
    DefineState,
    Delete,
    DeleteCheckpoint,
    GetLock,
    GetPause,
    List,
    ListCheckpoints,
    ListRevisions,
    Load,
    Lock,
    Operation,
    Options,
    Pause,
    ReadState,
    RenewLock,
    Request,
    Restore,
    Resume,
    Save,
    Transaction,
    Unlock,
    Update,
    Write,
    WriteState,
)
from tests.model.requests import Checkpoint as CheckpointRequest
from tests.model.terms import NOTHING_CHOSEN, Chosen, Key, Limits, Refused
from tests.model.writing import Work

W = TypeVar("W", bound=Written)


class Specification:
    """A service that keeps its promises.

    It may be stopped and started again at any time, and nothing is different (B20): so there
    is nothing here about that.

    Attributes:
        now: the time; it only goes on.
    """

    def __init__(self, limits: Limits, now: int) -> None:
        self.now = now
        self._limits = limits
        # Equal ids in two namespaces never meet (B4).
        self._records: dict[Key, Record] = {}

    def answer(self, request: Request, chosen: Chosen = NOTHING_CHOSEN) -> Answer:
        """Answer any request. Raises Refused."""
        return self._RPCS[request.rpc](self, request, chosen)

    # Writes of an execution: see `_write` for what they have in common.

    def save(self, request: Save, chosen: Chosen) -> Saved:
        return self._write(request, chosen, lambda work: states.save(work, request))

    def update(self, request: Update, chosen: Chosen) -> Updated:
        """What it is after the update is told when asked for; also when that is repeated."""
        updated = self._write(request, chosen, lambda work: states.update(work, request))
        if not request.return_execution or updated.result is None:
            return updated
        first = updated.execution
        if first is None:
            execution = self.living(request.key)
            assert execution is not None
            return self._remember(
                request, replace(updated, execution=execution.view(execution.now))
            )
        again = self._load_again(Load(key=request.key), first, chosen)
        return replace(updated, execution=again.execution)

    def delete(self, request: Delete, chosen: Chosen) -> Deleted:
        return self._write(request, chosen, lambda work: states.delete(work, request))

    def pause(self, request: Pause, chosen: Chosen) -> Paused:
        return self._write(request, chosen, lambda work: pauses.pause(work, request))

    def resume(self, request: Resume, chosen: Chosen) -> Resumed:
        """Without a key, the token leads to the execution, or nowhere."""
        self._check_leads_somewhere(request)
        return self._write(
            request,
            chosen,
            lambda work: pauses.resume(work, request),
            first=lambda work: pauses.waiting(work, request),
        )

    def checkpoint(self, request: CheckpointRequest, chosen: Chosen) -> Checkpointed:
        return self._write(request, chosen, lambda work: checkpoints.checkpoint(work, request))

    def restore(self, request: Restore, chosen: Chosen) -> Restored:
        return self._write(request, chosen, lambda work: checkpoints.restore(work, request))

    def delete_checkpoint(self, request: DeleteCheckpoint, chosen: Chosen) -> CheckpointDeleted:
        return self._write(
            request, chosen, lambda work: checkpoints.delete_checkpoint(work, request)
        )

    def transaction(self, request: Transaction, chosen: Chosen) -> Transacted:
        """Do several operations, at one revision: all of them, or none (B66)."""

        def operate(work: Work) -> Transacted:
            return Transacted(None, tuple(_operate(work, each) for each in request.operations))

        done = self._write(request, chosen, operate)
        if done.result is None or not done.result.replayed:
            return done
        # What was loaded is not remembered, but which revision it was. That is loaded again:
        # of what the transaction itself has written, as it was in its end.
        results = [
            self._load_again(operation, result.execution, chosen)
            if isinstance(operation, Load) and isinstance(result, Loaded)
            else result
            for operation, result in zip(request.operations, done.results, strict=True)
        ]
        return replace(done, results=tuple(map(states.without_expire_time, results)))

    def define_state(self, request: DefineState, chosen: Chosen) -> Defined:
        return self._write(request, chosen, lambda work: shared.define_state(work, request))

    def write_state(self, request: WriteState, chosen: Chosen) -> WroteState:
        return self._write(request, chosen, lambda work: shared.write_state(work, request))

    # Reads.

    def read_state(self, request: ReadState, chosen: Chosen) -> answers.ReadState:
        del chosen
        return shared.read_state(self.living(request.key), request)

    def load(self, request: Load, chosen: Chosen) -> Loaded:
        return states.load(self.living(request.key), request, chosen)

    def list_revisions(self, request: ListRevisions, chosen: Chosen) -> tuple[Revision, ...]:
        """What happened, the newest first (B52); nothing to nothing."""
        del chosen
        execution = self.living(request.key)
        return () if execution is None else execution.history

    def get_pause(self, request: GetPause, chosen: Chosen) -> FoundPause:
        del chosen
        return pauses.get_pause(self.living(request.key), request)

    def list_pauses(self, namespace: str) -> tuple[FoundPause, ...]:
        living = [self.living(key) for key in self._records if key.namespace == namespace]
        return pauses.inbox([each for each in living if each is not None])

    def list_executions(self, query: List) -> tuple[answers.Execution, ...]:
        """The executions that are what is asked for, by id."""
        keys = sorted(key for key in self._records if key.namespace == query.namespace)
        living = [self.living(key) for key in keys]
        return tuple(
            each.view(each.now, query.fields)
            for each in living
            if each is not None and states.is_meant(each, query)
        )

    def list_checkpoints(self, request: ListCheckpoints, chosen: Chosen) -> tuple[Checkpoint, ...]:
        del chosen
        return checkpoints.list_checkpoints(self.living(request.key))

    # Locks, which need no execution.

    def lock(self, request: Lock, chosen: Chosen) -> Locked:
        """Take the lock. Not getting it is an answer, which is not remembered."""
        first: Locked | None = self._replay(request)
        if first is not None:
            return first
        record = self.record(request.key)
        held, result = self.held(request.key), self._nothing_written(request.key)
        if held is None:
            # Every grant has a larger token (B58).
            assert not chosen.fencing_token or chosen.fencing_token > record.newest_fencing_token
            record.newest_fencing_token = chosen.fencing_token
            held = locks.grant(request, chosen.fencing_token, self.now)
        elif held.owner == request.owner:
            held = locks.grant_again(held, request, self.now)
        else:
            return Locked(result, acquired=False, holder=held.holder)
        record.lock = held
        locked = Locked(
            result,
            acquired=True,
            fencing_token=held.fencing_token,
            lease_expire_time=held.expire_time,
        )
        return self._remember(request, locked)

    def renew_lock(self, request: RenewLock, chosen: Chosen) -> Renewed:
        """Prolong the lease. It must not be over."""
        del chosen
        first: Renewed | None = self._replay(request)
        if first is not None:
            return first
        held = self.held(request.key)
        if held is None:
            raise Refused("FENCED")
        locks.check_is_holder(held, request)
        held = locks.renew(held, request, self.now)
        self.record(request.key).lock = held
        result = self._nothing_written(request.key)
        return self._remember(request, Renewed(result, held.fencing_token, held.expire_time))

    def unlock(self, request: Unlock, chosen: Chosen) -> Unlocked:
        """Release the lock; harmless when nobody holds it (B56)."""
        del chosen
        first: Unlocked | None = self._replay(request)
        if first is not None:
            return first
        held = self.held(request.key)
        if held is not None:
            locks.check_is_holder(held, request)
        self.record(request.key).lock = None
        result = self._nothing_written(request.key)
        return self._remember(request, Unlocked(result, released=held is not None))

    def get_lock(self, request: GetLock, chosen: Chosen) -> FoundLock:
        del chosen
        held = self.held(request.key)
        return FoundLock(None if held is None else held.holder)

    # What all of them stand on.

    def record(self, key: Key) -> Record:
        """What is known under a key."""
        return self._records.setdefault(key, Record())

    def living(self, key: Key) -> Execution | None:
        """The execution, which is gone from the instant on at which it expires (B17)."""
        record = self.record(key)
        execution = record.execution
        if execution is not None and execution.is_over(self.now):
            record.execution = None
        return record.execution

    def held(self, key: Key) -> locks.Lock | None:
        """Who holds the lock: nobody, once the lease is over (B57)."""
        record = self.record(key)
        if record.lock is not None and record.lock.is_over(self.now):
            record.lock = None
        return record.lock

    def has_due_pause(self, key: Key) -> bool:
        """Whether something happens to the execution by itself before anything else does."""
        execution = self.living(key)
        return execution is not None and pauses.has_due_pause(execution, self.now)

    def expire_pauses(self, key: Key, revision: int) -> None:
        """That is what was chosen for its pauses (B37)."""
        work = self._work(key, NO_OPTIONS, Chosen(revision))
        pauses.expire_pauses(work)
        self._finish(work)

    def _write(
        self,
        request: Write,
        chosen: Chosen,
        operate: Callable[[Work], W],
        *,
        first: Callable[[Work], object] = lambda _: None,
    ) -> W:
        """What all writes of an execution have in common.

        In this order: what was done before is not done again; what the operation wants to
        look at first; the lock; the expected revision; then the operation. Where nothing
        exists, an operation that needs it says so rather than that the revision is another
        one.
        """
        done: W | None = self._replay(request)
        if done is not None:
            return done
        options = request.options
        work = self._work(request.key, options, chosen)
        first(work)
        locks.check_may_write(self.held(request.key), options)
        if work.before is not None:
            _check_expected(options, work.before)
        answer = operate(work)
        if work.before is None:
            _check_expected(options, None)
        return self._remember(request, replace(answer, result=self._finish(work)))

    def _work(self, key: Key, options: Options, chosen: Chosen) -> Work:
        return Work(key, options, self.now, chosen, self._limits, self.living(key))

    def _finish(self, work: Work) -> Result:
        """Make it so, and say what was done."""
        record = self.record(work.key)
        execution = work.finish()
        if work.changes or (work.deleted and work.before is not None):
            # A revision is never used again, whatever became of the execution (B69).
            assert not work.chosen.revision or work.chosen.revision > record.newest_revision
            record.newest_revision = work.chosen.revision
        record.execution = execution
        if execution is not None:
            return self._result(work.key, execution)
        record.lock = None
        position = 0 if work.before is None else work.chosen.revision
        return Result(work.key, position, 0, self.now, None)

    def _nothing_written(self, key: Key) -> Result:
        execution = self.living(key)
        if execution is None:
            return Result(key, 0, 0, self.now, None)
        return self._result(key, execution)

    def _result(self, key: Key, execution: Execution) -> Result:
        now = execution.now
        return Result(key, now.revision, now.number, self.now, execution.expire_time)

    def _replay(self, request: Write) -> Any:
        """The first answer, when this was done before (B70); a request_id is for one write."""
        done = self.record(request.key).done.get(request.options.request_id)
        if done is None:
            return None
        first, answer = done
        if first != request:
            raise Refused("REQUEST_ID_REUSED")
        assert answer.result is not None
        return replace(answer, result=replace(answer.result, replayed=True))

    def _remember(self, request: Write, answer: W) -> W:
        """Only what was done is remembered, not what was refused."""
        if request.options.request_id:
            self.record(request.key).done[request.options.request_id] = (request, answer)
        return answer

    def _check_leads_somewhere(self, request: Resume) -> None:
        execution = self.living(request.key)
        known = () if execution is None else execution.now.pauses
        if not request.named and request.token not in [pause.token for pause in known]:
            raise Refused("INVALID_TOKEN")

    def _load_again(self, request: Load, first: answers.Execution | None, chosen: Chosen) -> Loaded:
        """Load for a repeated write what it told first; what is no longer kept is absent."""
        execution = self.living(request.key)
        if first is None or execution is None:
            return Loaded(None)
        if first.revision < execution.versions[0].revision:
            return Loaded(None)  # that was another execution, which is gone
        request = replace(request, revision=first.revision, checkpoint="")
        try:
            return states.load(execution, request, chosen)
        except Refused:
            return Loaded(None)

    _RPCS: ClassVar[dict[str, Callable[..., Answer]]] = {
        "Save": save,
        "Load": load,
        "Update": update,
        "Delete": delete,
        "ListRevisions": list_revisions,
        "Pause": pause,
        "Resume": resume,
        "GetPause": get_pause,
        "Checkpoint": checkpoint,
        "Restore": restore,
        "ListCheckpoints": list_checkpoints,
        "DeleteCheckpoint": delete_checkpoint,
        "Lock": lock,
        "RenewLock": renew_lock,
        "Unlock": unlock,
        "GetLock": get_lock,
        "Transaction": transaction,
        "DefineState": define_state,
        "WriteState": write_state,
        "ReadState": read_state,
    }


def _operate(work: Work, operation: Operation) -> Done:
    """Do one operation of a transaction."""
    named, changes = bool(work.named), work.changes
    done = _OPERATIONS[operation.rpc](work, operation)
    if named and work.changes > changes:
        # A checkpoint names one state of a revision, and there is one revision.
        raise Refused("INVALID_REQUEST")
    if isinstance(operation, Write) and operation.options.ttl is not None:
        work.options = replace(work.options, ttl=operation.options.ttl)
    return done


_OPERATIONS: dict[str, Callable[[Work, Any], Done]] = {
    "Save": states.save,
    "Load": states.load_in_transaction,
    "Update": states.update,
    "Delete": states.delete,
    "Pause": pauses.pause,
    "Resume": pauses.resume,
    "Checkpoint": checkpoints.checkpoint,
    "Restore": checkpoints.restore,
    "DefineState": shared.define_state,
    "WriteState": shared.write_state,
}


def _check_expected(options: Options, execution: Execution | None) -> None:
    """Compare before setting (B64, B65)."""
    current = 0 if execution is None else execution.now.revision
    if options.expected_revision not in (None, current):
        raise Refused("CONFLICT", expected=options.expected_revision, current=current)
