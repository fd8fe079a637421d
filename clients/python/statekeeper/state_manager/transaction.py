"""The part of a handle that changes a state all or nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar, overload

from statekeeper.backoff import ConflictBackoff
from statekeeper.errors import ConflictError
from statekeeper.model import ExecutionState, TransactionState, WriteResult, writable
from statekeeper.requests.write import Write
from statekeeper.state_manager.handle import Handle
from statekeeper.times import Span

_StateT = TypeVar("_StateT", bound=ExecutionState)


class TransactionPart(Handle):
    """Loads a state, lets it be changed, and commits what was changed at once."""

    @overload
    def transaction(
        self, *, ttl: Span | None = None, actor: str | None = None
    ) -> AbstractContextManager[TransactionState]: ...

    @overload
    def transaction(
        self,
        fn: Callable[[TransactionState], object],
        *,
        timeout: Span = 60,
        ttl: Span | None = None,
        actor: str | None = None,
    ) -> WriteResult | None: ...

    def transaction(
        self,
        fn: Callable[[TransactionState], object] | None = None,
        *,
        timeout: Span = 60,
        ttl: Span | None = None,
        actor: str | None = None,
    ) -> AbstractContextManager[TransactionState] | WriteResult | None:
        """Changes the state all or nothing, and only if nobody else has changed it.

        ::

            with sm.transaction() as state:
                state.member_outputs["payment"] = {"id": "ch_123"}

            sm.transaction(lambda state: state.metadata.update(paid=True))

        What was changed in the state, however deep inside, is written by one
        update; what was not is not sent. A document that is absent shows as
        empty, and stays absent if it is left so. If an exception leaves the
        block or the function, nothing is written.

        A block raises ConflictError when somebody else wrote in between. A
        function is called again then, with the new state, after a short while.

        Args:
            fn: Changes the state in place; what it returns is not looked at.
                None: gives a context manager.
            timeout: For how long a function is called again and again; a
                timedelta or seconds.
            ttl: See the class.
            actor: See the class.

        Returns:
            What the write did, or None when nothing was changed; without a
            function, the context manager that gives the state.

        Raises:
            StateNotFoundError: The execution does not exist.
            ConflictError: Somebody else wrote in between, until the timeout.
            InvalidRequestError: A field is of no use.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: It would become larger than 10 MiB.
        """
        write = Write(ttl=ttl, actor=actor)
        if fn is None:
            return self._block(write)
        self._calls.check_function(fn, awaitable=False)

        def change(loaded: ExecutionState) -> TransactionState:
            state = writable(loaded)
            fn(state)
            return state

        return self._committed(change, write, self._calls.attempts(timeout))[1]

    @contextmanager
    def _block(self, write: Write) -> Iterator[TransactionState]:
        draft = self._channel.send(self._calls.begin(write))
        state = writable(draft.loaded)
        yield state
        call = self._calls.commit(draft, state, write)
        if call is not None:
            self._channel.send(call)

    def _committed(
        self, change: Callable[[ExecutionState], _StateT], write: Write, attempts: ConflictBackoff
    ) -> tuple[_StateT, WriteResult | None]:
        """Changes the state and commits it, again after each conflict."""
        while True:
            draft = self._channel.send(self._calls.begin(write))
            state = change(draft.loaded)
            call = self._calls.commit(draft, state, write)
            if call is None:
                return state, None
            try:
                return state, self._channel.send(call)
            except ConflictError:
                delay_s = attempts.delay_s()
                if delay_s is None:
                    raise
            time.sleep(delay_s)
