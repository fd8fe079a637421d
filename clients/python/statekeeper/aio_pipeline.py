"""Many calls in one stream: what waits while a message is under way goes into the next.

A call of its own costs gRPC in Python some 100 us on either side, whatever it does. Here
the calls of all tasks share messages: nothing waits for company, but what comes while
a message is being written is sent with the one after it.

When the stream breaks, what has no answer is sent again on a new one, in the same order.
That is safe: reads change nothing, and writes carry a request_id.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc import aio

from statekeeper.backoff import Backoff
from statekeeper.messages import OperationError, failure_of
from statekeeper.rpc_errors import Failure
from statekeeper.transport import FIND_S
from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.operation_pb2 import Operation

_MESSAGE_OPERATIONS_MAX = 500
_MESSAGE_BYTES_MAX = 256 * 1024
_NANOS_PER_SECOND = 1_000_000_000
# What a stream ends with when the way to the server is broken, or the server stops.
_BROKEN = frozenset((grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.OK))
# The details of INTERNAL where gRPC could not send or receive, and asked no further.
_CORE_ERROR = "Internal error from Core"


@dataclass(slots=True, eq=False)
class _Pending:
    """A call without an answer."""

    name: str
    request: Message
    size_bytes: int
    deadline_s: float
    answer: asyncio.Future[Any]


class AioPipeline:
    """The calls of one event loop, in one stream at a time.

    Args:
        open_stream: Opens a stream; told whether to wait until the server is there.
        is_known: Whether the server was ever heard of. Until then a server that cannot
            be reached is an error at once.
        heard: Called when the server is heard of.
    """

    def __init__(
        self,
        open_stream: Callable[[bool], Any],
        is_known: Callable[[], bool],
        heard: Callable[[], None],
    ) -> None:
        self._open_stream = open_stream
        self._is_known = is_known
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._tags = itertools.count(1)
        # In the order of the calls, which is that of their tags.
        self._unsent: dict[int, _Pending] = {}
        self._sent: dict[int, _Pending] = {}
        self._wake = asyncio.Event()
        self._run: asyncio.Task[None] | None = None

    async def call(self, name: str, request: Message, size_bytes: int, timeout_s: float) -> Any:
        """Does one operation, and gives its response.

        Args:
            name: The operation's name in Operation.
            request: Its request.
            size_bytes: How large that is.
            timeout_s: How long it may take.

        Raises:
            OperationError: It did not succeed.
        """
        answer: asyncio.Future[Any] = self._loop.create_future()
        pending = _Pending(name, request, size_bytes, self._loop.time() + timeout_s, answer)
        self._unsent[next(self._tags)] = pending
        self._wake.set()
        if self._run is None or self._run.done():
            self._run = self._loop.create_task(self._keep_going())
        timer = self._loop.call_later(timeout_s, _give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Ends the stream; calls under way end in CANCELLED."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait((self._run,))
        self._fail_all(Failure(grpc.StatusCode.CANCELLED, "the client is closed", ()))

    async def _keep_going(self) -> None:
        """Opens streams until there is one that stays, or nothing to send."""
        backoff = Backoff(FIND_S)
        while self._sent or self._unsent:
            try:
                await self._use(self._open_stream(self._is_known()))
            except aio.AioRpcError as error:
                failure = Failure(
                    error.code(), error.details() or "", tuple(error.trailing_metadata() or ())
                )
            else:
                failure = Failure(grpc.StatusCode.OK, "", ())
            self._forget_done()
            if failure.status not in _BROKEN and failure.details != _CORE_ERROR:
                self._fail_all(failure)
                return
            delay_s = backoff.delay_s()
            if delay_s is None:
                if not self._is_known():
                    self._fail_all(failure)
                    return
                backoff = Backoff(FIND_S)
                delay_s = 0.0
            await asyncio.sleep(delay_s)

    async def _use(self, stream: Any) -> None:
        """Sends and receives until the stream ends."""
        # What an earlier stream has left without an answer comes first.
        self._unsent = {**self._sent, **self._unsent}
        self._sent = {}
        reading = self._loop.create_task(self._read(stream))
        reading.add_done_callback(lambda _: self._wake.set())
        try:
            with _ended_stream():
                while not reading.done():
                    if self._unsent:
                        await stream.write(self._take())
                    else:
                        self._wake.clear()
                        await self._wake.wait()
            # How it has ended is told to who reads.
            await reading
        finally:
            reading.cancel()
            stream.cancel()

    async def _read(self, stream: Any) -> None:
        # What has happened to a stream that breaks is told by its status alone.
        with _ended_stream():
            while (message := await stream.read()) is not aio.EOF:
                self._heard()
                self._answer(message)
        status = await stream.code()
        if status is not grpc.StatusCode.OK:
            raise aio.AioRpcError(
                status,
                await stream.initial_metadata(),
                await stream.trailing_metadata(),
                await stream.details(),
            )

    def _take(self) -> BatchRequest:
        """What waits, up to what a message may have."""
        message = BatchRequest()
        size_bytes = 0
        now_s = self._loop.time()
        for tag, pending in tuple(itertools.islice(self._unsent.items(), _MESSAGE_OPERATIONS_MAX)):
            size_bytes += pending.size_bytes
            if message.operations and size_bytes > _MESSAGE_BYTES_MAX:
                break
            del self._unsent[tag]
            if not pending.answer.done():
                self._sent[tag] = pending
                _add(message.operations.add(), tag, pending, pending.deadline_s - now_s)
        return message

    def _answer(self, message: BatchResponse) -> None:
        for result in message.results:
            pending = self._sent.pop(result.tag, None)
            if pending is None or pending.answer.done():
                continue
            name = result.WhichOneof("response")
            if name == "error":
                pending.answer.set_exception(OperationError(failure_of(result.error)))
            else:
                pending.answer.set_result(getattr(result, name))

    def _forget_done(self) -> None:
        """Leaves out whom nobody waits for any more."""
        self._sent = {tag: p for tag, p in self._sent.items() if not p.answer.done()}
        self._unsent = {tag: p for tag, p in self._unsent.items() if not p.answer.done()}

    def _fail_all(self, failure: Failure) -> None:
        for pending in (*self._sent.values(), *self._unsent.values()):
            if not pending.answer.done():
                pending.answer.set_exception(OperationError(failure))
        self._sent, self._unsent = {}, {}


@contextlib.contextmanager
def _ended_stream() -> Iterator[None]:
    """Passes over what gRPC raises where a stream is used that has just ended."""
    try:
        yield
    except (asyncio.InvalidStateError, aio.AioRpcError):
        pass
    except asyncio.CancelledError:
        # So it tells that the other side has cancelled the stream, too.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


def _add(operation: Operation, tag: int, pending: _Pending, left_s: float) -> None:
    operation.tag = tag
    getattr(operation, pending.name).CopyFrom(pending.request)
    seconds, rest_s = divmod(max(left_s, 0.0), 1)
    operation.timeout.seconds = int(seconds)
    operation.timeout.nanos = int(rest_s * _NANOS_PER_SECOND)


def _give_up(answer: asyncio.Future[Any]) -> None:
    if not answer.done():
        answer.set_exception(
            OperationError(Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "no answer in time", ()))
        )
