"""Who has asked for an operation, and hears what became of it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from statekeeper_server.committer import Single, Submission
from statekeeper_server.operations.plain import WritesDone
from statekeeper_server.operations.writing import Done, WriteRequest


class Caller(Submission, Protocol):
    """A caller, and what it has asked for; called on the event loop, but for `wanted`."""

    def tell(self, outcome: Done | WritesDone | Exception | None) -> bool:
        """Answer it; False when it has gone. None: it was not wanted when its turn came."""
        ...

    def wait(self, forget: Callable[[], None], /) -> None:
        """Have it wait for a lock; it calls `forget` when it goes away meanwhile."""
        ...


class FutureCaller(Single):
    """A caller that awaits a future; it goes away by cancelling that. Implements `Caller`.

    Args:
        loop: whose future.
        operation: what to apply.
        request: what is given to it.
        deadline_s: when it must be its turn, by `time.monotonic`; otherwise the future
            fails with TimeoutError.
    """

    __slots__ = ("_deadline_s", "answer", "operation", "request", "size_bytes")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        operation: Callable[..., Any],
        request: WriteRequest,
        deadline_s: float | None = None,
    ) -> None:
        self.operation = operation
        self.request = request
        self.size_bytes = request.stored_bytes
        self._deadline_s = deadline_s
        self.answer: asyncio.Future[Any] = loop.create_future()

    def wanted(self) -> bool:
        """Whether it still waits."""
        if self.answer.cancelled():
            return False
        return self._deadline_s is None or time.monotonic() < self._deadline_s

    def tell(self, outcome: Done | WritesDone | Exception | None) -> bool:
        """Answer it; False when it has gone."""
        answer = self.answer
        if answer.done():
            return False
        if outcome is None:
            answer.set_exception(TimeoutError())
        elif isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
        return True

    def wait(self, forget: Callable[[], None]) -> None:
        """Have it wait for a lock."""

        def left(answer: asyncio.Future[Any]) -> None:
            if answer.cancelled():
                forget()

        self.answer.add_done_callback(left)
