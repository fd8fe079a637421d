"""The RPCs of StateManager: check, apply or read, answer."""

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from statekeeper.v1 import state_manager_pb2
from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    DeleteCheckpointRequest,
    ListCheckpointsRequest,
    RestoreRequest,
)
from statekeeper.v1.lock_pb2 import GetLockRequest, LockRequest, RenewLockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import (
    GetPauseRequest,
    ListPausesRequest,
    ListPausesResponse,
    PauseRequest,
    ResumeRequest,
)
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    ListRevisionsRequest,
    ListRevisionsResponse,
    LoadRequest,
    LoadResponse,
    SaveRequest,
    UpdateRequest,
    UpdateResponse,
)
from statekeeper.v1.transaction_pb2 import TransactionRequest, TransactionResponse
from statekeeper_server import requests
from statekeeper_server.admission import Admission
from statekeeper_server.batch import Batches
from statekeeper_server.clock import Clock
from statekeeper_server.entries import Kind
from statekeeper_server.errors import (
    InvalidRequestError,
    InvalidTokenError,
    RevisionCompactedError,
)
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import ANSWER_BYTES_MAX, LARGE_BYTES, StateLimits
from statekeeper_server.operations.answers import revisions
from statekeeper_server.operations.apply import apply
from statekeeper_server.operations.checkpoint import checkpoint, delete_checkpoint
from statekeeper_server.operations.delete import delete
from statekeeper_server.operations.get_lock import GetLock, get_lock
from statekeeper_server.operations.get_pause import get_pause
from statekeeper_server.operations.list_checkpoints import ListCheckpoints, list_checkpoints
from statekeeper_server.operations.list_pauses import ListPauses, list_pauses
from statekeeper_server.operations.list_revisions import ListRevisions, list_revisions
from statekeeper_server.operations.load import Load, find, put_loaded
from statekeeper_server.operations.lock import lock, renew_lock, unlock
from statekeeper_server.operations.pause import pause
from statekeeper_server.operations.pause_expiry import Settle, has_due_pause, settle_pauses
from statekeeper_server.operations.restore import Restore, restore
from statekeeper_server.operations.resume import execution_of, resume, waiting
from statekeeper_server.operations.save import save
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.transaction import Transaction, transaction
from statekeeper_server.operations.update import Update, update
from statekeeper_server.operations.writing import Done, WriteRequest
from statekeeper_server.requests.checkpoint import checkpoints_page_token
from statekeeper_server.requests.list_pauses import pauses_page_token
from statekeeper_server.requests.pages import page_token
from statekeeper_server.rpc import unary
from statekeeper_server.shards import Shards
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.lock_table import Waiter
from statekeeper_server.store.reader import Reader

SERVICE_NAME = state_manager_pb2.DESCRIPTOR.services_by_name["StateManager"].full_name

# What has more entries takes too long for the event loop, however small they are.
_MANY_ENTRIES = 200
_THREADS = 4

T = TypeVar("T")


class StateManager:
    """Serves the StateManager of the contract from a set of shards."""

    def __init__(
        self, shards: Shards, limits: StateLimits, clock: Clock, admission: Admission
    ) -> None:
        self._shards = shards
        self._limits = limits
        self._clock = clock
        self._admission = admission
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="statekeeper large")
        self._transaction = self._write(
            partial(requests.check_transaction, limits=limits), transaction, simple=_never
        )
        self._kinds = self._all_kinds()
        operations = {
            field.name: self._kinds[type(getattr(Operation(), field.name))]
            for field in Operation.DESCRIPTOR.oneofs_by_name["operation"].fields
        }
        self._batches = Batches(operations, shards, self._threads, admission)

    def handler(self) -> grpc.GenericRpcHandler:
        """All methods, for a server."""
        methods = {
            request_type.DESCRIPTOR.name.removesuffix("Request"): unary(
                self._admission,
                self._threads,
                request_type,
                kind.check,
                kind.method,
                read_only=kind.operation is None,
            )
            for request_type, kind in self._kinds.items()
        }
        return grpc.method_handlers_generic_handler(
            SERVICE_NAME, methods | self._batches.handlers()
        )

    def drain(self) -> None:
        """End the streams when what is under way in them is done."""
        self._batches.drain()

    def close(self) -> None:
        """Give the threads back; no RPC may be under way."""
        self._threads.shutdown()

    def _all_kinds(self) -> dict[type[Message], Kind]:
        """How each request is checked, and done."""
        within: dict[str, Any] = {"limits": self._limits}
        of_token: dict[str, Any] = {"execution_of": self._execution_of}
        write, lease, read = self._write, self._lease, self._read
        return {
            SaveRequest: write(partial(requests.check_save, **within), save),
            LoadRequest: Kind(requests.check_load, self.load, at_once=self._load_at_once),
            UpdateRequest: Kind(
                partial(requests.check_update, **within),
                self.update,
                _UPDATE,
                simple=lambda request: not request.return_execution,
            ),
            DeleteRequest: write(requests.check_delete, delete),
            ListRevisionsRequest: read(requests.check_list_revisions, _list_revisions),
            PauseRequest: write(partial(requests.check_pause, **within), pause),
            ResumeRequest: lease(
                partial(requests.check_resume, **within, **of_token),
                partial(apply, resume, first=waiting),
            )._replace(key_of=partial(requests.key_of_resume, **of_token)),
            GetPauseRequest: read(partial(requests.check_get_pause, **of_token), get_pause),
            ListPausesRequest: Kind(requests.check_list_pauses, self.list_pauses),
            CheckpointRequest: write(requests.check_checkpoint, checkpoint),
            RestoreRequest: write(requests.check_restore, restore, simple=_never),
            ListCheckpointsRequest: read(requests.check_list_checkpoints, _list_checkpoints),
            DeleteCheckpointRequest: write(requests.check_delete_checkpoint, delete_checkpoint),
            LockRequest: lease(requests.check_lock, lock),
            RenewLockRequest: lease(requests.check_renew_lock, renew_lock),
            UnlockRequest: lease(requests.check_unlock, unlock),
            GetLockRequest: Kind(requests.check_get_lock, self.get_lock),
            TransactionRequest: self._transaction._replace(method=self.transaction),
        }

    def _write(
        self,
        check: Callable[[Any], Any],
        decide: Callable[..., Message],
        *,
        simple: Callable[[Any], bool] = lambda _: True,
    ) -> Kind:
        """A write of an execution."""
        return self._lease(check, partial(apply, decide), simple=simple)

    def _lease(
        self,
        check: Callable[[Any], Any],
        operation: Callable[..., Done | Waiter],
        *,
        simple: Callable[[Any], bool] = lambda _: True,
    ) -> Kind:
        """Something that is applied by its shard, through its queue."""

        async def method(request: WriteRequest, deadline_s: float | None = None) -> bytes:
            if not simple(request):
                request = self._with_room(request)
            shard = self._shards.of(request.key)
            answer = shard.apply(operation, request, deadline_s)
            try:
                done = await answer
            except asyncio.CancelledError:
                # It may have been answered just before.
                shard.take_back(answer)
                raise
            return done.response

        return Kind(check, method, operation, simple=simple)

    def _read(
        self, check: Callable[[Any], Any], answer: Callable[[Reader, Any, int], Message]
    ) -> Kind:
        """A read that may take long: of a snapshot, on a thread."""

        def run(request: Any) -> bytes:
            with self._shards.of(request.key).read() as store:
                return answer(store, request, self._clock.now_us()).SerializeToString()

        async def method(request: Any) -> bytes:
            await self._settle(request.key)
            return await self._in_thread(run, request)

        return Kind(check, method)

    async def update(self, request: Update, deadline_s: float | None = None) -> bytes:
        """Change parts of the state."""
        done = await self._shards.of(request.key).apply(_UPDATE, request, deadline_s)
        if not request.return_execution:
            return done.response
        # Read after the commit, at its revision: it costs the shard's other callers
        # nothing, and shows nobody else's later change.
        response = UpdateResponse.FromString(done.response)
        after = Load(request.key, response.result.revision)
        return await self._in_thread(self._add_execution, response, after)

    async def transaction(self, request: Transaction) -> bytes:
        """Do several operations; what a repeated one has loaded is loaded again."""
        raw = await self._transaction.method(request)
        if request.options.mark is None or not any(part.name == "load" for part in request.parts):
            return raw
        response = TransactionResponse.FromString(raw)
        if not response.result.replayed:
            return raw
        return await self._in_thread(self._add_loaded, response, request)

    async def load(self, request: Load) -> bytes:
        """Read an execution."""
        response = self._load_at_once(request)
        if response is not None:
            return response
        await self._settle(request.key)
        return await self._in_thread(self._load, request)

    def _load_at_once(self, request: Load) -> bytes | None:
        """The same, unless it takes too long for the event loop or something comes first."""
        if request.of_the_past:
            return None
        now_us = self._clock.now_us()
        with self._shards.of(request.key).read() as store:
            loaded = find(store, request, now_us)
            response = LoadResponse()
            if loaded is not None:
                head = loaded.head
                if _is_large(head) or has_due_pause(head, now_us):
                    return None
                put_loaded(response.execution, store, loaded, request.selection)
        return response.SerializeToString()

    async def list_pauses(self, request: ListPauses) -> bytes:
        """List what waits for an answer."""
        return await self._in_thread(self._list_pauses, request)

    async def get_lock(self, request: GetLock) -> bytes:
        """Tell who holds a lock."""
        with self._shards.of(request.key).read() as store:
            return get_lock(store, request, self._clock.now_us()).SerializeToString()

    async def _settle(self, key: ExecutionKey) -> None:
        """Let nobody see a pause whose time is over, though its timer has not come yet."""
        shard = self._shards.of(key)
        with shard.read() as store:
            head = store.head(key)
        if head is not None and has_due_pause(head, self._clock.now_us()):
            await shard.apply(settle_pauses, Settle(key))

    def _execution_of(self, token: Token) -> ExecutionKey:
        if token.placement is None:
            raise InvalidTokenError
        with self._shards.at(token.placement).read() as store:
            return execution_of(store, token)

    def _with_room(self, request: WriteRequest) -> WriteRequest:
        """The same, reckoning with what it may have to write that is not in the request."""
        parts = request.parts if isinstance(request, Transaction) else ()
        if not isinstance(request, Restore | Transaction) or (
            parts and not any(isinstance(part.request, Restore) for part in parts)
        ):
            return request
        with self._shards.of(request.key).read() as store:
            head = store.head(request.key)
        value_bytes = 0 if head is None else _value_bytes(head)
        return request._replace(stored_bytes=request.stored_bytes + value_bytes)

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    # What follows runs on a thread.

    def _load(self, request: Load) -> bytes:
        response = LoadResponse()
        with self._shards.of(request.key).read() as store:
            loaded = find(store, request, self._clock.now_us())
            if loaded is not None:
                put_loaded(response.execution, store, loaded, request.selection)
        return response.SerializeToString()

    def _add_execution(self, response: UpdateResponse, after: Load) -> bytes:
        with self._shards.of(after.key).read() as store, suppress(RevisionCompactedError):
            loaded = find(store, after, self._clock.now_us())
            if loaded is not None:
                put_loaded(response.execution, store, loaded, None)
        return response.SerializeToString()

    def _add_loaded(self, response: TransactionResponse, request: Transaction) -> bytes:
        """Answer the loads of a replayed transaction: they are remembered by their revisions."""
        size_bytes = 0
        with self._shards.of(request.key).read() as store:
            for part, result in zip(request.parts, response.results, strict=True):
                if not result.load.HasField("execution"):
                    continue
                again = Load(request.key, result.load.execution.revision)
                result.load.Clear()
                # What the transaction itself has deleted never was at a revision.
                with suppress(RevisionCompactedError, InvalidRequestError):
                    loaded = find(store, again, self._clock.now_us())
                    if loaded is not None:
                        put_loaded(result.load.execution, store, loaded, part.request.selection)
                size_bytes += result.load.ByteSize()
                if size_bytes > ANSWER_BYTES_MAX:
                    result.load.Clear()
        return response.SerializeToString()

    def _list_pauses(self, request: ListPauses) -> bytes:
        now_us = self._clock.now_us()
        response = ListPausesResponse()
        size_bytes = 0
        with ExitStack() as stack:
            stores = [stack.enter_context(shard.read()) for shard in self._shards]
            lists = [
                list_pauses(store, number, request, now_us) for number, store in enumerate(stores)
            ]
            last = request.after
            for place, waiting in heapq.merge(*lists, key=lambda each: each[0]):
                size_bytes += waiting.ByteSize()
                full = len(response.pauses) == request.page_size or size_bytes > ANSWER_BYTES_MAX
                if full and response.pauses:
                    response.next_page_token = pauses_page_token(request, last)
                    break
                response.pauses.append(waiting)
                last = place
        return response.SerializeToString()


_UPDATE = partial(apply, update)


def _never(_: object) -> bool:
    return False


def _list_revisions(store: Reader, request: ListRevisions, now_us: int) -> Message:
    page = list_revisions(store, request, now_us)
    response = ListRevisionsResponse()
    for event in page.events:
        response.revisions.extend(revisions(event))
    if page.next_start is not None:
        start = page.next_start
        response.next_page_token = page_token(request.key.row, start.uid, start.revision)
    return response


def _list_checkpoints(store: Reader, request: ListCheckpoints, now_us: int) -> Message:
    response, next_after = list_checkpoints(store, request, now_us)
    if next_after is not None:
        response.next_page_token = checkpoints_page_token(request, next_after)
    return response


def _is_large(head: Head) -> bool:
    entries = sum([size.entries for size in head.sizes])
    return _value_bytes(head) > LARGE_BYTES or entries > _MANY_ENTRIES


def _value_bytes(head: Head) -> int:
    return sum([size.value_bytes for size in head.sizes])
