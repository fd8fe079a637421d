"""The RPCs of StateManager: check, apply or read, answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import grpc

from statekeeper.v1 import state_manager_pb2
from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    DeleteResponse,
    ListRevisionsRequest,
    ListRevisionsResponse,
    LoadRequest,
    LoadResponse,
    SaveRequest,
    SaveResponse,
    UpdateRequest,
    UpdateResponse,
)
from statekeeper_server import requests, responses
from statekeeper_server.admission import Admission
from statekeeper_server.clock import Clock
from statekeeper_server.errors import RevisionCompactedError
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.delete import Delete, delete
from statekeeper_server.operations.list_revisions import ListRevisions, list_revisions
from statekeeper_server.operations.load import Load, Loaded, Selection, find, read_values
from statekeeper_server.operations.save import Save, save
from statekeeper_server.operations.update import Update, update
from statekeeper_server.requests.list_revisions import page_token
from statekeeper_server.rpc import LARGE_BYTES, unary
from statekeeper_server.shards import Shards
from statekeeper_server.storage.v1.records_pb2 import Head
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
        call = partial(unary, self._admission, self._threads)
        check_save = partial(requests.check_save, limits=self._limits)
        check_update = partial(requests.check_update, limits=self._limits)
        methods = {
            "Save": call(SaveRequest, check_save, self.save),
            "Load": call(LoadRequest, requests.check_load, self.load, read_only=True),
            "Update": call(UpdateRequest, check_update, self.update),
            "Delete": call(DeleteRequest, requests.check_delete, self.delete),
            "ListRevisions": call(
                ListRevisionsRequest,
                requests.check_list_revisions,
                self.list_revisions,
                read_only=True,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)

    def close(self) -> None:
        """Give the threads back; no RPC may be under way."""
        self._threads.shutdown()

    async def save(self, request: Save) -> bytes:
        """Replace the whole state."""
        written = await self._shards.of(request.key).apply(save, request)
        response = SaveResponse()
        responses.put_result(response.result, written)
        return response.SerializeToString()

    async def update(self, request: Update) -> bytes:
        """Change parts of the state."""
        written = await self._shards.of(request.key).apply(update, request)
        response = UpdateResponse()
        responses.put_result(response.result, written)
        if request.return_execution:
            # Read after the commit, at its revision: it costs the shard's other callers
            # nothing, and shows nobody else's later change.
            after = Load(request.key, written.revision)
            return await self._in_thread(self._add_execution, response, after)
        return response.SerializeToString()

    async def delete(self, request: Delete) -> bytes:
        """Remove an execution."""
        written = await self._shards.of(request.key).apply(delete, request)
        response = DeleteResponse(existed=written.existed)
        responses.put_result(response.result, written)
        return response.SerializeToString()

    async def load(self, request: Load) -> bytes:
        """Read an execution."""
        if request.revision is None:
            with self._shards.of(request.key).read() as store:
                loaded = find(store, request, self._clock.now_us())
                if loaded is None or not _is_large(loaded.head):
                    return _load_response(store, loaded, request.selection)
        return await self._in_thread(self._load, request)

    async def list_revisions(self, request: ListRevisions) -> bytes:
        """List what happened to an execution."""
        return await self._in_thread(self._list_revisions, request)

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    # What follows runs on a thread.

    def _load(self, request: Load) -> bytes:
        with self._shards.of(request.key).read() as store:
            loaded = find(store, request, self._clock.now_us())
            return _load_response(store, loaded, request.selection)

    def _add_execution(self, response: UpdateResponse, after: Load) -> bytes:
        with self._shards.of(after.key).read() as store, suppress(RevisionCompactedError):
            loaded = find(store, after, self._clock.now_us())
            if loaded is not None:
                _put_execution(response.execution, store, loaded, None)
        return response.SerializeToString()

    def _list_revisions(self, request: ListRevisions) -> bytes:
        with self._shards.of(request.key).read() as store:
            page = list_revisions(store, request, self._clock.now_us())
        response = ListRevisionsResponse(revisions=map(responses.revision, page.events))
        if page.next_start is not None:
            response.next_page_token = page_token(request.key, page.next_start)
        return response.SerializeToString()


def _load_response(store: Reader, loaded: Loaded | None, selection: Selection | None) -> bytes:
    response = LoadResponse()
    if loaded is not None:
        _put_execution(response.execution, store, loaded, selection)
    return response.SerializeToString()


def _put_execution(
    message: Execution, store: Reader, loaded: Loaded, selection: Selection | None
) -> None:
    values = read_values(store, loaded, selection)
    responses.put_execution(message, loaded.execution, values, selection)


def _is_large(head: Head) -> bool:
    value_bytes = entries = 0
    for size in head.sizes:
        value_bytes += size.value_bytes
        entries += size.entries
    return value_bytes > LARGE_BYTES or entries > _MANY_ENTRIES
