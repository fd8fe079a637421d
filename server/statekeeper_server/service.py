"""The RPCs of StateManager: check, apply or read, answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from statekeeper.v1.state_manager_pb2 import (
    DESCRIPTOR,
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
from statekeeper_server.operations.delete import delete
from statekeeper_server.operations.list_revisions import ListRevisions, list_revisions
from statekeeper_server.operations.load import Load, Loaded, Selection, find, read_values
from statekeeper_server.operations.save import save
from statekeeper_server.operations.update import update
from statekeeper_server.requests.list_revisions import page_token
from statekeeper_server.rpc import unary
from statekeeper_server.shards import Shards
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.reader import Reader

SERVICE_NAME = DESCRIPTOR.services_by_name["StateManager"].full_name

# What takes longer than a few hundred microseconds would hold up all other callers on
# the event loop: it goes to a thread.
_LARGE_BYTES = 64 * 1024
_MANY_ENTRIES = 200
_THREADS = 4

T = TypeVar("T")
R = TypeVar("R", bound=Message)


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
        methods = {
            "Save": unary(self._admission, SaveRequest, self.save),
            "Load": unary(self._admission, LoadRequest, self.load),
            "Update": unary(self._admission, UpdateRequest, self.update),
            "Delete": unary(self._admission, DeleteRequest, self.delete),
            "ListRevisions": unary(self._admission, ListRevisionsRequest, self.list_revisions),
        }
        return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)

    def close(self) -> None:
        """Give the threads back; no RPC may be under way."""
        self._threads.shutdown()

    async def save(self, request: SaveRequest) -> bytes:
        """Replace the whole state."""
        checked = await self._check(requests.check_save, request)
        written = await self._shards.of(checked.key).apply(save, checked)
        response = SaveResponse()
        responses.put_result(response.result, written)
        return response.SerializeToString()

    async def update(self, request: UpdateRequest) -> bytes:
        """Change parts of the state."""
        checked = await self._check(requests.check_update, request)
        written = await self._shards.of(checked.key).apply(update, checked)
        response = UpdateResponse()
        responses.put_result(response.result, written)
        if request.return_execution:
            # Read after the commit, at its revision: it costs the shard's other callers
            # nothing, and shows nobody else's later change.
            after = Load(checked.key, written.revision)
            return await self._in_thread(self._add_execution, response, after)
        return response.SerializeToString()

    async def delete(self, request: DeleteRequest) -> bytes:
        """Remove an execution."""
        checked = requests.check_delete(request)
        written = await self._shards.of(checked.key).apply(delete, checked)
        response = DeleteResponse(existed=written.existed)
        responses.put_result(response.result, written)
        return response.SerializeToString()

    async def load(self, request: LoadRequest) -> bytes:
        """Read an execution."""
        checked = requests.check_load(request)
        if checked.revision is None:
            with self._shards.of(checked.key).read() as store:
                loaded = find(store, checked, self._clock.now_us())
                if loaded is None or not _is_large(loaded.head):
                    return _load_response(store, loaded, checked.selection)
        return await self._in_thread(self._load, checked)

    async def list_revisions(self, request: ListRevisionsRequest) -> bytes:
        """List what happened to an execution."""
        checked = requests.check_list_revisions(request)
        return await self._in_thread(self._list_revisions, checked)

    async def _check(self, check: Callable[[R, StateLimits], T], request: R) -> T:
        if request.ByteSize() > _LARGE_BYTES:
            return await self._in_thread(check, request, self._limits)
        return check(request, self._limits)

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    # What follows runs on a thread.

    def _load(self, checked: Load) -> bytes:
        with self._shards.of(checked.key).read() as store:
            loaded = find(store, checked, self._clock.now_us())
            return _load_response(store, loaded, checked.selection)

    def _add_execution(self, response: UpdateResponse, checked: Load) -> bytes:
        with self._shards.of(checked.key).read() as store, suppress(RevisionCompactedError):
            loaded = find(store, checked, self._clock.now_us())
            if loaded is not None:
                read_values(store, loaded, None)
                responses.put_execution(response.execution, loaded, None)
        return response.SerializeToString()

    def _list_revisions(self, checked: ListRevisions) -> bytes:
        with self._shards.of(checked.key).read() as store:
            page = list_revisions(store, checked, self._clock.now_us())
        response = ListRevisionsResponse(
            revisions=[responses.revision(position, event) for position, event in page.events]
        )
        if page.next_start is not None:
            response.next_page_token = page_token(checked.key, page.next_start)
        return response.SerializeToString()


def _load_response(store: Reader, loaded: Loaded | None, selection: Selection | None) -> bytes:
    response = LoadResponse()
    if loaded is not None:
        read_values(store, loaded, selection)
        responses.put_execution(response.execution, loaded, selection)
    return response.SerializeToString()


def _is_large(head: Head) -> bool:
    value_bytes = entries = 0
    for size in head.sizes:
        value_bytes += size.value_bytes
        entries += size.entries
    return value_bytes > _LARGE_BYTES or entries > _MANY_ENTRIES
