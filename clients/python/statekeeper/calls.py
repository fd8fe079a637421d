"""The calls of a handle: what is sent, and what becomes of the answer.

Everything that the sync and the async client have in common is here; all they
add is how a call is waited for.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from google.protobuf.message import Message

from statekeeper import requests, responses
from statekeeper.cache import Cache
from statekeeper.errors import StateError
from statekeeper.lifetimes import Lifetime, after_write
from statekeeper.model import DeleteResult, ExecutionState, Revision, State, WriteResult
from statekeeper.requests import ExecutionRef, Write
from statekeeper.state_fields import read_execution
from statekeeper.times import to_datetime, to_timestamp
from statekeeper.v1 import execution_pb2, state_requests_pb2, write_pb2

_ResponseT = TypeVar("_ResponseT")
_ResultT = TypeVar("_ResultT")
_Arguments = ParamSpec("_Arguments")

# An update that asks for the whole state back costs its transfer; above this
# size a later load that may never come is cheaper.
_RETURNED_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call(Generic[_ResponseT, _ResultT]):
    """One call, ready to be sent. It must end in `finish` or in `give_up`.

    Attributes:
        method: The RPC's name: `Save`.
        request: Its request.
        execution: The execution it is about.
        finish: Reads the response, and notes what it means for the cache.
        give_up: Notes that there is no usable response; harmless when it
            comes after `finish`.
    """

    method: str
    request: Message
    execution: ExecutionRef
    finish: Callable[[_ResponseT], _ResultT]
    give_up: Callable[[], None]


@dataclass(frozen=True, slots=True)
class RevisionsPage:
    """Some changes of an execution, and the token of the next page (empty: the last)."""

    revisions: tuple[Revision, ...]
    next_page_token: str


SaveCall = Call[state_requests_pb2.SaveResponse, WriteResult]
LoadCall = Call[state_requests_pb2.LoadResponse, ExecutionState | None]
UpdateCall = Call[state_requests_pb2.UpdateResponse, WriteResult]
DeleteCall = Call[state_requests_pb2.DeleteResponse, DeleteResult]
ListRevisionsCall = Call[state_requests_pb2.ListRevisionsResponse, RevisionsPage]


class Calls:
    """Makes the calls of one handle.

    Args:
        execution: The execution.
        cache: The client's cache, which every write has to tell.
        cache_ttl: How long a copy may be given out; None: never.
    """

    def __init__(
        self, execution: ExecutionRef, cache: Cache, cache_ttl: dt.timedelta | None
    ) -> None:
        self.execution = execution
        self._cache = cache
        self._key = (execution.namespace, execution.execution_id)
        self._cache_ttl_s = 0.0 if cache_ttl is None else cache_ttl.total_seconds()

    def save(self, state: State, write: Write) -> SaveCall:
        """Makes the call that saves a whole state."""
        request = self._located(requests.save_request, self.execution, state, write)
        before = self._copy()
        ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.SaveResponse) -> WriteResult:
            result = responses.read_write_result(response.result)
            self._cache.end_write(
                ticket,
                revision=result.revision,
                execution=self._saved(request, response.result, before),
                ttl_s=self._cache_ttl_s,
            )
            if isinstance(state, ExecutionState):
                _move_on(state, result, _given_ttl(request.options))
            return result

        return Call("Save", request, self.execution, finish, lambda: self._cache.end_write(ticket))

    def cached(self) -> ExecutionState | None:
        """Gives the state from the cache, if it may be used and has it."""
        copy = self._copy()
        return None if copy is None else self._located(read_execution, copy)

    def load(self, revision: int | None, fields: Iterable[str] | None) -> LoadCall:
        """Makes the call that loads a state."""
        request = self._located(requests.load_request, self.execution, revision, fields)
        partial = bool(request.fields)
        ticket = None
        if self._cache_ttl_s and revision is None and not partial:
            ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.LoadResponse) -> ExecutionState | None:
            execution = response.execution if response.HasField("execution") else None
            if ticket is not None:
                self._cache.end_load(ticket, execution, self._cache_ttl_s)
            if execution is None:
                return None
            return self._located(read_execution, execution, partial=partial)

        def give_up() -> None:
            if ticket is not None:
                self._cache.end_load(ticket, None, 0)

        return Call("Load", request, self.execution, finish, give_up)

    def update(
        self,
        changes: Mapping[str, Any],
        replace: Iterable[str],
        remove: Iterable[str],
        write: Write,
    ) -> UpdateCall:
        """Makes the call that changes some fields."""
        request = self._located(
            requests.update_request, self.execution, changes, replace, remove, write
        )
        before = self._copy()
        if before is not None and before.ByteSize() < _RETURNED_BYTES_MAX:
            request.return_execution = True
        ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.UpdateResponse) -> WriteResult:
            result = responses.read_write_result(response.result)
            known = response.HasField("execution") and not result.replayed
            self._cache.end_write(
                ticket,
                revision=result.revision,
                execution=response.execution if known else None,
                ttl_s=self._cache_ttl_s,
            )
            return result

        return Call(
            "Update", request, self.execution, finish, lambda: self._cache.end_write(ticket)
        )

    def delete(self, write: Write) -> DeleteCall:
        """Makes the call that deletes the execution."""
        request = self._located(requests.delete_request, self.execution, write)
        ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.DeleteResponse) -> DeleteResult:
            result = responses.read_delete_result(response)
            self._cache.end_write(ticket, revision=result.revision)
            return result

        return Call(
            "Delete", request, self.execution, finish, lambda: self._cache.end_write(ticket)
        )

    def list_revisions(self, page_size: int, page_token: str = "") -> ListRevisionsCall:
        """Makes the call for one page of the changes."""
        request = self._located(
            requests.list_revisions_request, self.execution, page_size, page_token
        )

        def finish(response: state_requests_pb2.ListRevisionsResponse) -> RevisionsPage:
            revisions = tuple(responses.read_revision(each) for each in response.revisions)
            return RevisionsPage(revisions, response.next_page_token)

        return Call("ListRevisions", request, self.execution, finish, lambda: None)

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
            error.namespace = self.execution.namespace
            error.execution_id = self.execution.execution_id
            raise

    def _copy(self) -> execution_pb2.Execution | None:
        return self._cache.get(self._key) if self._cache_ttl_s else None

    def _saved(
        self,
        request: state_requests_pb2.SaveRequest,
        result: write_pb2.WriteResult,
        before: execution_pb2.Execution | None,
    ) -> execution_pb2.Execution | None:
        """Gives the execution as a load would read it after a save; None: not known."""
        if not self._cache_ttl_s or result.replayed:
            return None
        if before is not None and before.version + 1 != result.version:
            before = None
        lifetime = after_write(
            previous=None if before is None else _lifetime(before),
            version=result.version,
            update_time=to_datetime(result.update_time),
            ttl=_given_ttl(request.options),
        )
        if lifetime is None:
            return None
        saved = execution_pb2.Execution(
            key=result.key,
            revision=result.revision,
            version=result.version,
            create_time=to_timestamp(lifetime.create_time, "create_time"),
            update_time=result.update_time,
            state=request.state,
        )
        if lifetime.expire_time is not None:
            saved.expire_time.CopyFrom(to_timestamp(lifetime.expire_time, "expire_time"))
        saved.state.id = self.execution.execution_id
        if not saved.state.HasField("start_time"):
            if before is None:
                return None
            saved.state.start_time.CopyFrom(before.state.start_time)
        return saved


def _lifetime(execution: execution_pb2.Execution) -> Lifetime:
    expires = execution.HasField("expire_time")
    return Lifetime(
        to_datetime(execution.create_time),
        to_datetime(execution.update_time),
        to_datetime(execution.expire_time) if expires else None,
    )


def _given_ttl(options: write_pb2.WriteOptions) -> dt.timedelta | None:
    return options.ttl.ToTimedelta() if options.HasField("ttl") else None


def _move_on(state: ExecutionState, result: WriteResult, ttl: dt.timedelta | None) -> None:
    """Brings what stands beside a state to where its save has brought the execution."""
    previous = None
    if state.create_time and state.update_time and state.version == result.version - 1:
        previous = Lifetime(state.create_time, state.update_time, state.expire_time)
    lifetime = after_write(
        previous=previous, version=result.version, update_time=result.update_time, ttl=ttl
    )
    state.id = result.execution_id
    state.revision = result.revision
    state.version = result.version
    state.update_time = result.update_time
    state.create_time = None if lifetime is None else lifetime.create_time
    state.expire_time = None if lifetime is None else lifetime.expire_time
