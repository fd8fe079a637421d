"""What all calls of a handle have in common."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, Protocol, TypeVar

from google.protobuf.message import Message

from statekeeper.cache import Cache, Ticket
from statekeeper.calls.call import Call
from statekeeper.errors import StateError
from statekeeper.grants import Grants
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.write import Write
from statekeeper.v1 import write_pb2

_ResultT = TypeVar("_ResultT")
_Arguments = ParamSpec("_Arguments")


class WriteResponse(Protocol):
    """The response of any write."""

    @property
    def result(self) -> write_pb2.WriteResult:
        """What was done."""
        ...


_WriteResponseT = TypeVar("_WriteResponseT", bound=WriteResponse)
_ResponseT = TypeVar("_ResponseT")


class HandleCalls:
    """Makes calls about one execution.

    Args:
        execution: The execution.
        cache: The client's cache, which every write has to tell.
        cache_ttl: How long a copy may be given out; None: never.

    Attributes:
        execution: The execution.
        grants: What the handle was granted of its lock.
    """

    def __init__(
        self, execution: ExecutionRef, cache: Cache, cache_ttl: dt.timedelta | None
    ) -> None:
        self.execution = execution
        self.grants = Grants()
        self._cache = cache
        self._key = (execution.namespace, execution.execution_id)
        self._cache_ttl_s = 0.0 if cache_ttl is None else cache_ttl.total_seconds()

    def _plain(
        self, method: str, request: Message, read: Callable[[_ResponseT], _ResultT]
    ) -> Call[_ResponseT, _ResultT]:
        """Makes a call that the cache has no part in."""

        def finish(response: _ResponseT) -> _ResultT:
            return self._located(read, response)

        return Call(method, request, self.execution, finish, lambda _error: None)

    def _write(
        self, method: str, request: Message, read: Callable[[_WriteResponseT], _ResultT]
    ) -> Call[_WriteResponseT, _ResultT]:
        """Makes a call after which the cache's copy is no longer of use."""
        ticket = self._cache.begin(self._key)

        def finish(response: _WriteResponseT) -> _ResultT:
            self._cache.end_write(ticket, revision=response.result.revision)
            return read(response)

        return Call(method, request, self.execution, finish, self._failed_write(ticket))

    def _failed_write(self, ticket: Ticket) -> Callable[[BaseException], None]:
        """Makes what tells the cache that a write failed, and may be done all the same."""
        return lambda _error: self._cache.end_write(ticket)

    def _fenced(self, write: Write) -> Write:
        """Adds the token of the lock under which is written."""
        grant = self.grants.under()
        return write if grant is None else replace(write, fencing_token=grant.fencing_token)

    def _located(
        self,
        function: Callable[_Arguments, _ResultT],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _ResultT:
        # What goes wrong on this side names the execution too.
        try:
            return function(*args, **kwargs)
        except StateError as error:
            if error.execution_id:
                raise
            error.namespace = self.execution.namespace
            error.execution_id = self.execution.execution_id
            raise
