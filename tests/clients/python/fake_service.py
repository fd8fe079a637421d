"""A service that keeps states in a dict, or answers what a test has lined up."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.protobuf.message import Message

from statekeeper.v1 import (
    execution_pb2,
    history_pb2,
    state_manager_pb2_grpc,
    state_requests_pb2,
    write_pb2,
)

from .answers import Answer, refuse
from .fake_locks import FakeLocks
from .fake_pipeline import batch, pipeline
from .fake_watch import FakeWatches

HOUR_S = 3600


class FakeService(state_manager_pb2_grpc.StateManagerServicer):
    """Keeps states in a dict; a call for which an answer is lined up gets that instead.

    Attributes:
        requests: What was received, with the RPC's name, in order.
        answers: What to answer to the next calls instead of doing them.
        executions: The states.
        locks: The locks.
        watches: The watches.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.answers: deque[Answer] = deque()
        self.executions: dict[tuple[str, str], execution_pb2.Execution] = {}
        self.locks = FakeLocks()
        self.watches = FakeWatches()
        self._ttls_s: dict[tuple[str, str], int] = {}
        self._revision = 0
        self._changed = threading.Condition()

    def wait_for_requests(self, count: int, timeout_s: float = 30) -> None:
        """Waits until this many requests were received."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s)

    def count(self, method: str) -> int:
        """Tells how often an RPC was received."""
        return sum(name == method for name, _ in self.requests)

    def _take(
        self, method: str, request: Any, context: grpc.ServicerContext, do: Callable[[Any], Any]
    ) -> Any:
        with self._changed:
            self.requests.append((method, request))
            self._changed.notify_all()
            answer = self.answers.popleft() if self.answers else None
            if answer is None:
                return do(request)
        return answer(request, context)

    def _take_late(self, method: str, request: Any, context: Any, do: Answer) -> Any:
        # What waits or refuses must not do so while it keeps others from this service.
        with self._changed:
            self.requests.append((method, request))
            self._changed.notify_all()
            answer = self.answers.popleft() if self.answers else do
        return answer(request, context)

    def Save(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Save", request, context, self._save)

    def Load(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Load", request, context, self._load)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take_late("Update", request, context, self._update)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Delete", request, context, self._delete)

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("List", request, context, _unplanned)

    def ListRevisions(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("ListRevisions", request, context, self._list_revisions)

    def Pause(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Pause", request, context, _unplanned)

    def Resume(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Resume", request, context, _unplanned)

    def GetPause(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("GetPause", request, context, _unplanned)

    def ListPauses(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("ListPauses", request, context, _unplanned)

    def Checkpoint(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Checkpoint", request, context, _unplanned)

    def Restore(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Restore", request, context, _unplanned)

    def ListCheckpoints(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("ListCheckpoints", request, context, _unplanned)

    def DeleteCheckpoint(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("DeleteCheckpoint", request, context, _unplanned)

    def Lock(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take_late("Lock", request, context, self.locks.lock)

    def RenewLock(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take_late("RenewLock", request, context, self.locks.renew)

    def Unlock(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take_late("Unlock", request, context, self.locks.unlock)

    def GetLock(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take_late("GetLock", request, context, self.locks.get)

    def Transaction(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Transaction", request, context, _unplanned)

    def Batch(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        with self._changed:
            self.requests.append(("Batch", request))
            self._changed.notify_all()
        return batch(self, request, context)

    def Pipeline(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return pipeline(self, request_iterator, context)

    def Watch(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self.watches.watch(request, context)

    def write(self, request: Any, state: execution_pb2.ExecutionState) -> write_pb2.WriteResult:
        """Stores a state as a write of a request's execution."""
        key = (request.key.namespace, request.key.execution_id)
        old = self.executions.get(key)
        new = execution_pb2.Execution(key=request.key, state=state)
        self._revision += 1
        new.revision = self._revision
        new.version = 1 if old is None else old.version + 1
        new.update_time.GetCurrentTime()
        new.create_time.CopyFrom(new.update_time if old is None else old.create_time)
        if request.options.HasField("ttl"):
            self._ttls_s[key] = request.options.ttl.seconds
        ttl_s = self._ttls_s.get(key, 24 * HOUR_S)
        if ttl_s:
            new.expire_time.CopyFrom(new.update_time)
            new.expire_time.seconds += ttl_s
        new.state.id = request.key.execution_id
        if not new.state.HasField("start_time"):
            new.state.start_time.CopyFrom(new.create_time if old is None else old.state.start_time)
        self.executions[key] = new
        return write_pb2.WriteResult(
            key=request.key,
            revision=new.revision,
            version=new.version,
            update_time=new.update_time,
            expire_time=new.expire_time if ttl_s else None,
        )

    def _save(self, request: Any) -> Message:
        return state_requests_pb2.SaveResponse(result=self.write(request, request.state))

    def _load(self, request: Any) -> Message:
        key = (request.key.namespace, request.key.execution_id)
        return state_requests_pb2.LoadResponse(execution=self.executions.get(key))

    def _update(self, request: Any, context: grpc.ServicerContext) -> Any:
        key = (request.key.namespace, request.key.execution_id)
        with self._changed:
            old = self.executions[key]
            expected = request.options.expected_revision
            if not expected or expected == old.revision:
                result = self.write(request, updated(old.state, request))
                execution = self.executions[key] if request.return_execution else None
                return state_requests_pb2.UpdateResponse(result=result, execution=execution)
        facts = {"expected": str(expected), "current": str(old.revision)}
        return refuse(grpc.StatusCode.ABORTED, "CONFLICT", metadata=facts)(request, context)

    def _delete(self, request: Any) -> Message:
        gone = self.executions.pop((request.key.namespace, request.key.execution_id), None)
        self._revision += 1
        result = write_pb2.WriteResult(key=request.key, revision=self._revision if gone else 0)
        return state_requests_pb2.DeleteResponse(result=result, existed=gone is not None)

    def _list_revisions(self, request: Any) -> Message:
        # Five changes, whatever was done.
        first = int(request.page_token or 5)
        last = max(first - request.page_size, 0)
        return state_requests_pb2.ListRevisionsResponse(
            revisions=[
                history_pb2.Revision(revision=n, version=n, kind=history_pb2.EVENT_KIND_SAVED)
                for n in range(first, last, -1)
            ],
            next_page_token=str(last) if last else "",
        )


def updated(old: execution_pb2.ExecutionState, request: Any) -> execution_pb2.ExecutionState:
    """Gives what an update makes of a state."""
    state = execution_pb2.ExecutionState()
    state.CopyFrom(old)
    for name in request.replace:
        state.ClearField(name)
    for path in request.remove:
        name, _, key = path.partition(".")
        if not key:
            state.ClearField(name)
        elif name == "labels":
            del state.labels[key]
        else:
            del getattr(state, name).entries[key]
    state.MergeFrom(request.changes)
    return state


def _unplanned(request: Message) -> NoReturn:
    raise AssertionError(f"no answer is lined up for {type(request).__name__}")
