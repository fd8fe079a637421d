"""The RPCs of StateManager: check, apply or read, answer."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
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
from statekeeper_server.clock import Clock
from statekeeper_server.errors import InvalidTokenError, RevisionCompactedError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import ANSWER_BYTES_MAX, StateLimits
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
from statekeeper_server.operations.resume import execution_of, resume
from statekeeper_server.operations.save import save
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.transaction import Transaction, transaction
from statekeeper_server.operations.update import Update, update
from statekeeper_server.operations.writing import Done, WriteRequest
from statekeeper_server.requests.list_pauses import pauses_page_token
from statekeeper_server.requests.pages import page_token
from statekeeper_server.rpc import LARGE_BYTES, unary
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

    def handler(self) -> grpc.GenericRpcHandler:
        """All methods, for a server."""
        write = partial(unary, self._admission, self._threads)
        read = partial(write, read_only=True)
        within: dict[str, Any] = {"limits": self._limits}
        of_token: dict[str, Any] = {"execution_of": self._execution_of}
        check_resume = partial(requests.check_resume, **within, **of_token)
        methods = {
            "Save": write(SaveRequest, partial(requests.check_save, **within), self._write(save)),
            "Load": read(LoadRequest, requests.check_load, self.load),
            "Update": write(UpdateRequest, partial(requests.check_update, **within), self.update),
            "Delete": write(DeleteRequest, requests.check_delete, self._write(delete)),
            "ListRevisions": read(
                ListRevisionsRequest, requests.check_list_revisions, self._read(_list_revisions)
            ),
            "Pause": write(
                PauseRequest, partial(requests.check_pause, **within), self._write(pause)
            ),
            "Resume": write(ResumeRequest, check_resume, self._write(resume)),
            "GetPause": read(
                GetPauseRequest,
                partial(requests.check_get_pause, **of_token),
                self._read(get_pause),
            ),
            "ListPauses": read(ListPausesRequest, requests.check_list_pauses, self.list_pauses),
            "Checkpoint": write(
                CheckpointRequest, requests.check_checkpoint, self._write(checkpoint)
            ),
            "Restore": write(RestoreRequest, requests.check_restore, self._write(restore)),
            "ListCheckpoints": read(
                ListCheckpointsRequest,
                requests.check_list_checkpoints,
                self._read(_list_checkpoints),
            ),
            "DeleteCheckpoint": write(
                DeleteCheckpointRequest,
                requests.check_delete_checkpoint,
                self._write(delete_checkpoint),
            ),
            "Lock": write(LockRequest, requests.check_lock, self._apply(lock)),
            "RenewLock": write(
                RenewLockRequest, requests.check_renew_lock, self._apply(renew_lock)
            ),
            "Unlock": write(UnlockRequest, requests.check_unlock, self._apply(unlock)),
            "GetLock": read(GetLockRequest, requests.check_get_lock, self.get_lock),
            "Transaction": write(
                TransactionRequest,
                partial(requests.check_transaction, **within),
                self.transaction,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)

    def close(self) -> None:
        """Give the threads back; no RPC may be under way."""
        self._threads.shutdown()

    def _write(self, decide: Callable[..., Message]) -> Callable[[Any], Awaitable[bytes]]:
        """The way of a write of an execution."""
        return self._apply(partial(apply, decide))

    def _apply(self, operation: Callable[..., Done | Waiter]) -> Callable[[Any], Awaitable[bytes]]:
        """The way of everything that changes something: through the queue of its shard."""

        async def method(request: WriteRequest) -> bytes:
            if isinstance(request, Restore | Transaction):
                request = self._with_room(request)
            done = await self._shards.of(request.key).apply(operation, request)
            return done.response

        return method

    def _read(
        self, answer: Callable[[Reader, Any, int], Message]
    ) -> Callable[[Any], Awaitable[bytes]]:
        """The way of a read that may take long: a snapshot, on a thread."""

        def run(request: Any) -> bytes:
            with self._shards.of(request.key).read() as store:
                return answer(store, request, self._clock.now_us()).SerializeToString()

        async def method(request: Any) -> bytes:
            await self._settle(request.key)
            return await self._in_thread(run, request)

        return method

    async def update(self, request: Update) -> bytes:
        """Change parts of the state."""
        done = await self._shards.of(request.key).apply(_UPDATE, request)
        if not request.return_execution:
            return done.response
        # Read after the commit, at its revision: it costs the shard's other callers
        # nothing, and shows nobody else's later change.
        response = UpdateResponse.FromString(done.response)
        after = Load(request.key, response.result.revision)
        return await self._in_thread(self._add_execution, response, after)

    async def transaction(self, request: Transaction) -> bytes:
        """Do several operations."""
        raw = await self._write(transaction)(request)
        if request.options.mark is None or not any(part.name == "load" for part in request.parts):
            return raw
        response = TransactionResponse.FromString(raw)
        if not response.result.replayed:
            return raw
        return await self._in_thread(self._load_again, response, request)

    async def load(self, request: Load) -> bytes:
        """Read an execution."""
        if not request.of_the_past:
            now_us = self._clock.now_us()
            with self._shards.of(request.key).read() as store:
                loaded = find(store, request, now_us)
                if loaded is None:
                    return LoadResponse().SerializeToString()
                head = loaded.head
                if not _is_large(head) and not has_due_pause(head, now_us):
                    response = LoadResponse()
                    put_loaded(response.execution, store, loaded, request.selection)
                    return response.SerializeToString()
        await self._settle(request.key)
        return await self._in_thread(self._load, request)

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

    def _with_room(self, request: Restore | Transaction) -> Restore | Transaction:
        """The same, reckoning with what it may have to write that is not in the request."""
        restores = isinstance(request, Restore) or any(
            isinstance(part.request, Restore) for part in request.parts
        )
        if not restores:
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

    def _load_again(self, response: TransactionResponse, request: Transaction) -> bytes:
        """Answer the loads of a replayed transaction: they are remembered by their revisions."""
        with self._shards.of(request.key).read() as store:
            for part, result in zip(request.parts, response.results, strict=True):
                if not result.load.HasField("execution"):
                    continue
                load = Load(request.key, result.load.execution.revision)
                result.load.Clear()
                with suppress(RevisionCompactedError):
                    loaded = find(store, load, self._clock.now_us())
                    if loaded is not None:
                        selection = part.request.selection
                        put_loaded(result.load.execution, store, loaded, selection)
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
                if len(response.pauses) == request.page_size or size_bytes > ANSWER_BYTES_MAX:
                    response.next_page_token = pauses_page_token(request, last)
                    break
                response.pauses.append(waiting)
                size_bytes += waiting.ByteSize()
                last = place
        return response.SerializeToString()


_UPDATE = partial(apply, update)


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
        response.next_page_token = page_token(request.key.row, *next_after)
    return response


def _is_large(head: Head) -> bool:
    entries = sum([size.entries for size in head.sizes])
    return _value_bytes(head) > LARGE_BYTES or entries > _MANY_ENTRIES


def _value_bytes(head: Head) -> int:
    return sum([size.value_bytes for size in head.sizes])
