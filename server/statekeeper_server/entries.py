"""Many operations in one message, each for itself: what Batch and Pipeline have in common.

An entry takes the way of the unary RPC of its name: small writes go straight into the
queue of their shard, small reads are answered at once; what is large or has to wait for
something else gets a task. Entries on one execution keep their order.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any, NamedTuple, cast

from statekeeper.v1.operation_pb2 import Operation
from statekeeper_server.admission import Admission
from statekeeper_server.committer import Single
from statekeeper_server.errors import OverloadedError, StateError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import LARGE_BYTES, RESULT_BYTES_SMALL, WAIT_MAX_US
from statekeeper_server.lines import Line, Lines
from statekeeper_server.logs import get_logger
from statekeeper_server.operation_result import refusal, success
from statekeeper_server.operations.plain import PlainWrite, WritesDone
from statekeeper_server.operations.writing import Done
from statekeeper_server.requests.fields import check_duration, check_key, shown_key
from statekeeper_server.shards import Shards
from statekeeper_server.worker import Worker
from statekeeper_server.write_group import WriteGroup

_log = get_logger(__name__)

Deliver = Callable[["Entry", bytes], None]
"""Takes an entry and its OperationResult, serialised."""
DeliverGroup = Callable[[WriteGroup, bytes], None]
"""Takes a group and its results, as fields of a BatchResponse."""


class Kind(NamedTuple):
    """How the operations of one name are done.

    Attributes:
        check: makes of a message a checked request; raises StateError.
        method: the way of the unary RPC; what it writes may be given a time by which it
            must be its turn, of `time.monotonic`, or it raises TimeoutError.
        operation: what a shard applies; None where only the way of the RPC will do.
        at_once: answers a read without a wait, or gives None where that takes too long.
        simple: whether `operation` is all that a checked request needs; None: it always is.
        key_of: the execution of a message that is not checked yet; raises StateError.
        read: makes a checked request of the bytes of a message, if it is a plain one; None:
            there is no shorter way than by the message.
    """

    check: Callable[[Any], Any]
    method: Callable[..., Awaitable[bytes]]
    operation: Callable[..., Any] | None = None
    at_once: Callable[[Any], bytes | None] | None = None
    simple: Callable[[Any], bool] | None = None
    key_of: Callable[[Any], ExecutionKey] = lambda message: check_key(message.key)
    read: Callable[[bytes], Any] | None = None


class Incoming(NamedTuple):
    """An operation as it comes in.

    Attributes:
        tag: what its result is known by.
        operation: its message; None: it is checked already, and here is what was in it.
        name: of its kind.
        checked: the request.
        timeout_us: how long it may take; -1: for ever.
    """

    tag: int
    operation: Operation | None
    name: str = ""
    checked: Any = None
    timeout_us: int = -1


class Entry(Single):
    """One operation, and who hears of its result. Implements `Caller`, and `lines.Entry`.

    Attributes:
        request: what it asks for, once that is checked.
        granted: what has granted it a lock, which is to be taken back when its result is
            not sent; None: nothing.
    """

    __slots__ = (
        "_entries",
        "_expired",
        "_forget",
        "_timer",
        "deadline_s",
        "granted",
        "is_simple",
        "kind",
        "line",
        "message",
        "number",
        "operation",
        "request",
        "row",
        "size_bytes",
        "tag",
    )

    operation: Callable[..., Any]
    size_bytes: int

    def __init__(self, entries: "Entries", number: int, incoming: Incoming) -> None:
        self._entries = entries
        self.deadline_s: float | None = None
        self._expired = False
        self._forget: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.number = number
        self.tag = incoming.tag
        self.kind = incoming.name
        self.row = b""
        self.line: Line | None = None
        self.is_simple = False
        self.message: Any = None
        self.request = incoming.checked
        self.granted: Done | None = None

    def limit(self, timeout_us: int) -> None:
        """Give it so long to be applied."""
        self.deadline_s = time.monotonic() + timeout_us / 1_000_000

    @property
    def left_s(self) -> float | None:
        """How long it may take still."""
        return None if self.deadline_s is None else self.deadline_s - time.monotonic()

    @property
    def is_late(self) -> bool:
        """Whether its time is over."""
        return self.deadline_s is not None and time.monotonic() >= self.deadline_s

    def wanted(self) -> bool:
        """Whether it still waits."""
        return not (self._entries.gone or self.is_late)

    def tell(self, outcome: Done | WritesDone | Exception | None) -> bool:
        """Answer it; False when it has gone."""
        if self._forget is not None:
            self._forget = None
            self._stop_timer()
        if self._entries.gone or self._expired:
            return False
        if isinstance(outcome, Done):
            if outcome.unclaimed is not None:
                self.granted = outcome
            self._entries.succeed(self, outcome.response)
        elif outcome is None or isinstance(outcome, Exception):
            self._entries.fail(self, outcome)
        return True

    def wait(self, forget: Callable[[], None]) -> None:
        """Have it wait for a lock."""
        if self._entries.gone:
            forget()
            return
        self._forget = forget
        left_s = self.left_s
        if left_s is not None:
            # Once its time is over the shard takes it for gone, and answers it no more.
            self._timer = asyncio.get_running_loop().call_later(max(0.0, left_s), self._expire)
        self._entries.let_wait(self)

    def leave(self) -> None:
        """Wait no more for a lock."""
        self._stop_timer()
        forget, self._forget = self._forget, None
        if forget is not None:
            forget()

    def _expire(self) -> None:
        self._expired = True
        self.leave()
        self._entries.fail(self, None)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


class Entries:
    """The operations of a batch or a stream that are under way. Of the event loop.

    Args:
        kinds: how each is done, by the names of Operation.
        shards: where.
        threads: where large messages are checked.
        admission: tells whether there is room for what is large.
        deliver: gets each result, once, maybe at once.
        deliver_group: gets those of a group.

    Attributes:
        gone: whether nobody waits for the results any more.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        shards: Shards,
        threads: Executor,
        admission: Admission,
        *,
        deliver: Deliver,
        deliver_group: DeliverGroup,
    ) -> None:
        self._kinds = kinds
        self._shards = shards
        self._threads = threads
        self._admission = admission
        self._deliver = deliver
        self._deliver_group = deliver_group
        self._lines: Lines[Entry] = Lines(self._begin)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiters: set[Entry] = set()
        self.gone = False

    def start(self, number: int, incoming: Incoming, *, large: bool) -> None:
        """Begin one operation.

        Args:
            number: given back with the result.
            incoming: what to do.
            large: whether it may be a large one.
        """
        entry = Entry(self, number, incoming)
        try:
            if incoming.operation is not None:
                self._check(entry, incoming.operation, large=large)
            else:
                request = incoming.checked
                entry.row = request.row if isinstance(request, PlainWrite) else request.key.row
                if incoming.timeout_us >= 0:
                    entry.limit(incoming.timeout_us)
        except Exception as error:  # noqa: BLE001 - the others of the message go on
            self._fail_logged(entry, error)
            return
        entry.is_simple = self._is_simple(entry)
        self._lines.enter(entry)

    def start_writes(self, number: int, writes: list[PlainWrite], *, counting: bool) -> None:
        """Begin the writes of a message.

        Args:
            number: given back with the results.
            writes: what to do.
            counting: whether the results must come in this order: then the number is that of
                the first write, and the others count on from there.
        """
        parts = self._shards.divide(writes)
        if counting and len(parts) > 1:
            # Each shard answers when it is done.
            self._start_each(number, writes, counting=True)
            return
        for shard, some in parts:
            group = WriteGroup(self, self._operation_of, number, some)
            if not self._begins(group, shard):
                self._start_each(number, some, counting=counting)

    def refuse(self, number: int, tag: int, error: StateError) -> None:
        """Answer an operation that is not even begun."""
        # As nothing was looked at, the error tells no execution, whatever way it came in.
        self.fail(Entry(self, number, Incoming(tag, None)), error)

    def leave(self) -> None:
        """Nobody waits for the results any more: what is not begun is not done."""
        self.gone = True
        for task in tuple(self._tasks):
            task.cancel()
        for entry in tuple(self._waiters):
            entry.leave()

    def take_back(self, unsent: Iterable[Entry]) -> None:
        """Take back the locks of those whose results are not sent any more."""
        for entry in unsent:
            if entry.granted is not None:
                self._shards.of(entry.request.key).take_back(entry.granted)

    def bounded(self, entry: Entry, result: bytes) -> bytes:
        """A result that is going to be kept: a read that there is no room for is refused."""
        if len(result) > RESULT_BYTES_SMALL and self._kinds[entry.kind].operation is None:
            try:
                self._admission.check(len(result))
            except OverloadedError as error:
                return self.refusal(entry, error)
        return result

    def let_wait(self, entry: Entry) -> None:
        """Have an entry wait for a lock. It has had its turn: those after it go on."""
        self._waiters.add(entry)
        self._lines.leave(entry)

    def finish_group(self, group: WriteGroup, results: bytes) -> None:
        """Deliver the results of a group."""
        self._deliver_group(group, results)
        self._lines.leave_group(group)

    def succeed(self, entry: Entry, response: bytes) -> None:
        """Deliver a response."""
        self._finish(entry, success(entry.kind, response, entry.tag))

    def fail(self, entry: Entry, error: Exception | None) -> None:
        """Deliver an error; None: its time was over before it was its turn."""
        self._finish(entry, self.refusal(entry, error))

    def refusal(self, entry: Entry, error: Exception | None) -> bytes:
        """The result that is an error."""
        return refusal(error, _shown_key(entry), entry.tag)

    def _check(self, entry: Entry, operation: Operation, *, large: bool) -> None:
        name = operation.WhichOneof("operation")
        if name is None:
            raise invalid("operation", "is empty, or of a kind that this server does not know")
        entry.kind = name
        message = entry.message = getattr(operation, name)
        if operation.HasField("timeout"):
            timeout_us = check_duration("timeout", operation.timeout, WAIT_MAX_US, "24 hours")
            entry.limit(timeout_us)
        if large and message.ByteSize() > LARGE_BYTES:
            entry.row = self._kinds[name].key_of(message).row
        else:
            entry.request = self._kinds[name].check(message)
            entry.row = entry.request.key.row

    def _is_simple(self, entry: Entry) -> bool:
        kind, checked = self._kinds[entry.kind], entry.request
        if kind.operation is None or checked is None:
            return False
        return kind.simple is None or kind.simple(checked)

    def _begins(self, group: WriteGroup, shard: Worker) -> bool:
        """Begin a group; False: it cannot be begun as one."""
        try:
            return self._lines.begin_group(group, shard.submit)
        except StateError:
            # Each of its writes is refused for itself, or there is room for some.
            return False

    def _start_each(self, number: int, writes: list[PlainWrite], *, counting: bool) -> None:
        for place, write in enumerate(writes):
            incoming = Incoming(write.tag, None, write.name, write, write.timeout_us)
            self.start(number + place if counting else number, incoming, large=False)

    def _operation_of(self, write: PlainWrite) -> Callable[..., Any]:
        return cast("Callable[..., Any]", self._kinds[write.name].operation)

    def _begin(self, entry: Entry) -> None:
        kind, checked = self._kinds[entry.kind], entry.request
        response: bytes | None = None
        if entry.is_late:
            self.fail(entry, None)
            return
        try:
            if entry.is_simple and kind.operation is not None:
                entry.operation = kind.operation
                entry.size_bytes = checked.stored_bytes
                self._shards.of_row(entry.row).submit(entry)
                return
            if kind.at_once is not None and checked is not None:
                response = kind.at_once(checked)
        except Exception as error:  # noqa: BLE001 - whoever answers the one before goes on
            self._fail_logged(entry, error)
            return
        if response is not None:
            self.succeed(entry, response)
            return
        task = asyncio.get_running_loop().create_task(self._take_time(entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_time(self, entry: Entry) -> None:
        kind = self._kinds[entry.kind]
        try:
            self._admission.check(0)
            if entry.request is None:
                loop = asyncio.get_running_loop()
                check = loop.run_in_executor(self._threads, kind.check, entry.message)
                entry.request = await check
            if kind.operation is None:
                async with asyncio.timeout(entry.left_s):
                    response = await kind.method(entry.request)
            else:
                # A write that has begun is not given up: it would be done all the same.
                response = await kind.method(entry.request, entry.deadline_s)
        except TimeoutError:
            self.fail(entry, None)
        except Exception as error:  # noqa: BLE001 - it is this operation's alone
            self._fail_logged(entry, error)
        else:
            self.succeed(entry, response)

    def _fail_logged(self, entry: Entry, error: Exception) -> None:
        """Deliver an error, and log it where the caller is not told what it is."""
        if not isinstance(error, StateError):
            _log.error("operation failed", operation=entry.kind, exc_info=error)
        self.fail(entry, error)

    def _finish(self, entry: Entry, result: bytes) -> None:
        if self._waiters:
            self._waiters.discard(entry)
        self._deliver(entry, result)
        self._lines.leave(entry)


def _shown_key(entry: Entry) -> ExecutionKey | None:
    if entry.message is not None:
        return shown_key(entry.message)
    key: ExecutionKey | None = None if entry.request is None else entry.request.key
    return key
