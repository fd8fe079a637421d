"""What is read from snapshots: at once where that is quick, on threads otherwise."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from google.protobuf.message import Message

from statekeeper.v1.pause_requests_pb2 import ListPausesResponse
from statekeeper.v1.state_requests_pb2 import (
    ListRevisionsResponse,
    LoadResponse,
    UpdateResponse,
)
from statekeeper.v1.transaction_pb2 import TransactionResponse
from statekeeper_server.clock import Clock
from statekeeper_server.errors import (
    InvalidRequestError,
    InvalidTokenError,
    RevisionCompactedError,
)
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import ANSWER_BYTES_MAX
from statekeeper_server.operations.answers import revisions
from statekeeper_server.operations.get_lock import GetLock, get_lock
from statekeeper_server.operations.list import List, list_executions
from statekeeper_server.operations.list_checkpoints import ListCheckpoints, list_checkpoints
from statekeeper_server.operations.list_pauses import ListPauses, list_pauses
from statekeeper_server.operations.list_revisions import ListRevisions, list_revisions
from statekeeper_server.operations.load import (
    Load,
    find,
    is_large,
    load,
    load_plain,
    put_found,
    put_loaded,
)
from statekeeper_server.operations.pause_expiry import (
    Settle,
    has_due_pause,
    settle_due_pauses,
    settle_pauses,
)
from statekeeper_server.operations.resume import execution_of
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.transaction import Transaction
from statekeeper_server.requests.checkpoint import checkpoints_page_token
from statekeeper_server.requests.list import list_page_token
from statekeeper_server.requests.list_pauses import pauses_page_token
from statekeeper_server.requests.pages import page_token
from statekeeper_server.shards import Shards
from statekeeper_server.store.reader import Reader, value_bytes
from statekeeper_server.worker import Worker

T = TypeVar("T")
Read = Callable[[Reader, Any, int], Message]
"""Answers a checked request from a snapshot, at a time in microseconds."""


class Snapshots:
    """Reads the executions of a set of shards.

    Args:
        shards: where they live.
        clock: the time at which they are read.
        threads: where what takes long is read.
    """

    def __init__(self, shards: Shards, clock: Clock, threads: Executor) -> None:
        self._shards = shards
        self._clock = clock
        self._threads = threads
        self._load = self.method(load)

    def method(self, read: Read) -> Callable[[Any], Awaitable[bytes]]:
        """The way of an RPC that reads one execution, and may take long."""

        def run(request: Any) -> bytes:
            with self._shards.of(request.key).read() as store:
                return read(store, request, self._clock.now_us()).SerializeToString()

        async def method(request: Any) -> bytes:
            await self._settle(request.key)
            return await self._in_thread(run, request)

        return method

    async def load(self, request: Load) -> bytes:
        """Read an execution."""
        response = self.load_at_once(request)
        return await self._load(request) if response is None else response

    def load_at_once(self, request: Load) -> bytes | None:
        """The same, unless it takes too long for the event loop or something comes first."""
        if request.of_the_past:
            return None
        now_us = self._clock.now_us()
        with self._shards.of(request.key).read() as store:
            answer = load_plain(store, request, now_us)
            if answer is not None:
                return answer
            loaded = find(store, request, now_us)
            response = LoadResponse()
            if loaded is not None:
                head = loaded.head
                if is_large(head) or has_due_pause(head, now_us):
                    return None
                put_loaded(response.execution, store, loaded, request.selection)
        return response.SerializeToString()

    async def get_lock(self, request: GetLock) -> bytes:
        """Tell who holds a lock."""
        with self._shards.of(request.key).read() as store:
            return get_lock(store, request, self._clock.now_us()).SerializeToString()

    async def list_executions(self, request: List) -> bytes:
        """List executions by what they are."""
        for shard in self._shards:
            await self._settle_due(shard)
        return await self._in_thread(self._list_executions, request)

    async def list_pauses(self, request: ListPauses) -> bytes:
        """List what waits for an answer."""
        return await self._in_thread(self._list_pauses, request)

    async def add_execution(self, response: UpdateResponse, after: Load) -> bytes:
        """Answer an update with the execution after it."""
        return await self._in_thread(self._add_execution, response, after)

    async def add_loaded(self, response: TransactionResponse, request: Transaction) -> bytes:
        """Answer the loads of a replayed transaction: they are remembered by their revisions."""
        return await self._in_thread(self._add_loaded, response, request)

    def execution_of(self, token: Token) -> ExecutionKey:
        """Whose a token is, or was. Raises InvalidTokenError."""
        if token.placement is None:
            raise InvalidTokenError
        with self._shards.at(token.placement).read() as store:
            return execution_of(store, token)

    def value_bytes(self, key: ExecutionKey) -> int:
        """What the values of an execution take, expired or not."""
        with self._shards.of(key).read() as store:
            head = store.head(key)
        return 0 if head is None else value_bytes(head)

    async def _settle(self, key: ExecutionKey) -> None:
        """Let nobody see a pause whose time is over, though its timer has not come yet."""
        shard = self._shards.of(key)
        with shard.read() as store:
            head = store.head(key)
        if head is not None and has_due_pause(head, self._clock.now_us()):
            await shard.apply(settle_pauses, Settle(key))

    async def _settle_due(self, shard: Worker) -> None:
        """The same for all executions of a shard."""
        while True:
            with shard.read() as store:
                timer = store.next_timer()
            if timer is None or timer[0] > self._clock.now_us():
                return
            key = timer[2].key
            await shard.apply(
                settle_due_pauses, Settle(ExecutionKey(key.namespace, key.execution_id))
            )

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    # What follows runs on a thread.

    def _add_execution(self, response: UpdateResponse, after: Load) -> bytes:
        with self._shards.of(after.key).read() as store, suppress(RevisionCompactedError):
            put_found(response.execution, store, after, self._clock.now_us())
        return response.SerializeToString()

    def _add_loaded(self, response: TransactionResponse, request: Transaction) -> bytes:
        size_bytes = 0
        with self._shards.of(request.key).read() as store:
            for part, result in zip(request.parts, response.results, strict=True):
                if not result.load.HasField("execution"):
                    continue
                revision = result.load.execution.revision
                again = Load(request.key, revision, selection=part.request.selection)
                result.load.Clear()
                # What the transaction itself has deleted never was at a revision.
                with suppress(RevisionCompactedError, InvalidRequestError):
                    put_found(result.load.execution, store, again, self._clock.now_us())
                size_bytes += result.load.ByteSize()
                if size_bytes > ANSWER_BYTES_MAX:
                    result.load.Clear()
        return response.SerializeToString()

    def _list_executions(self, request: List) -> bytes:
        with ExitStack() as stack:
            stores = [stack.enter_context(shard.read()) for shard in self._shards]
            response, last = list_executions(stores, request, self._clock.now_us())
        if last is not None:
            response.next_page_token = list_page_token(request, last)
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


def revisions_page(store: Reader, request: ListRevisions, now_us: int) -> Message:
    """Answer ListRevisions. Raises InvalidRequestError."""
    page = list_revisions(store, request, now_us)
    response = ListRevisionsResponse()
    for event in page.events:
        response.revisions.extend(revisions(event))
    if page.next_start is not None:
        start = page.next_start
        response.next_page_token = page_token(request.key.row, start.uid, start.revision)
    return response


def checkpoints_page(store: Reader, request: ListCheckpoints, now_us: int) -> Message:
    """Answer ListCheckpoints."""
    response, next_after = list_checkpoints(store, request, now_us)
    if next_after is not None:
        response.next_page_token = checkpoints_page_token(request, next_after)
    return response
