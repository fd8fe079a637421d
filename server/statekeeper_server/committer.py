"""Applying batches of operations to a shard's engine, one commit for each.

One operation's failure is its own. A `StateError` leaves no trace in the transaction.
Anything unexpected aborts the batch, and its operations are applied again, each in a
transaction of its own.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from statekeeper_server.clock import Clock
from statekeeper_server.engine import Engine, EngineBrokenError, EngineFullError
from statekeeper_server.errors import StateError, StorageFullError
from statekeeper_server.logs import get_logger
from statekeeper_server.operations.expiry import expire_due_executions
from statekeeper_server.operations.leases import settle
from statekeeper_server.operations.pause_expiry import EXECUTIONS_MAX, expire_due_pauses
from statekeeper_server.operations.plain import WritesDone
from statekeeper_server.operations.writing import Done
from statekeeper_server.store.housekeeping import Chores, keep_house
from statekeeper_server.store.lock_table import Grant, LockChanges, LockTable, Waiter
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.writer import Appended, Rules, Writer

_log = get_logger(__name__)

# How long what is due is left alone after it could not be done.
_TEND_DELAY_US = 1_000_000


class Submission(Protocol):
    """An operation that waits to be applied, or several that were sent together."""

    @property
    def operation(self) -> Callable[[Writer, Any, int], Done | WritesDone | Waiter]:
        """What it does with a request at a time; raises StateError."""
        ...

    @property
    def request(self) -> Any:
        """What is given to it."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it will add to the shard, about; 0 when it only removes."""
        ...

    @property
    def count(self) -> int:
        """How many operations it is."""
        ...

    def wanted(self) -> bool:
        """Whether anybody still waits for it; from any thread."""
        ...

    def one_by_one(self, apply: "Callable[[Submission], Outcome]") -> "Outcome":
        """Have each of its operations applied by itself."""
        ...


class Single:
    """The part of a `Submission` that is one operation."""

    __slots__ = ()

    count = 1

    def one_by_one(self: Submission, apply: "Callable[[Submission], Outcome]") -> "Outcome":
        """It is one already."""
        return apply(self)


Batch = Sequence[Submission]
Outcome = Done | WritesDone | Waiter | Exception | None
"""What became of an operation; None when nobody waited for it any more. Whoever is a
`Waiter` is answered with a later batch."""


class Committer:
    """Applies batches to an engine. Of one thread, which the engine's writes belong to.

    Args:
        name: the shard, for the log.
        engine: open; it stays the caller's.
        clock: gives each batch its time.
        rules: what holds for all executions.
        undisturbed: what to enter while a batch is applied.
        publish: takes what each commit has added to the log.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        clock: Clock,
        rules: Rules,
        undisturbed: Callable[[Batch], AbstractContextManager[object]],
        *,
        publish: Callable[[Appended], None],
    ) -> None:
        self._name = name
        self._engine = engine
        self._clock = clock
        self._rules = rules
        self._undisturbed = undisturbed
        self._publish = publish
        self._answered: list[tuple[Waiter, Done]] = []
        self._chores = Chores()
        self._tend_from_us = 0
        txn = engine.read()
        try:
            store = Reader(txn)
            self._next_revision = store.last_revision() + 1
            last_event = store.last_event()
            self._log_time_us = 0 if last_event is None else last_event.time_us
            self._next_timer_us = store.next_due_us()
            self._locks = LockTable(_grants(store, clock))
        finally:
            txn.abort()

    def apply(self, batch: Batch, outcomes: list[Outcome]) -> None:
        """Apply a batch durably.

        Args:
            batch: what to apply.
            outcomes: gets an outcome for each, as soon as it is certain: what is in it
                when this raises has happened.

        Raises:
            EngineBrokenError: what became of the others is unknown.
        """
        if self._engine.has_room(sum(submission.size_bytes for submission in batch)):
            try:
                outcomes += self._commit(batch)
            except EngineBrokenError:
                raise
            except Exception as error:  # noqa: BLE001 - one of them failed: which, is seen below
                _log.warning("batch failed", shard=self._name, problem=repr(error))
                # It may have been what was due: nobody else is to fail for that.
                self._leave_alone()
            else:
                return
        for submission in batch:
            # One by one: what is certain is kept if a later one raises.
            outcomes.append(submission.one_by_one(self._apply_alone))
        self.tend()

    def tend(self) -> None:
        """Do what is due by itself.

        That is what leases, waits, pauses and executions ask for when their time is over, and
        a little of what was deleted or is too old.
        """
        if self.idle_s() != 0:
            return
        try:
            self._commit(())
        except EngineBrokenError:
            raise
        except EngineFullError:
            _log.warning("no room for what is due", shard=self._name)
            self._leave_alone()
        except Exception:  # noqa: BLE001 - it is logged, and tried again later
            _log.exception("what is due failed", shard=self._name)
            self._leave_alone()

    def idle_s(self) -> float:
        """For how long there is nothing to tend; 0 when there is."""
        now_us, time_us = self._clock.monotonic_us(), self._clock.now_us()
        waits = [self._chores.wait_us(time_us)]
        lock_us = self._locks.next_due_us()
        if lock_us is not None:
            waits.append(lock_us - now_us)
        if self._next_timer_us is not None:
            waits.append(self._next_timer_us - time_us)
        return max(min(waits), self._tend_from_us - now_us, 0) / 1_000_000

    @property
    def lock_waiters(self) -> int:
        """How many wait for locks; from any thread."""
        return self._locks.waiting

    def take_answered(self) -> list[tuple[Waiter, Done]]:
        """Who has waited for a lock and is to be told something, once."""
        answered, self._answered = self._answered, []
        return answered

    def dismiss_waiters(self) -> list[Waiter]:
        """Forget who waits for a lock, and tell who that was."""
        return self._locks.dismiss()

    def _apply_alone(self, submission: Submission) -> Outcome:
        """Apply an operation whose batch failed, so that it fails or succeeds for itself."""
        size_bytes = submission.size_bytes
        if size_bytes and not self._engine.has_room(size_bytes):
            return StorageFullError()
        try:
            return self._commit((submission,))[0]
        except EngineBrokenError:
            raise
        except EngineFullError:
            return StorageFullError()
        except Exception as error:  # noqa: BLE001 - it is logged and told to its caller
            _log.exception("operation failed", shard=self._name)
            return error

    def _leave_alone(self) -> None:
        self._tend_from_us = self._clock.monotonic_us() + _TEND_DELAY_US

    def _settle(self, store: Writer, now_us: int) -> None:
        """End the leases, waits, pauses and executions whose time is over."""
        for row in self._locks.due(store.locks.now_us):
            settle(store, row, now_us)
        if self._next_timer_us is not None and self._next_timer_us <= now_us:
            expire_due_pauses(store, now_us, EXECUTIONS_MAX)
            expire_due_executions(store, now_us, EXECUTIONS_MAX)

    def _commit(self, batch: Batch) -> list[Outcome]:
        """Apply a batch in one transaction, and with it what is due."""
        txn = self._engine.write()
        try:
            locks = LockChanges(self._locks, self._clock.monotonic_us())
            store = Writer(txn, self._rules, locks, self._next_revision, self._log_time_us)
            now_us = self._clock.now_us()
            tends = locks.now_us >= self._tend_from_us
            if tends:
                self._settle(store, now_us)
            with self._undisturbed(batch):
                outcomes = _attempt(batch, store, now_us)
                chores = self._chores
                if tends:
                    chores = keep_house(txn, store, chores, now_us, alone=not batch)
                elif store.has_garbage:
                    chores = chores._replace(has_garbage=True)
                timers_moved = store.timers_moved
                next_timer_us = store.next_due_us() if timers_moved else self._next_timer_us
                txn.prepare()
            txn.commit()
        finally:
            txn.abort()
        locks.commit()
        self._answered += locks.answered
        self._next_revision = store.next_revision
        self._log_time_us = store.log_time_us
        self._next_timer_us = next_timer_us
        self._chores = chores
        if store.appended:
            self._publish(store.appended)
        return outcomes


def _attempt(batch: Batch, store: Writer, now_us: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for submission in batch:
        if not submission.wanted():
            # Its caller has gone or its deadline has passed, and nothing was written yet.
            outcomes.append(None)
            continue
        outcome: Outcome
        try:
            outcome = submission.operation(store, submission.request, now_us)
        except StateError as error:
            outcome = error
        if isinstance(outcome, Waiter):
            outcome.submission = submission
            outcome.wanted = submission.wanted
        outcomes.append(outcome)
    return outcomes


def _grants(store: Reader, clock: Clock) -> list[tuple[bytes, Grant]]:
    """The leases that an earlier run has granted, for the rest of their time."""
    now_us, monotonic_us = clock.now_us(), clock.monotonic_us()
    grants = []
    for row, lock in store.lock_rows():
        left_us = min(max(lock.expire_time_us - now_us, 0), lock.lease_us)
        grant = Grant(
            owner=lock.owner,
            fencing_token=lock.fencing_token,
            lease_us=lock.lease_us,
            expire_time_us=lock.expire_time_us,
            deadline_us=monotonic_us + left_us,
            exclusive=lock.exclusive,
        )
        grants.append((row, grant))
    return grants
