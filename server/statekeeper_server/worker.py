"""One shard at work: a thread that applies what waits and commits once for all of it.

Callers submit on the event loop; the worker takes everything that has queued up while
it was busy, applies it in one write transaction, commits, and answers with a single
wake-up of the loop. Nobody is answered before the commit, and one fsync serves many.

One operation's failure is its own. A `StateError` leaves no trace in the transaction.
Anything unexpected aborts the batch, and its operations are applied again, each in a
transaction of its own. When the medium fails, the shard goes out of service, is
verified and opened again.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

import structlog

from statekeeper_server.clock import Clock
from statekeeper_server.engine import Engine, EngineBrokenError, EngineFullError
from statekeeper_server.errors import OverloadedError, StateError, StorageError, StorageFullError
from statekeeper_server.operations.writing import WriteRequest, Written
from statekeeper_server.readers import Readers
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.reclaim import reclaim
from statekeeper_server.store.writer import History, Writer

_log = structlog.get_logger(__name__)

# A batch is bounded so that its callers do not wait for each other for long.
_BATCH_OPERATIONS_MAX = 1024
_BATCH_BYTES_MAX = 8 * 1024 * 1024
# Few enough to go unnoticed in a commit.
_RECLAIM_ROWS = 64
_REOPEN_DELAY_S = 1.0

R = TypeVar("R", bound=WriteRequest)


@dataclass(slots=True)
class _Waiting:
    operation: Callable[..., Written]
    request: WriteRequest
    answer: asyncio.Future[Written]


Batch = Sequence[_Waiting]
Outcome = Written | Exception | None
"""What became of an operation; None when nobody waited for it any more."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may wait for one shard."""

    operations_max: int
    bytes_max: int


class Medium(Protocol):
    """Where a shard's engine comes from."""

    def open(self) -> Engine:
        """Open it. Raises EngineBrokenError."""
        ...

    def verify(self) -> str:
        """What is wrong with the closed engine; empty when it is sound."""
        ...


class Worker:
    """A shard; made and called on the event loop, but for `read`, which any thread may call.

    Args:
        name: for errors and the log.
        medium: opens and verifies the engine.
        clock: gives each batch its time.
        history: how much of the past to keep.
        queue_limits: what is beyond them is refused with OVERLOADED.
        on_service_change: called on the loop when the shard goes out of service or
            comes back.
    """

    def __init__(
        self,
        name: str,
        medium: Medium,
        clock: Clock,
        history: History,
        queue_limits: QueueLimits,
        on_service_change: Callable[[], None],
    ) -> None:
        self._name = name
        self._medium = medium
        self._clock = clock
        self._history = history
        self._limits = queue_limits
        self._on_service_change = on_service_change
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        # Both are of the loop alone, as submitting and answering happen there.
        self._waiting_operations = 0
        self._waiting_bytes = 0
        self._stopping = threading.Event()
        self._readers = Readers()
        self._open()
        self._thread = threading.Thread(target=self._run, name=f"statekeeper {name}")
        self._thread.start()

    @property
    def in_service(self) -> bool:
        """Whether it reads and writes."""
        return self._readers.admitted

    async def apply(self, operation: Callable[[Writer, R, int], Written], request: R) -> Written:
        """Apply a writing operation; returns when it is durable.

        Raises:
            StateError: nothing was changed; after a StorageError that is not known.
        """
        if not self.in_service:
            raise self._out_of_service()
        size_bytes = request.stored_bytes
        if self._waiting_operations >= self._limits.operations_max or (
            self._waiting_bytes and self._waiting_bytes + size_bytes > self._limits.bytes_max
        ):
            raise OverloadedError(f"too much is waiting for {self._name}")
        answer: asyncio.Future[Written] = self._loop.create_future()
        self._waiting_operations += 1
        self._waiting_bytes += size_bytes
        self._queue.put(_Waiting(operation, request, answer))
        return await answer

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A snapshot that sees every answered write; not to be held across a wait."""
        if not self._readers.enter():
            raise self._out_of_service()
        try:
            txn = self._engine.read()
            try:
                yield Reader(txn)
            finally:
                txn.abort()
        except EngineBrokenError as error:
            raise self._out_of_service() from error
        finally:
            self._readers.leave()

    async def stop(self) -> None:
        """Commit what waits, then close."""
        self._stopping.set()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _out_of_service(self) -> StorageError:
        return StorageError(f"{self._name} is out of service after an I/O error")

    def _open(self) -> None:
        self._engine = self._medium.open()
        txn = self._engine.read()
        self._next_revision = Reader(txn).last_revision() + 1
        txn.abort()
        # There may be some from before; the first step finds out.
        self._has_garbage = True
        self._readers.admit()

    # What follows runs on the worker's thread, but for _deliver.

    def _run(self) -> None:
        while (batch := self._take()) is not None:
            outcomes: list[Outcome] = []
            try:
                self._apply(batch, outcomes)
            except EngineBrokenError as error:
                # Out of service first: who is told to try again must not meet it ailing.
                self._readers.dismiss()
                outcomes += (self._out_of_service() for _ in batch[len(outcomes) :])
                self._answer(batch, outcomes)
                if not self._restore(error):
                    return
            else:
                self._answer(batch, outcomes)
        self._readers.dismiss()
        self._readers.wait_until_gone()
        self._engine.close()

    def _take(self) -> Batch | None:
        """All that waits, up to a batch; nothing when only garbage waits; None at the end."""
        batch: list[_Waiting] = []
        size_bytes = 0
        try:
            item = self._queue.get(block=not self._has_garbage)
            while item is not None:
                batch.append(item)
                size_bytes += item.request.stored_bytes
                if len(batch) >= _BATCH_OPERATIONS_MAX or size_bytes >= _BATCH_BYTES_MAX:
                    return batch
                item = self._queue.get_nowait()
        except Empty:
            return batch
        if batch:
            # What was queued before the end comes before it.
            self._queue.put(None)
            return batch
        return None

    def _apply(self, batch: Batch, outcomes: list[Outcome]) -> None:
        """Apply a batch durably; `outcomes` gets what is certain, also when this raises."""
        if not batch:
            self._reclaim()
            return
        if self._engine.has_room(sum(waiting.request.stored_bytes for waiting in batch)):
            try:
                outcomes += self._commit(batch)
            except EngineBrokenError:
                raise
            except Exception as error:  # noqa: BLE001 - one of them failed: which, is seen below
                _log.warning("batch failed", shard=self._name, problem=repr(error))
            else:
                return
        for waiting in batch:
            outcomes.append(self._apply_alone(waiting))  # noqa: PERF401 - kept if one raises
        self._reclaim()

    def _apply_alone(self, waiting: _Waiting) -> Outcome:
        """Apply an operation whose batch failed, so that it fails or succeeds for itself."""
        size_bytes = waiting.request.stored_bytes
        if size_bytes and not self._engine.has_room(size_bytes):
            return StorageFullError()
        try:
            return self._commit((waiting,))[0]
        except EngineBrokenError:
            raise
        except EngineFullError:
            return StorageFullError()
        except Exception as error:
            _log.exception("operation failed", shard=self._name)
            return error

    def _commit(self, batch: Batch) -> list[Outcome]:
        """Apply a batch in one transaction, and reclaim a little with it."""
        txn = self._engine.write()
        try:
            store = Writer(txn, self._history, self._next_revision)
            now_us = self._clock.now_us()
            outcomes = [_attempt(waiting, store, now_us) for waiting in batch]
            garbage_left = self._has_garbage and reclaim(txn, _RECLAIM_ROWS)
            txn.commit()
        finally:
            txn.abort()
        self._next_revision = store.next_revision
        self._has_garbage = garbage_left or store.discarded
        return outcomes

    def _reclaim(self) -> None:
        if self._has_garbage:
            try:
                self._commit(())
            except EngineFullError:
                _log.warning("no room to reclaim in", shard=self._name)
                self._has_garbage = False

    def _restore(self, broken: EngineBrokenError) -> bool:
        """Verify and reopen the engine; False when the shard is stopped before that is done."""
        _log.error("out of service", shard=self._name, problem=str(broken))
        self._loop.call_soon_threadsafe(self._on_service_change)
        self._readers.wait_until_gone()
        self._engine.close()
        while not self._stopping.wait(_REOPEN_DELAY_S):
            try:
                problem = self._medium.verify()
                if not problem:
                    self._open()
                    break
            except (EngineBrokenError, OSError) as error:
                problem = str(error)
            _log.error("still out of service", shard=self._name, problem=problem)
        else:
            self._fail_all_waiting()
            return False
        _log.warning("back in service", shard=self._name)
        self._loop.call_soon_threadsafe(self._on_service_change)
        return True

    def _fail_all_waiting(self) -> None:
        batch = []
        while not self._queue.empty():
            if (item := self._queue.get_nowait()) is not None:
                batch.append(item)
        self._answer(batch, [self._out_of_service() for _ in batch])

    def _answer(self, batch: Batch, outcomes: list[Outcome]) -> None:
        if batch:
            self._loop.call_soon_threadsafe(self._deliver, batch, outcomes)

    def _deliver(self, batch: Batch, outcomes: list[Outcome]) -> None:
        """Answer all callers of a batch; on the loop."""
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._waiting_operations -= 1
            self._waiting_bytes -= waiting.request.stored_bytes
            if waiting.answer.done():
                continue
            if isinstance(outcome, Exception):
                waiting.answer.set_exception(outcome)
            elif outcome is not None:
                waiting.answer.set_result(outcome)


def _attempt(waiting: _Waiting, store: Writer, now_us: int) -> Outcome:
    if waiting.answer.cancelled():
        # Its caller has gone or its deadline has passed, and nothing was written yet.
        return None
    try:
        return waiting.operation(store, waiting.request, now_us)
    except StateError as error:
        return error
