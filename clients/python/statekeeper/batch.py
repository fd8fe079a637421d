"""Many calls in few messages: what goes into each, and what becomes of every call.

Nothing here sends or waits: that is done by whoever goes through the steps, by the same
`send` that all other calls take. A message is a call of the RPC Batch; a call that shares
its message with no other is sent as the call it is.
"""

import contextlib
import copy
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from statekeeper.calls import Call
from statekeeper.errors import CallCancelledError, StateError
from statekeeper.messages import OPERATIONS_MAX, failure_of, put
from statekeeper.requests.execution import ExecutionRef
from statekeeper.transport import (
    MESSAGE_BYTES_MAX,
    UNHEARD,
    Route,
    check_size,
    has_no_room,
    retry_delay_s,
)
from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.operation_pb2 import OperationResult

# What a request takes in a message beside its own bytes, at most.
_ENTRY_BYTES = 16
_EVERYWHERE = ExecutionRef(namespace="", execution_id="")


@dataclass(slots=True)
class Step:
    """The next call to send.

    Attributes:
        call: The call.
        delay_s: For how many seconds to wait first.
        error: Why it did not succeed; None: it did.
    """

    call: Call[Any, Any]
    delay_s: float = 0.0
    error: StateError | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Notes the error with which sending the call ends."""
        try:
            yield
        except StateError as error:
            self.error = error


class Batch:
    """The calls of a batch.

    Those on one execution are done in their order. So a message is sent when the one
    before it is done with, and what was refused for now is sent again only where nothing
    after it, on the same execution, was done.

    Args:
        calls: The calls, as handles make them.
        route: Where they go.

    Attributes:
        results: What became of each call: its result, or a StateError.
    """

    def __init__(self, calls: Sequence[Call[Any, Any]], route: Route) -> None:
        self.results: list[Any] = [None] * len(calls)
        self._calls = calls
        self._route = route
        self._open = set(range(len(calls)))

    def steps(self) -> Generator[Step]:
        """Gives what to send; each must have been sent when the next is asked for.

        It must be closed: then every call has ended.
        """
        try:
            waiting = self._sizes_bytes()
            while waiting:
                error = yield from self._deliver(_take(waiting))
                if error is not None:
                    # Who does not answer one message will not answer the others, and
                    # each would be waited for in vain.
                    self._fail(waiting, error)
                    return
        finally:
            self._fail(tuple(self._open), CallCancelledError("the batch was given up"))

    def _sizes_bytes(self) -> dict[int, int]:
        """What the calls take in a message, by their numbers; without those that never fit."""
        sizes_bytes = {}
        for number, call in enumerate(self._calls):
            try:
                sizes_bytes[number] = check_size(call) + _ENTRY_BYTES
            except StateError as error:
                self._end(number, error)
        return sizes_bytes

    def _deliver(self, numbers: list[int]) -> Generator[Step, None, StateError | None]:
        """Sends some calls, again where that can help; gives what ends the whole batch."""
        ends_s = time.monotonic() + self._route.timeout_s
        attempt, delay_s, crowded = 0, 0.0, False
        while len(numbers) > 1 and not crowded:
            attempt += 1
            left_s = ends_s - time.monotonic() - delay_s
            step = Step(self._message(numbers, left_s), delay_s)
            yield step
            if step.error is not None:
                self._fail(numbers, step.error)
                return step.error
            crowded = any(has_no_room(self.results[number]) for number in numbers)
            delays_s = self._delays_s(numbers, attempt, ends_s - time.monotonic())
            for number in numbers:
                if number not in delays_s and number in self._open:
                    self._end(number, self.results[number])
            numbers, delay_s = list(delays_s), max(delays_s.values(), default=0.0)
        for number in numbers:
            step = Step(self._single(number), delay_s)
            yield step
            delay_s = 0.0
            if step.error is not None:
                self._end(number, step.error)
            if isinstance(step.error, UNHEARD):
                self._fail(self._open.intersection(numbers), step.error)
                return step.error
        return None

    def _message(self, numbers: list[int], timeout_s: float) -> Call[BatchResponse, None]:
        """Makes the call that does several."""
        request = BatchRequest()
        for number in numbers:
            call = self._calls[number]
            put(request.operations.add(), call.method, call.request)

        def finish(response: BatchResponse) -> None:
            for number, result in zip(numbers, response.results, strict=True):
                self._read(number, result)

        return Call(
            "Batch", request, _EVERYWHERE, finish, lambda _error: None, timeout_s_max=timeout_s
        )

    def _single(self, number: int) -> Call[Any, Any]:
        """Makes the call that does one."""
        call = self._calls[number]

        def finish(response: Any) -> None:
            self.results[number] = call.finish(response)
            self._open.discard(number)

        return replace(call, finish=finish)

    def _read(self, number: int, result: OperationResult) -> None:
        call = self._calls[number]
        name = result.WhichOneof("response")
        if name is None or name == "error":
            # It may be tried again, and has not ended.
            self.results[number] = self._route.translate(failure_of(result.error), call)
            return
        try:
            self.results[number] = call.finish(getattr(result, name))
        except StateError as error:
            self._end(number, error)
        else:
            self._open.discard(number)

    def _delays_s(self, numbers: list[int], attempt: int, left_s: float) -> dict[int, float]:
        """After which time to send calls again, by number; without those that stay as they are.

        From behind: where a call is done, or refused for good, nothing before it on the same
        execution may be done any more.
        """
        delays_s: dict[int, float] = {}
        passed = set()
        for number in reversed(numbers):
            at = self._calls[number].execution
            result = self.results[number]
            delay_s = None
            if isinstance(result, StateError):
                delay_s = 0.0 if has_no_room(result) else retry_delay_s(result, attempt)
            if delay_s is None or delay_s >= left_s:
                passed.add((at.namespace, at.execution_id))
            elif (at.namespace, at.execution_id) not in passed:
                delays_s[number] = delay_s
        return dict(sorted(delays_s.items()))

    def _fail(self, numbers: Iterable[int], error: StateError) -> None:
        """Ends calls with an error that is not theirs alone."""
        for number in numbers:
            call = self._calls[number]
            own = copy.copy(error)
            own.__cause__ = error
            own.namespace, own.execution_id = call.execution.namespace, call.execution.execution_id
            self._end(number, own)

    def _end(self, number: int, error: StateError) -> None:
        self.results[number] = error
        self._open.discard(number)
        self._calls[number].give_up(error)


def _take(waiting: dict[int, int]) -> list[int]:
    """Takes what goes into the next message from the calls that wait, given with their sizes."""
    taken: list[int] = []
    size_bytes = 0
    for number, call_bytes in waiting.items():
        size_bytes += call_bytes
        if len(taken) == OPERATIONS_MAX or (taken and size_bytes > MESSAGE_BYTES_MAX):
            break
        taken.append(number)
    for number in taken:
        del waiting[number]
    return taken
