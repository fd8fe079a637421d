"""One shard at work: a thread that applies what waits and commits once for all of it.

Operations gather on the event loop while the worker is busy; then it takes them all,
applies them in one write transaction, commits, and answers with a single wake-up of the
loop. Nobody is answered before the commit, and one sync serves many. When nothing comes for a
while, the engine gets a moment for what it has left to do about what was committed.

What waits for a lock waits in the committer's table, not in the thread: it is answered
with whatever batch frees the lock. The thread wakes up by itself when a lease, a wait or
a pause is over.

When the medium fails, the shard goes out of service, is verified and opened again; the
others go on.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple, Protocol, TypeVar

from statekeeper_server.caller import Caller, FutureCaller
from statekeeper_server.clock import Clock
from statekeeper_server.committer import Batch, Committer, Outcome
from statekeeper_server.engine import Copy, Engine, EngineBrokenError, Undisturbed, Usage
from statekeeper_server.errors import OverloadedError, StorageError
from statekeeper_server.fair_lock import FairLock
from statekeeper_server.feed import Feed
from statekeeper_server.logs import get_logger
from statekeeper_server.operations.lock import Forgotten, forget_waiter, release_unclaimed
from statekeeper_server.operations.writing import Done, WriteRequest
from statekeeper_server.pace import Pace
from statekeeper_server.readers import Readers, Reading
from statekeeper_server.standstill import standstill
from statekeeper_server.store.lock_table import Waiter
from statekeeper_server.store.writer import Rules, Writer

_log = get_logger(__name__)

# A batch is bounded so that its callers do not wait for each other for long.
_BATCH_OPERATIONS_MAX = 1024
_BATCH_BYTES_MAX = 8 * 1024 * 1024
_HOLD_STEP_S = 0.001
# The loop stands still for batches that are worth it and that are soon done, if it has
# anything else to do.
_STANDSTILL_OPERATIONS_MIN = 4
_STANDSTILL_BYTES_MAX = 8 * 1024 * 1024
_REOPEN_DELAY_S = 1.0
# The machine's time of day may be set meanwhile: when a pause is due is looked at so often.
_IDLE_S_MAX = 30.0

R = TypeVar("R", bound=WriteRequest)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may wait for one shard."""

    operations_max: int
    bytes_max: int


class Backlog(NamedTuple):
    """What waits for a shard.

    Attributes:
        operations: how many writes, those that are being written among them.
        size_bytes: their bytes.
        lock_waiters: how many callers for locks.
    """

    operations: int
    size_bytes: int
    lock_waiters: int


class Medium(Protocol):
    """Where a shard's engine comes from."""

    def open(self, undisturbed: Undisturbed = nullcontext) -> Engine:
        """Open it. Raises EngineBrokenError.

        Args:
            undisturbed: what the engine enters for some work of its own beside the writer's.
        """
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
        rules: what holds for all executions.
        queue_limits: what is beyond them is refused with OVERLOADED.
        on_service_change: called on the loop when the shard goes out of service or
            comes back.

    Attributes:
        feed: what it commits, for whoever watches.
    """

    def __init__(
        self,
        name: str,
        medium: Medium,
        *,
        clock: Clock,
        rules: Rules,
        queue_limits: QueueLimits,
        on_service_change: Callable[[], None],
    ) -> None:
        self._name = name
        self._medium = medium
        self._clock = clock
        self._rules = rules
        self._limits = queue_limits
        self._on_service_change = on_service_change
        self._loop = asyncio.get_running_loop()
        # What gathers is the loop's alone, as submitting and answering happen there.
        self._gathered: deque[Caller] = deque()
        self._waiting_operations = 0
        self._waiting_bytes = 0
        self._answered = (0, 0)  # by the last two batches
        self._busy = False
        self._stop_wanted = False
        # Batches for the thread, one at a time; None is the end.
        self._batches: SimpleQueue[list[Caller] | None] = SimpleQueue()
        self._pace = Pace()
        # Two threads that put rows would take the interpreter from each other with each.
        self._turn = FairLock()
        self._stopping = threading.Event()
        self._readers = Readers()
        self.feed = Feed(self._loop)
        self._draining = False
        self._open()
        clock.subscribe(self._wake)
        self._thread = threading.Thread(target=self._run, name=f"statekeeper {name}")
        self._thread.start()

    @property
    def in_service(self) -> bool:
        """Whether it reads and writes."""
        return self._readers.admitted

    def apply(
        self,
        operation: Callable[[Writer, R, int], Done | Waiter],
        request: R,
        deadline_s: float | None = None,
    ) -> asyncio.Future[Done]:
        """Apply a writing operation.

        The answer comes when it is durable; where it waits for a lock, when it is its turn.

        Raises:
            StateError: nothing was changed; after a StorageError that is not known.
            TimeoutError: nothing was changed, as it was not its turn by the deadline.
        """
        caller = FutureCaller(self._loop, operation, request, deadline_s)
        self.submit(caller)
        return caller.answer

    def submit(self, caller: Caller) -> None:
        """The same, for a caller that is told.

        Raises:
            StateError: it is not even tried, and the caller will not be told.
        """
        if not self._readers.admitted:
            raise self._out_of_service()
        size_bytes = caller.size_bytes
        if self._waiting_operations >= self._limits.operations_max or (
            self._waiting_bytes and self._waiting_bytes + size_bytes > self._limits.bytes_max
        ):
            raise OverloadedError(f"too much is waiting for {self._name}")
        self._gather(caller)

    def take_back(self, done: Done) -> None:
        """Take back a lock that was granted by an answer which nobody was there to hear."""
        if done.unclaimed is not None:
            self._apply_unasked(release_unclaimed, done.unclaimed)

    def _gather(self, caller: Caller) -> None:
        self._waiting_operations += caller.count
        self._waiting_bytes += caller.size_bytes
        self._gathered.append(caller)
        if not self._busy:
            self._hand_over_soon()

    def read(self) -> Reading:
        """A snapshot that sees every answered write; not to be held across a wait.

        Raises:
            StorageError: the shard is out of service.
        """
        if not self._readers.enter():
            raise self._out_of_service()
        try:
            return Reading(self._engine.read(), self._readers)
        except EngineBrokenError as error:
            self._readers.leave()
            raise self._out_of_service() from error

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        """A copy of now, to be written elsewhere.

        It must end when the shard is no longer in service, which waits for it then.

        Raises:
            StorageError: the shard is out of service, or cannot be read.
        """
        with self._open_engine() as engine:
            copy = engine.copy()
            try:
                yield copy
            finally:
                copy.close()

    def usage(self) -> Usage:
        """How much its file takes.

        Raises:
            StorageError: the shard is out of service.
        """
        with self._open_engine() as engine:
            return engine.usage()

    @property
    def rests(self) -> bool:
        """Whether its file has all that was committed: so it is soon after the last write."""
        return self._engine.idle_s() is None

    def backlog(self) -> Backlog:
        """What waits for it."""
        return Backlog(self._waiting_operations, self._waiting_bytes, self._committer.lock_waiters)

    @contextmanager
    def _open_engine(self) -> Iterator[Engine]:
        """Its engine, which stays open meanwhile."""
        if not self._readers.enter():
            raise self._out_of_service()
        try:
            yield self._engine
        except EngineBrokenError as error:
            raise StorageError(f"{self._name} cannot be read: {error}") from error
        finally:
            self._readers.leave()

    def drain(self) -> None:
        """Let nobody wait for a lock any longer: they would hold up the end."""
        self._draining = True
        self._wake()

    async def stop(self) -> None:
        """Commit what waits, then close."""
        self._clock.unsubscribe(self._wake)
        self._draining = True
        self._stopping.set()
        self._stop_wanted = True
        if not self._busy:
            self._hand_over_soon()
        await asyncio.to_thread(self._thread.join)

    def _hand_over_soon(self) -> None:
        self._busy = True
        # Not at once: what else the loop has ready comes into the same batch, and
        # whoever was answered by the last one goes first.
        self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        """Give the thread what has gathered, up to a batch; at the end, the end."""
        # All that waits has gathered, as there is no batch just now.
        if (
            self._waiting_operations < _BATCH_OPERATIONS_MAX
            and not self._stop_wanted
            and self._pace.hold(self._waiting_operations + sum(self._answered))
        ):
            self._loop.call_later(_HOLD_STEP_S, self._hand_over)
            return
        batch: list[Caller] = []
        count = size_bytes = 0
        while self._gathered and size_bytes < _BATCH_BYTES_MAX:
            caller = self._gathered[0]
            count += caller.count
            if batch and count > _BATCH_OPERATIONS_MAX:
                break
            batch.append(self._gathered.popleft())
            size_bytes += caller.size_bytes
        self._batches.put(batch or None)

    def _deliver(self, batch: list[Caller], outcomes: list[Outcome]) -> None:
        """Answer all callers of a batch."""
        count = sum([caller.count for caller in batch])
        self._answered = self._answered[1], count
        self._waiting_operations -= count
        self._waiting_bytes -= sum([caller.size_bytes for caller in batch])
        for caller, outcome in zip(batch, outcomes, strict=True):
            self._tell(caller, outcome)
        self._busy = False
        if self._gathered or self._stop_wanted:
            self._hand_over_soon()

    def _tell(self, caller: Caller, outcome: Outcome) -> None:
        """Answer one caller, who may have gone or may have to wait for a lock."""
        if isinstance(outcome, Waiter):
            caller.wait(partial(self._forget, outcome))
        elif not caller.tell(outcome) and isinstance(outcome, Done):
            self.take_back(outcome)

    def _tell_waiters(self, answered: Sequence[tuple[Waiter, Outcome]]) -> None:
        for waiter, outcome in answered:
            self._tell(waiter.submission, outcome)

    def _forget(self, waiter: Waiter) -> None:
        self._apply_unasked(forget_waiter, Forgotten(waiter.request.key, waiter))

    def _apply_unasked(self, operation: Callable[[Writer, R, int], Done], request: R) -> None:
        # However much is waiting: others would wait for a lease to end. Where the shard is
        # out of service it does end by itself.
        if self._readers.admitted:
            caller = FutureCaller(self._loop, operation, request)
            caller.answer.add_done_callback(asyncio.Future.exception)  # nobody else asks for it
            self._gather(caller)

    def _out_of_service(self) -> StorageError:
        return StorageError(f"{self._name} is out of service after an I/O error")

    def _open(self) -> None:
        self._engine = self._medium.open(self._undisturbed)
        self._committer = Committer(
            self._name,
            self._engine,
            self._clock,
            self._rules,
            self._quiet,
            publish=self.feed.publish,
        )
        self._readers.admit()

    # What follows runs on the worker's thread.

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            outcomes: list[Outcome] = []
            try:
                if batch:
                    self._committer.apply(batch, outcomes)
                else:
                    self._committer.tend()
                    if self._engine.idle_s() == 0:
                        self._engine.flush()
            except Exception as error:  # noqa: BLE001 - a dead thread would answer nobody
                # Out of service first: who is told to try again must not meet it ailing.
                self._readers.dismiss()
                self.feed.interrupt()
                outcomes += (self._out_of_service() for _ in batch[len(outcomes) :])
                self._answer(batch, outcomes)
                self._dismiss_waiters(self._out_of_service())
                if not self._restore(error):
                    break
            else:
                self._answer(batch, outcomes)
                if self._draining:
                    self._dismiss_waiters(StorageError("the server is stopping: try again"))
        else:
            self._dismiss_waiters(StorageError("the server is stopping: try again"))
            self._readers.dismiss()
            self._readers.wait_until_gone()
            self._engine.close()

    def _next_batch(self) -> list[Caller] | None:
        """What has gathered; nothing when something is due by itself; None at the end."""
        idle_s = min(self._committer.idle_s(), _IDLE_S_MAX)
        engine_idle_s = self._engine.idle_s()
        if engine_idle_s is not None:
            idle_s = min(idle_s, engine_idle_s)
        try:
            return self._batches.get(timeout=idle_s)
        except Empty:
            return []

    def _wake(self) -> None:
        """Have the thread look at once at what may be due; from any thread."""
        self._batches.put([])

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        with self._turn, standstill(self._loop):
            yield

    def _quiet(self, batch: Batch) -> AbstractContextManager[object]:
        if (
            not self._pace.idles
            and sum([submission.count for submission in batch]) >= _STANDSTILL_OPERATIONS_MIN
            and sum([submission.size_bytes for submission in batch]) <= _STANDSTILL_BYTES_MAX
        ):
            return self._undisturbed()
        return self._turn

    def _restore(self, broken: Exception) -> bool:
        """Verify and reopen the engine; False when the shard is stopped before that is done."""
        _log.error("out of service", shard=self._name, problem=repr(broken))
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
            self._refuse_batches()
        else:
            self._refuse_batches()
            return False
        _log.warning("back in service", shard=self._name)
        self._loop.call_soon_threadsafe(self._on_service_change)
        return True

    def _refuse_batches(self) -> None:
        """Answer what was gathered before it was known that the shard is out of service."""
        while not self._batches.empty():
            batch = self._batches.get() or []
            self._answer(batch, [self._out_of_service() for _ in batch])

    def _answer(self, batch: list[Caller], outcomes: list[Outcome]) -> None:
        if batch:
            self._loop.call_soon_threadsafe(self._deliver, batch, outcomes)
        if answered := self._committer.take_answered():
            self._loop.call_soon_threadsafe(self._tell_waiters, answered)

    def _dismiss_waiters(self, error: StorageError) -> None:
        if waiters := self._committer.dismiss_waiters():
            answered = [(waiter, error) for waiter in waiters]
            self._loop.call_soon_threadsafe(self._tell_waiters, answered)
