"""Applying batches of operations to a shard's engine, one commit for each.

One operation's failure is its own. A `StateError` leaves no trace in the transaction.
Anything unexpected aborts the batch, and its operations are applied again, each in a
transaction of its own.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from statekeeper_server.clock import Clock
from statekeeper_server.engine import Engine, EngineBrokenError, EngineFullError
from statekeeper_server.errors import StateError, StorageFullError
from statekeeper_server.logs import get_logger
from statekeeper_server.operations.writing import Written
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.reclaim import reclaim
from statekeeper_server.store.writer import History, Writer

_log = get_logger(__name__)

# Few enough to go unnoticed in a commit.
_RECLAIM_ROWS = 64


class Submission(Protocol):
    """An operation that waits to be applied."""

    @property
    def size_bytes(self) -> int:
        """What it will add to the shard, about; 0 when it only removes."""
        ...

    def wanted(self) -> bool:
        """Whether anybody still waits for it."""
        ...

    def apply(self, store: Writer, now_us: int) -> Written:
        """Apply it. Raises StateError."""
        ...


Batch = Sequence[Submission]
Outcome = Written | Exception | None
"""What became of an operation; None when nobody waited for it any more."""


class Committer:
    """Applies batches to an engine. Of one thread, which the engine's writes belong to.

    Args:
        name: the shard, for the log.
        engine: open; it stays the caller's.
        clock: gives each batch its time.
        history: how much of the past to keep.
        undisturbed: what to enter while a batch is applied.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        clock: Clock,
        history: History,
        undisturbed: Callable[[Batch], AbstractContextManager[None]],
    ) -> None:
        self._name = name
        self._engine = engine
        self._clock = clock
        self._history = history
        self._undisturbed = undisturbed
        txn = engine.read()
        self._next_revision = Reader(txn).last_revision() + 1
        txn.abort()
        # There may be some from before; the first step finds out.
        self.has_garbage = True

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
            else:
                return
        for submission in batch:
            outcomes.append(self._apply_alone(submission))  # one by one: kept if a later one raises
        self.reclaim()

    def reclaim(self) -> None:
        """Remove a little of what deleted executions have left."""
        if self.has_garbage:
            try:
                self._commit(())
            except EngineFullError:
                _log.warning("no room to reclaim in", shard=self._name)
                self.has_garbage = False

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

    def _commit(self, batch: Batch) -> list[Outcome]:
        """Apply a batch in one transaction, and reclaim a little with it."""
        txn = self._engine.write()
        try:
            store = Writer(txn, self._history, self._next_revision)
            now_us = self._clock.now_us()
            with self._undisturbed(batch):
                outcomes = [_attempt(submission, store, now_us) for submission in batch]
            garbage_left = self.has_garbage and reclaim(txn, _RECLAIM_ROWS)
            txn.commit()
        finally:
            txn.abort()
        self._next_revision = store.next_revision
        self.has_garbage = garbage_left or store.discarded
        return outcomes


def _attempt(submission: Submission, store: Writer, now_us: int) -> Outcome:
    if not submission.wanted():
        # Its caller has gone or its deadline has passed, and nothing was written yet.
        return None
    try:
        return submission.apply(store, now_us)
    except StateError as error:
        return error
