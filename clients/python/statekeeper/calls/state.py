"""The calls of a handle about its state as a whole: save, load, update, delete, history."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from statekeeper.calls.call import Call, Page
from statekeeper.calls.handle import HandleCalls
from statekeeper.model import (
    DeleteResult,
    ExecutionState,
    PauseStatus,
    Revision,
    State,
    Status,
    WriteResult,
)
from statekeeper.requests.paging import list_revisions_request
from statekeeper.requests.state import (
    delete_request,
    load_request,
    save_request,
    update_request,
)
from statekeeper.requests.write import Write
from statekeeper.responses import read_delete_result, read_revision, read_write_result
from statekeeper.state_fields import read_execution
from statekeeper.v1 import execution_pb2, pause_pb2, state_requests_pb2, write_pb2

# An update that asks for the whole state back costs its transfer; above this
# size a later load that may never come is cheaper.
_RETURNED_BYTES_MAX = 64 * 1024

_WAITING = (pause_pb2.PAUSE_STATUS_OPEN, pause_pb2.PAUSE_STATUS_OVERDUE)

SaveCall = Call[state_requests_pb2.SaveResponse, WriteResult]
LoadCall = Call[state_requests_pb2.LoadResponse, ExecutionState | None]
UpdateCall = Call[state_requests_pb2.UpdateResponse, WriteResult]


class StateCalls(HandleCalls):
    """Makes the calls about the state of one execution."""

    def save(self, state: State, write: Write) -> SaveCall:
        """Makes the call that saves a whole state."""
        request = self._located(save_request, self.execution, state, self._fenced(write))
        before = self._copy()
        ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.SaveResponse) -> WriteResult:
            result = read_write_result(response.result)
            self._cache.end_write(
                ticket,
                revision=result.revision,
                execution=self._saved(request, response.result, before),
                ttl_s=self._cache_ttl_s,
            )
            if isinstance(state, ExecutionState):
                move_on(state, result)
            return result

        return Call("Save", request, self.execution, finish, self._failed_write(ticket))

    def cached(self) -> ExecutionState | None:
        """Gives the state from the cache, if it may be used and has it."""
        copy = self._copy()
        return None if copy is None else self._located(read_execution, copy)

    def load(
        self,
        revision: int | None = None,
        checkpoint: str | None = None,
        fields: Iterable[str] | None = None,
    ) -> LoadCall:
        """Makes the call that loads a state."""
        request = self._located(load_request, self.execution, revision, checkpoint, fields)
        partial = bool(request.fields)
        past = revision is not None or checkpoint is not None
        ticket = None
        if self._cache_ttl_s and not past and not partial:
            ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.LoadResponse) -> ExecutionState | None:
            execution = response.execution if response.HasField("execution") else None
            if ticket is not None:
                self._cache.end_load(ticket, execution, self._cache_ttl_s)
            if execution is None:
                return None
            return self._located(read_execution, execution, partial=partial)

        def give_up(_error: BaseException) -> None:
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
            update_request, self.execution, changes, replace, remove, self._fenced(write)
        )
        return self.send_update(request)

    def send_update(self, request: state_requests_pb2.UpdateRequest) -> UpdateCall:
        """Makes the call of an update whose request is there already."""
        before = self._copy()
        if before is not None and before.ByteSize() < _RETURNED_BYTES_MAX:
            request.return_execution = True
        ticket = self._cache.begin(self._key)

        def finish(response: state_requests_pb2.UpdateResponse) -> WriteResult:
            result = read_write_result(response.result)
            known = response.HasField("execution") and not result.replayed
            self._cache.end_write(
                ticket,
                revision=result.revision,
                execution=response.execution if known else None,
                ttl_s=self._cache_ttl_s,
            )
            return result

        return Call("Update", request, self.execution, finish, self._failed_write(ticket))

    def delete(self, write: Write) -> Call[Any, DeleteResult]:
        """Makes the call that deletes the execution."""
        request = self._located(delete_request, self.execution, self._fenced(write))
        return self._write("Delete", request, read_delete_result)

    def list_revisions(self, page_size: int, page_token: str = "") -> Call[Any, Page[Revision]]:
        """Makes the call for one page of the changes."""
        request = self._located(list_revisions_request, self.execution, page_size, page_token)
        return self._plain("ListRevisions", request, _read_revisions)

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
        if before is not None and any(pause.status in _WAITING for pause in before.pauses):
            # What becomes of them is the server's to say.
            return None
        if before is None and result.version > 1:
            return None
        saved = execution_pb2.Execution(
            key=result.key,
            revision=result.revision,
            version=result.version,
            create_time=result.update_time if before is None else before.create_time,
            update_time=result.update_time,
            expire_time=result.expire_time if result.HasField("expire_time") else None,
            state=request.state,
            pauses=() if before is None else before.pauses,
        )
        saved.state.id = self.execution.execution_id
        if not saved.state.HasField("start_time"):
            if before is None:
                return None
            saved.state.start_time.CopyFrom(before.state.start_time)
        return saved


def move_on(state: ExecutionState, result: WriteResult) -> None:
    """Brings what stands beside a state to where writing it has brought the execution."""
    if state.status != Status.PAUSED:
        state.pauses = tuple(
            dataclasses.replace(pause, status=PauseStatus.VOIDED) if pause.waits else pause
            for pause in state.pauses
        )
    if result.version == 1:
        state.create_time = result.update_time
    elif state.version != result.version - 1:
        # Others have written in between, and may have created it anew.
        state.create_time = None
    state.id = result.execution_id
    state.revision = result.revision
    state.version = result.version
    state.update_time = result.update_time
    state.expire_time = result.expire_time


def _read_revisions(response: state_requests_pb2.ListRevisionsResponse) -> Page[Revision]:
    revisions = tuple(read_revision(each) for each in response.revisions)
    return Page(revisions, response.next_page_token)
