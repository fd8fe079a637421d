"""How the calls of many threads come to share messages."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import grpc
import pytest
from google.rpc.status_pb2 import Status

from statekeeper import shared_messages
from statekeeper.messages import OperationError
from statekeeper.shared_messages import SharedMessages
from statekeeper.v1.batch_pb2 import BatchResponse
from statekeeper.v1.execution_pb2 import ExecutionKey
from statekeeper.v1.operation_pb2 import OperationResult
from statekeeper.v1.state_requests_pb2 import LoadRequest, LoadResponse

FIRST = ("a", "b", "c", "d")
ALONE = len(FIRST)
FOREVER_S = 60.0


def broken(code: grpc.StatusCode) -> grpc.RpcError:
    """How a call of gRPC's ends that does not succeed."""
    facts = {"code": code, "details": "broken", "trailing_metadata": ()}
    methods = {name: Mock(return_value=fact) for name, fact in facts.items()}
    error = type("_BrokenError", (grpc.RpcError, grpc.Call), methods)()
    assert isinstance(error, grpc.RpcError)
    return error


class Wire:
    """Takes messages, and answers each when it is told to.

    Attributes:
        sent: the executions that each message asks for; one that is alone as a text.
        refused: the executions that nothing is told of but an error.
        answer_bytes: how large the others are.
    """

    def __init__(self) -> None:
        self.sent: list[list[str] | str] = []
        self.refused: set[str] = set()
        self.answer_bytes = 0
        self._ends: dict[str, BaseException | None] = {}
        self._ends_all = False
        self._changed = threading.Condition()

    def send(self, method: str, request: Any, timeout_s: float) -> Any:
        """Sends a message, for SharedMessages."""
        asked = [each.load for each in request.operations] if method == "Batch" else [request]
        names = [each.key.execution_id for each in asked]
        with self._changed:
            self.sent.append(names if method == "Batch" else names[0])
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._is_over(names[0]), timeout_s):
                raise broken(grpc.StatusCode.DEADLINE_EXCEEDED)
            error = self._ends.pop(names[0], None)
        if error is not None:
            raise error
        results = [self._result(each) for each in asked]
        return BatchResponse(results=results) if method == "Batch" else results[0].load

    def _is_over(self, name: str) -> bool:
        return self._ends_all or name in self._ends

    def _result(self, request: LoadRequest) -> OperationResult:
        if request.key.execution_id in self.refused:
            return OperationResult(error=Status(code=9, message="refused"))
        response = LoadResponse()
        response.execution.key.CopyFrom(request.key)
        response.execution.state.context.entries["a"].binary = bytes(self.answer_bytes)
        return OperationResult(load=response)

    def end(self, *names: str, error: BaseException | None = None) -> None:
        """Ends the messages that begin with these executions."""
        with self._changed:
            self._ends.update(dict.fromkeys(names, error))
            self._changed.notify_all()

    def end_all(self) -> None:
        """Ends all that are sent or will be."""
        with self._changed:
            self._ends_all = True
            self._changed.notify_all()

    def wait_for_sent(self, count: int) -> None:
        """Waits until so many messages were sent beside those of the first threads."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sent) >= ALONE + count, 10)

    @property
    def shared(self) -> list[list[str] | str]:
        """What was sent since the first threads' calls."""
        return self.sent[ALONE:]


class Threads:
    """Calls, each in a thread of its own."""

    def __init__(self, wire: Wire, messages: SharedMessages) -> None:
        self.wire = wire
        self.messages = messages
        self._pool = ThreadPoolExecutor(600)

    def call(
        self, *names: str, timeout_s: float = FOREVER_S, size_bytes: int = 10
    ) -> list[Future[Any]]:
        """Has each execution loaded by a thread; they are in line, or sent, in this order."""
        futures = []
        for name in names:
            before = self._here()
            request = LoadRequest(key=ExecutionKey(execution_id=name))
            call = self.messages.call
            futures.append(self._pool.submit(call, "Load", request, size_bytes, timeout_s))
            while self._here() == before and not futures[-1].done():
                time.sleep(0.0001)
        return futures

    def _here(self) -> int:
        return len(self.wire.sent) + len(self.messages._line)

    def shut_down(self) -> None:
        """Lets all calls end; nothing may be left of them."""
        self.wire.end_all()
        self._pool.shutdown()
        assert self.messages._callers == self.messages._under_way == len(self.messages._line) == 0


@pytest.fixture
def wire() -> Wire:
    """What messages are sent over."""
    return Wire()


@pytest.fixture
def threads(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    """Threads that share messages, and wait in line as long as it takes."""
    monkeypatch.setattr(shared_messages, "_IN_LINE_S_MAX", FOREVER_S)
    threads = Threads(wire, SharedMessages(wire.send, alone_max=ALONE, under_way_max=2))
    yield threads
    threads.shut_down()


@pytest.fixture
def busy(threads: Threads) -> Threads:
    """Threads of which so many call that others have to share messages."""
    threads.call(*FIRST)
    threads.wire.wait_for_sent(0)
    return threads


def names(futures: list[Future[Any]]) -> list[str]:
    return [each.result(timeout=10).execution.key.execution_id for each in futures]


def code(future: Future[Any]) -> grpc.StatusCode:
    error = future.exception(timeout=10)
    assert isinstance(error, OperationError)
    return error.failure.status


@pytest.mark.usefixtures("busy")
def test_few_threads_wait_for_nobody(wire: Wire) -> None:
    assert wire.sent == list(FIRST)


def test_what_is_called_meanwhile_goes_into_the_next_message(busy: Threads, wire: Wire) -> None:
    """B21: in the order of the calls, and each gets its own answer."""
    late = [f"e{n}" for n in range(10)]
    calls = busy.call(*late)
    assert wire.shared == []
    wire.end("a", "b", "c", "e0")

    assert names(calls) == late
    assert wire.shared == [late]


def test_two_messages_are_under_way_at_a_time(busy: Threads, wire: Wire) -> None:
    first, second = [f"e{n}" for n in range(5)], ["f0", "f1"]
    busy.call(*first)
    wire.end("a", "b", "c")
    wire.wait_for_sent(1)
    busy.call(*second)

    assert wire.shared == [first]
    wire.end("d")
    wire.wait_for_sent(2)
    assert wire.shared == [first, second]


@pytest.mark.parametrize(("count", "size_bytes"), [(500, 10), (4, 64 * 1024)])
def test_a_message_is_not_larger_than_the_others_can_wait_for(
    busy: Threads, wire: Wire, count: int, size_bytes: int
) -> None:
    calls = busy.call(*(f"e{n}" for n in range(count + 2)), size_bytes=size_bytes)
    wire.end("a", "b", "c")
    wire.wait_for_sent(1)
    assert len(wire.shared[0]) == count

    wire.end_all()
    assert len(names(calls)) == count + 2


def test_an_error_is_that_of_its_operation_alone(busy: Threads, wire: Wire) -> None:
    """B21, B73."""
    wire.refused = {"e1"}
    calls = busy.call("e0", "e1", "e2")
    wire.end("a", "b", "c", "e0")

    assert code(calls[1]) is grpc.StatusCode.FAILED_PRECONDITION
    assert names([calls[0], calls[2]]) == ["e0", "e2"]


def test_what_breaks_the_way_is_told_to_all_of_a_message(busy: Threads, wire: Wire) -> None:
    calls = busy.call("e0", "e1")
    wire.end("e0", error=broken(grpc.StatusCode.UNAVAILABLE))
    wire.end("a", "b", "c")

    assert [code(call) for call in calls] == [grpc.StatusCode.UNAVAILABLE] * 2
    assert wire.shared == [["e0", "e1"]]


@pytest.mark.parametrize("status", ["INTERNAL", "DEADLINE_EXCEEDED"])
def test_what_may_be_the_fault_of_one_is_asked_again_by_each(
    busy: Threads, wire: Wire, status: str
) -> None:
    """B70: with the same request, so that nothing is done twice."""
    calls = busy.call("e0", "e1")
    wire.end("e0", error=broken(grpc.StatusCode[status]))
    wire.end("a", "b", "c")
    wire.wait_for_sent(3)
    wire.end("e0", "e1")

    assert names(calls) == ["e0", "e1"]
    assert wire.shared[0] == ["e0", "e1"]
    assert set(wire.shared[1:]) == {"e0", "e1"}


def test_a_thread_that_is_interrupted_harms_no_other(busy: Threads, wire: Wire) -> None:
    """B80: though it sends the message of all."""
    calls = busy.call("e0", "e1", "e2")
    wire.end("e0", error=KeyboardInterrupt())
    wire.end("a", "b", "c", "e1", "e2")

    assert isinstance(calls[0].exception(timeout=10), KeyboardInterrupt)
    assert names(calls[1:]) == ["e1", "e2"]


def test_a_thread_that_is_interrupted_in_line_leaves_it(busy: Threads, wire: Wire) -> None:
    """B80: as by Ctrl-C in the main thread."""
    previous = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    interruption = threading.Timer(0.1, signal.pthread_kill, (main_thread, signal.SIGUSR1))
    interruption.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            busy.messages.call("Load", LoadRequest(), 10, FOREVER_S)
    finally:
        interruption.join()
        signal.signal(signal.SIGUSR1, previous)
    calls = busy.call("e0", "e1")
    wire.end("a", "b", "c", "e0")

    assert names(calls) == ["e0", "e1"]
    assert wire.shared == [["e0", "e1"]]


def test_a_call_whose_time_is_over_leaves_the_line(busy: Threads, wire: Wire) -> None:
    """B80: it is not sent, and those behind it are."""
    (late,) = busy.call("late", timeout_s=0.05)
    calls = busy.call("e0", "e1")

    assert code(late) is grpc.StatusCode.DEADLINE_EXCEEDED
    wire.end_all()
    assert names(calls) == ["e0", "e1"]
    assert "late" not in str(wire.sent)


def test_a_call_whose_time_is_over_waits_for_no_message(busy: Threads, wire: Wire) -> None:
    """B80: another's, which is under way still."""
    calls = busy.call("e0")
    (late,) = busy.call("late", timeout_s=0.5)
    wire.end("a", "b", "c")
    wire.wait_for_sent(1)

    assert code(late) is grpc.StatusCode.DEADLINE_EXCEEDED
    assert wire.shared == [["e0", "late"]]
    wire.end("e0")
    assert names(calls) == ["e0"]


def test_nobody_waits_for_long_behind_messages_that_do_not_end(
    busy: Threads, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B80: gRPC may be repeating them."""
    monkeypatch.setattr(shared_messages, "_IN_LINE_S_MAX", 0.05)
    busy.call("e0", "e1")
    wire.wait_for_sent(1)

    assert "e0" in wire.shared[0]


def test_closing_ends_who_is_in_line(busy: Threads) -> None:
    calls = busy.call("e0", "e1")
    busy.messages.close()

    assert [code(call) for call in calls] == [grpc.StatusCode.CANCELLED] * 2


def test_calls_with_large_answers_share_no_messages(busy: Threads, wire: Wire) -> None:
    """B80: as soon as that is known, and for as long as they are large."""
    wire.answer_bytes = 300_000
    first = busy.call("e0", "e1")
    wire.end("a", "b", "c", "e0")
    assert names(first) == ["e0", "e1"]
    assert wire.shared == [["e0", "e1"]]

    calls = busy.call(*(f"f{n}" for n in range(10)))
    wire.wait_for_sent(11)
    assert sorted(map(str, wire.shared[1:])) == [f"f{n}" for n in range(10)]
    wire.end_all()
    assert len(names(calls)) == 10
