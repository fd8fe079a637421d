"""The calls of a handle that load a state, and commit what it has become."""

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from statekeeper.arguments import invalid
from statekeeper.backoff import ConflictBackoff
from statekeeper.calls.call import Call
from statekeeper.calls.state import StateCalls, move_on
from statekeeper.errors import StateNotFoundError
from statekeeper.migration import Transformer, migrate_state
from statekeeper.model import ExecutionState, WriteResult
from statekeeper.requests.commit import commit_request, encoded
from statekeeper.requests.write import Write, fill_options
from statekeeper.times import Span, to_timedelta
from statekeeper.v1 import execution_pb2, state_requests_pb2, write_pb2


@dataclass(frozen=True, slots=True)
class Draft:
    """A state that was loaded to be changed.

    Attributes:
        loaded: The state; it may be changed.
        before: What it was.
        revision: Where it was loaded.
    """

    loaded: ExecutionState
    before: execution_pb2.ExecutionState
    revision: int | None


class TransactionCalls(StateCalls):
    """Makes the calls of a transaction on one execution."""

    def attempts(self, timeout: Span) -> ConflictBackoff:
        """Gives how long to wait between the attempts of a transaction."""
        return ConflictBackoff(self._located(to_timedelta, timeout, "timeout").total_seconds())

    def check_function(self, function: object, *, awaitable: bool) -> None:
        """Refuses what cannot be called, or would have to be awaited where nobody can."""
        self._located(_check_function, function, awaitable=awaitable)

    def migration(
        self,
        from_version: str | None,
        to_version: str,
        transformers: Iterable[Transformer[ExecutionState]],
    ) -> Callable[[ExecutionState], ExecutionState]:
        """Gives what migrates a state that was loaded."""
        # It may have to be done again.
        steps = list(transformers) if isinstance(transformers, Iterable) else transformers
        return lambda loaded: self._located(migrate_state, loaded, from_version, to_version, steps)

    def begin(self, write: Write) -> Call[Any, Draft]:
        """Makes the call that loads the state; what is wrong with the options is told now."""
        self._located(fill_options, write_pb2.WriteOptions(), self.execution, write)
        load = self.load()

        def finish(response: state_requests_pb2.LoadResponse) -> Draft:
            state = load.finish(response)
            if state is None:
                raise StateNotFoundError(
                    "there is no state to change",
                    namespace=self.execution.namespace,
                    execution_id=self.execution.execution_id,
                )
            return Draft(state, encoded(state), state.revision)

        return Call(load.method, load.request, load.execution, finish, load.give_up)

    def commit(
        self, draft: Draft, state: ExecutionState, write: Write
    ) -> Call[Any, WriteResult] | None:
        """Makes the call that writes what was changed; None: nothing was.

        Args:
            draft: What was loaded.
            state: What it has become; it is moved on to the new revision.
            write: The options.
        """
        options = dataclasses.replace(self._fenced(write), expected_revision=draft.revision)
        request = self._located(commit_request, self.execution, draft.before, state, options)
        if request is None:
            return None
        update = self.send_update(request)

        def finish(response: state_requests_pb2.UpdateResponse) -> WriteResult:
            result = update.finish(response)
            move_on(state, result)
            return result

        return dataclasses.replace(update, finish=finish)


def _check_function(function: object, *, awaitable: bool) -> None:
    if not callable(function):
        raise invalid("fn", f"must be a function, not {type(function).__name__}")
    if inspect.iscoroutinefunction(function) and not awaitable:
        raise invalid("fn", "must not be async: use AsyncClient")
