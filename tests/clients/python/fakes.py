"""A server that does what a test tells it to, and an async client to call as if it were sync."""

import asyncio
import inspect
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent import futures
from typing import Any, NoReturn, TypeVar, cast

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from statekeeper import AsyncClient, AsyncStateManager, Client
from statekeeper.v1 import (
    execution_pb2,
    history_pb2,
    state_manager_pb2_grpc,
    state_requests_pb2,
    write_pb2,
)

_T = TypeVar("_T")
Answer = Callable[[Any, grpc.ServicerContext], Any]
HOUR_S = 3600


def refuse(
    code: grpc.StatusCode,
    reason: str,
    *details: Message,
    metadata: dict[str, str] | None = None,
    pushback_ms: int | None = None,
) -> Answer:
    """Gives an answer that fails as the service's errors do."""
    info = error_details_pb2.ErrorInfo(domain="statekeeper", reason=reason, metadata=metadata or {})
    status = status_pb2.Status(code=code.value[0], message=f"refused: {reason}")
    for detail in (info, *details):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers: list[tuple[str, str | bytes]] = [
        ("grpc-status-details-bin", status.SerializeToString())
    ]
    if pushback_ms is not None:
        trailers.append(("grpc-retry-pushback-ms", str(pushback_ms)))

    def answer(_: Message, context: grpc.ServicerContext) -> NoReturn:
        context.set_trailing_metadata(tuple(trailers))
        context.abort(code, status.message)

    return answer


def fail(code: grpc.StatusCode, message: str = "no") -> Answer:
    """Gives an answer that fails without the service's details."""

    def answer(_: Message, context: grpc.ServicerContext) -> NoReturn:
        context.abort(code, message)

    return answer


def answer_with(response: Message) -> Answer:
    """Gives an answer that is this response."""
    return lambda _request, _context: response


class FakeService(state_manager_pb2_grpc.StateManagerServicer):
    """Keeps states in a dict; a call for which an answer is lined up gets that instead.

    Attributes:
        requests: What was received, with the RPC's name, in order.
        answers: What to answer to the next calls instead of doing them.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.answers: deque[Answer] = deque()
        self.executions: dict[tuple[str, str], execution_pb2.Execution] = {}
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

    def Save(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Save", request, context, self._save)

    def Load(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Load", request, context, self._load)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Update", request, context, self._update)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("Delete", request, context, self._delete)

    def ListRevisions(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        return self._take("ListRevisions", request, context, self._list_revisions)

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
        )

    def _save(self, request: Any) -> Message:
        return state_requests_pb2.SaveResponse(result=self.write(request, request.state))

    def _load(self, request: Any) -> Message:
        key = (request.key.namespace, request.key.execution_id)
        return state_requests_pb2.LoadResponse(execution=self.executions.get(key))

    def _update(self, request: Any) -> Message:
        key = (request.key.namespace, request.key.execution_id)
        state = execution_pb2.ExecutionState()
        state.CopyFrom(self.executions[key].state)
        state.MergeFrom(request.changes)
        result = self.write(request, state)
        execution = self.executions[key] if request.return_execution else None
        return state_requests_pb2.UpdateResponse(result=result, execution=execution)

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


class FakeServer:
    """Serves a FakeService on a port of its own, which it keeps over a restart."""

    def __init__(self) -> None:
        self.service = FakeService()
        self.release = threading.Event()
        self.arrived = threading.Event()
        self.port = 0
        self._server: grpc.Server | None = None

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begins to serve."""
        self._server = grpc.server(
            futures.ThreadPoolExecutor(16),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 17 * 2**20)],
        )
        state_manager_pb2_grpc.add_StateManagerServicer_to_server(self.service, self._server)
        self.port = self._server.add_insecure_port(self.address)
        self._server.start()

    def stop(self) -> None:
        """Goes away at once, as a killed server does: calls under way are cut off."""
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def hold(self, do: Answer | None = None) -> None:
        """Keeps the next call waiting for `release`, and tells by `arrived` that it is there."""

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            # A call that is cut off has nothing to wait for.
            context.add_callback(self.release.set)
            self.arrived.set()
            self.release.wait(60)
            return None if do is None else do(request, context)

        self.service.answers.append(answer)


class Awaited:
    """Lets a test call an async client or handle as if it were the sync one."""

    def __init__(self, target: object, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            result = attribute(*args, **kwargs)
            if inspect.iscoroutine(result):
                return self._wait(result)
            if inspect.isasyncgen(result):
                return iter(self._wait(_collected(result)))
            return Awaited(result, self._loop) if isinstance(result, AsyncStateManager) else result

        return call

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


async def _collected(items: Any) -> Sequence[Any]:
    return [item async for item in items]


def awaited(client: AsyncClient, loop: asyncio.AbstractEventLoop) -> Client:
    """Gives an async client in the shape of the sync one."""
    return cast("Client", Awaited(client, loop))
