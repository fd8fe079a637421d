"""What somebody waits for, and whether it holds."""

import inspect
import math
import time
from collections.abc import Callable, Iterable

from statekeeper.arguments import check_one, invalid
from statekeeper.errors import ErrorFacts, WaitTimeoutError
from statekeeper.model import EventKind, ExecutionState, Status, WatchEvent
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.watch import WatchOptions
from statekeeper.state_fields import read_status, status_number
from statekeeper.times import Span, to_timedelta

Until = Callable[[ExecutionState], object]


class Waiting:
    """One wait for what an execution is to become.

    Args:
        execution: The execution.
        status: One status, or several of which one will do; None: `until` tells.
        until: Tells whether a state is what is waited for; None: `status` tells.
        timeout: For how long to wait, from now on; None: for ever.

    Attributes:
        options: How to watch for it.

    Raises:
        InvalidRequestError: An argument is of no use.
    """

    def __init__(
        self,
        execution: ExecutionRef,
        status: str | Iterable[str] | None,
        until: Until | None,
        timeout: Span | None,
    ) -> None:
        check_one(status=status, until=until)
        self._execution = execution
        self._statuses = _statuses(status)
        self._until = _predicate(until)
        self._limit = None if timeout is None else to_timedelta(timeout, "timeout")
        self._ends_s = math.inf
        if self._limit is not None:
            self._ends_s = time.monotonic() + self._limit.total_seconds()
        self._last: Status | None = None
        # The status alone costs the same for a state of any size.
        self.options = WatchOptions(
            snapshot=True,
            include="head" if self._until is None else "state",
            on_compacted="snapshot",
        )

    @property
    def left_s(self) -> float:
        """For how many seconds to go on waiting."""
        return max(0.0, self._ends_s - time.monotonic())

    def concerns(self, event: WatchEvent) -> bool:
        """Tells whether the state after an event is to be looked at."""
        if event.kind in (EventKind.GAP, EventKind.SNAPSHOT_COMPLETE):
            return False
        self._last = event.status if event.execution_revision else None
        if self._last is None:
            return False
        if self._until is None:
            return self._last in self._statuses
        return event.state is not None or event.values_missing

    def holds(self, state: ExecutionState) -> bool:
        """Tells whether a state is what is waited for."""
        if self._until is None:
            return state.status in self._statuses
        return bool(self._until(state))

    def timed_out(self) -> WaitTimeoutError:
        """Makes the error to raise when the time is over."""
        wanted = " or ".join(self._statuses) or "what was waited for"
        limit_s = 0.0 if self._limit is None else self._limit.total_seconds()
        found = "there is no execution" if self._last is None else f"it is {self._last}"
        facts: ErrorFacts = {
            "namespace": self._execution.namespace,
            "execution_id": self._execution.execution_id,
        }
        return WaitTimeoutError(
            f"not {wanted} within {limit_s:g} s: {found}", status=self._last or "", **facts
        )


def _statuses(status: str | Iterable[str] | None) -> tuple[Status, ...]:
    if status is None:
        return ()
    if isinstance(status, str):
        return (read_status(status_number("status", status)),)
    if not isinstance(status, Iterable):
        raise invalid("status", f"must be a status or several, not {type(status).__name__}")
    statuses = tuple(read_status(status_number("status", each)) for each in status)
    if not statuses:
        raise invalid("status", "must not be empty")
    return statuses


def _predicate(until: object) -> Until | None:
    if until is None:
        return None
    if not callable(until):
        raise invalid("until", f"must be a function, not {type(until).__name__}")
    if inspect.iscoroutinefunction(until):
        raise invalid("until", "must not be async")
    return until
