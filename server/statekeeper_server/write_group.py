"""The plain writes of a message that are begun together: one caller for all of them.

What an operation costs by itself is mostly not what it does: to be queued, to keep its place
among the others of its execution, to be told. A message of nothing but plain writes pays for
that once, and its results come back as they are sent.
"""

import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

from statekeeper_server.committer import Outcome, Single, Submission
from statekeeper_server.operation_result import listed, refusal, success
from statekeeper_server.operations.plain import PlainWrite, WritesDone, write_all
from statekeeper_server.operations.writing import Done
from statekeeper_server.store.writer import Writer


class Sender(Protocol):
    """Who has sent a group."""

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the results any more."""
        ...

    def finish_group(self, group: "WriteGroup", results: bytes) -> None:
        """Get the results, as fields of a BatchResponse."""
        ...


class WriteGroup:
    """Implements `Caller`.

    Args:
        sender: who has sent it.
        operation_of: tells what applies one of them by itself.
        number: given back with the results.
        writes: what to do; one at least.

    Attributes:
        number: see there.
        request: the writes.
    """

    def __init__(
        self,
        sender: Sender,
        operation_of: Callable[[PlainWrite], Callable[..., Done]],
        number: int,
        writes: list[PlainWrite],
    ) -> None:
        self._sender = sender
        self._operation_of = operation_of
        self._come_s = time.monotonic()
        timeouts_us = [write.timeout_us for write in writes if write.timeout_us >= 0]
        self._timeout_us = min(timeouts_us, default=math.inf)
        self.number = number
        self.request = writes
        self.count = len(writes)
        self.size_bytes = sum([write.stored_bytes for write in writes])

    @cached_property
    def rows(self) -> frozenset[bytes]:
        """The executions that it writes."""
        return frozenset([write.row for write in self.request])

    def operation(self, store: Writer, writes: list[PlainWrite], now_us: int) -> WritesDone:
        """Apply all of them."""
        is_late = self.is_late if self._is_over(self._timeout_us) else None
        return write_all(self._operation_of, store, writes, now_us, is_late=is_late)

    def wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return not self._sender.gone

    def is_late(self, write: PlainWrite) -> bool:
        """Whether the time of one of them is over."""
        return write.timeout_us >= 0 and self._is_over(write.timeout_us)

    def one_by_one(self, apply: Callable[[Submission], Outcome]) -> Outcome:
        """Have each write applied by itself."""
        parts: list[Any] = [
            (write, apply(_Alone(self, self._operation_of(write), write))) for write in self.request
        ]
        return WritesDone(parts)

    def tell(self, outcome: Done | WritesDone | Exception | None) -> bool:
        """Answer it; False when it has gone."""
        if self._sender.gone:
            return False
        if isinstance(outcome, WritesDone):
            parts = [part if isinstance(part, bytes) else _result(*part) for part in outcome.parts]
        else:
            parts = [_result(write, outcome) for write in self.request]
        self._sender.finish_group(self, b"".join(parts))
        return True

    def wait(self, _: Callable[[], None], /) -> None:
        """Nothing of it waits for a lock."""
        raise AssertionError("a plain write waits for a lock")

    def _is_over(self, timeout_us: float) -> bool:
        return time.monotonic() >= self._come_s + timeout_us / 1_000_000


class _Alone(Single):
    """One of a group's writes. Implements `Submission`."""

    def __init__(
        self, group: WriteGroup, operation: Callable[..., Done], write: PlainWrite
    ) -> None:
        self._group = group
        self.operation = operation
        self.request = write
        self.size_bytes = write.stored_bytes

    def wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return self._group.wanted() and not self._group.is_late(self.request)


def _result(write: PlainWrite, outcome: Done | Exception | None) -> bytes:
    if isinstance(outcome, Done):
        return listed(success(write.name, outcome.response, write.tag))
    return listed(refusal(outcome, write.key, write.tag))
