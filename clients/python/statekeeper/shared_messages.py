"""The small calls of many threads, in few messages: what waits goes with the next one.

A call of its own costs gRPC in Python some 100 us on either side, whatever it does. Where
few threads call at the same time, each call is sent at once and as it is. Where there are
more, a few messages are under way, and what is called meanwhile goes into the next one.

The thread whose call is first in line sends the message for all of them. So no thread of
ours has to be ended or could outlive anybody, and a message is a call of the RPC Batch,
which gRPC repeats as any other. That is safe: reads change nothing, and writes carry a
request_id.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import Message

from statekeeper.messages import OperationError, failure_of, put
from statekeeper.rpc_errors import Failure, failure_of_call
from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse

_MESSAGE_OPERATIONS_MAX = 500
_MESSAGE_BYTES_MAX = 256 * 1024
# Who has waited so long in line waits for none of the messages under way: gRPC may be
# repeating them, because of what is in them.
_IN_LINE_S_MAX = 0.5
# Answers of this size are had sooner apart; while they come, no messages are shared.
_ANSWER_BYTES_LARGE = 256 * 1024
_APART_S = 1.0
# With less time than this nothing is sent any more.
_SEND_S_MIN = 0.001
# How a message fails whose operations would fare no better alone.
_FOR_ALL = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
    )
)
_LATE = Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "no answer in time", ())
_CLOSED = Failure(grpc.StatusCode.CANCELLED, "the client is closed", ())

Send = Callable[[str, Message, float], Any]
"""Sends the request of an RPC, given its name, within some seconds; gives the response."""


class _Caller:
    """A call, and the thread that waits for it.

    Attributes:
        leads: Whether it is its turn to send a message.
        ended: Whether its message has ended; what is not told then is to be asked again.
        news: A lock that is held until it leads or has ended.
        response: What it gave.
        failure: Why it did not succeed.
    """

    __slots__ = (
        *("method", "request", "size_bytes", "ends_s"),
        *("leads", "ended", "news", "response", "failure"),
    )

    def __init__(self, method: str, request: Message, size_bytes: int, timeout_s: float) -> None:
        self.method = method
        self.request = request
        self.size_bytes = size_bytes
        self.ends_s = time.monotonic() + timeout_s
        self.leads = False
        self.ended = False
        self.response: Any = None
        self.failure: Failure | None = None
        self.news = threading.Lock()
        self.news.acquire()

    @property
    def left_s(self) -> float:
        """How many seconds it may take still; 0: it is late."""
        left_s = self.ends_s - time.monotonic()
        return left_s if left_s >= _SEND_S_MIN else 0.0

    def end(self) -> None:
        """Has its thread go on."""
        self.ended = True
        self.news.release()


class SharedMessages:
    """The calls of all threads of a client.

    Args:
        send: Sends a message, or a call that is alone.
        alone_max: How many threads are served best by calls of their own.
        under_way_max: How many messages are under way where there are more.
    """

    def __init__(self, send: Send, *, alone_max: int, under_way_max: int) -> None:
        self._send = send
        self._alone_max = alone_max
        self._under_way_max = under_way_max
        self._lock = threading.Lock()
        self._callers = 0
        self._under_way = 0
        self._line: deque[_Caller] = deque()
        self._apart_until_s = 0.0

    def call(self, method: str, request: Message, size_bytes: int, timeout_s: float) -> Any:
        """Does one operation, and gives its response.

        Args:
            method: The RPC's name.
            request: Its request.
            size_bytes: How large that is.
            timeout_s: How long it may take.

        Raises:
            OperationError: It did not succeed.
            grpc.RpcError: It did not succeed, and was alone.
        """
        caller = _Caller(method, request, size_bytes, timeout_s)
        if time.monotonic() < self._apart_until_s:
            response = self._send_alone(caller)
            self._note_answer(response.ByteSize())
            return response
        self._enter(caller)
        try:
            if self._gets_turn(caller):
                self._lead(caller)
            if caller.response is not None:
                return caller.response
            if caller.failure is not None:
                raise OperationError(caller.failure)
            return self._send_alone(caller)
        finally:
            with self._lock:
                self._callers -= 1

    def keep_apart(self) -> None:
        """Lets calls share no messages for a while: their answers are large."""
        self._apart_until_s = time.monotonic() + _APART_S

    def close(self) -> None:
        """Ends the calls in line as cancelled."""
        with self._lock:
            while self._line:
                caller = self._line.popleft()
                caller.failure = _CLOSED
                caller.end()

    def _enter(self, caller: _Caller) -> None:
        with self._lock:
            self._callers += 1
            if self._callers <= self._alone_max or self._under_way < self._under_way_max:
                self._let_lead(caller)
            else:
                self._line.append(caller)

    def _gets_turn(self, caller: _Caller) -> bool:
        """Waits until it is a caller's turn; False: others have sent what it calls."""
        if caller.leads:
            return True
        try:
            caller.news.acquire(timeout=min(caller.left_s, _IN_LINE_S_MAX))
        except BaseException:
            self._leave(caller)
            raise
        with self._lock:
            if caller in self._line:
                self._line.remove(caller)
                self._let_lead(caller)
            if caller.leads:
                return True
        if not caller.ended:
            caller.news.acquire(timeout=caller.left_s)
        return False

    def _leave(self, caller: _Caller) -> None:
        """Lets the others go on without a caller whose thread was interrupted."""
        with self._lock:
            if caller in self._line:
                self._line.remove(caller)
        if caller.leads:
            self._hand_on()

    def _lead(self, caller: _Caller) -> None:
        """Sends a message, or what is alone as it is."""
        others: list[_Caller] = []
        try:
            if caller.left_s:
                others = self._take(caller)
            if others:
                self._send_together([caller, *others])
            else:
                caller.response = self._send_alone(caller)
        finally:
            self._hand_on()
            for each in others:
                each.end()

    def _take(self, first: _Caller) -> list[_Caller]:
        """Takes from the line what goes into the message of the first."""
        taken: list[_Caller] = []
        size_bytes = first.size_bytes
        with self._lock:
            while self._line and len(taken) + 1 < _MESSAGE_OPERATIONS_MAX:
                size_bytes += self._line[0].size_bytes
                if size_bytes > _MESSAGE_BYTES_MAX:
                    break
                taken.append(self._line.popleft())
        return taken

    def _hand_on(self) -> None:
        """Notes that a message has ended; it is the turn of the next in line."""
        with self._lock:
            self._under_way -= 1
            if self._line and self._under_way < self._under_way_max:
                following = self._line.popleft()
                self._let_lead(following)
                following.news.release()

    def _let_lead(self, caller: _Caller) -> None:
        caller.leads = True
        self._under_way += 1

    def _send_together(self, callers: list[_Caller]) -> None:
        request = BatchRequest()
        for each in callers:
            put(request.operations.add(), each.method, each.request)
        try:
            response: BatchResponse = self._send("Batch", request, callers[0].left_s)
        except grpc.RpcError as error:
            failure = failure_of_call(error)
            if failure.status in _FOR_ALL:
                for each in callers:
                    each.failure = failure
            return
        self._note_answer(response.ByteSize() // len(callers))
        for each, result in zip(callers, response.results, strict=True):
            name = result.WhichOneof("response")
            if name == "error":
                each.failure = failure_of(result.error)
            elif name is not None:
                each.response = getattr(result, name)

    def _note_answer(self, size_bytes: int) -> None:
        if size_bytes > _ANSWER_BYTES_LARGE:
            self.keep_apart()

    def _send_alone(self, caller: _Caller) -> Any:
        left_s = caller.left_s
        if not left_s:
            raise OperationError(_LATE)
        return self._send(caller.method, caller.request, left_s)
