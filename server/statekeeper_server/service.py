"""The RPCs of StateManager and SharedState: check, apply or read, answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
from google.protobuf.message import Message

from statekeeper.v1 import shared_state_pb2, state_manager_pb2
from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    DeleteCheckpointRequest,
    ListCheckpointsRequest,
    RestoreRequest,
)
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper.v1.lock_pb2 import GetLockRequest, LockRequest, RenewLockRequest, UnlockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import (
    GetPauseRequest,
    ListPausesRequest,
    PauseRequest,
    ResumeRequest,
)
from statekeeper.v1.shared_state_requests_pb2 import (
    DefineStateRequest,
    GetAccessReportRequest,
    ReadStateRequest,
    WriteStateRequest,
)
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    ListRevisionsRequest,
    LoadRequest,
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
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations import plain
from statekeeper_server.operations.apply import apply
from statekeeper_server.operations.checkpoint import checkpoint, delete_checkpoint
from statekeeper_server.operations.define_state import define_state
from statekeeper_server.operations.delete import delete
from statekeeper_server.operations.get_access_report import get_access_report
from statekeeper_server.operations.get_pause import get_pause
from statekeeper_server.operations.load import Load
from statekeeper_server.operations.lock import lock, renew_lock, unlock
from statekeeper_server.operations.pause import pause
from statekeeper_server.operations.read_state import read_state
from statekeeper_server.operations.restore import Restore, restore
from statekeeper_server.operations.resume import resume, waiting
from statekeeper_server.operations.save import save
from statekeeper_server.operations.transaction import Transaction, transaction
from statekeeper_server.operations.update import Update, update
from statekeeper_server.operations.write_state import write_state
from statekeeper_server.operations.writing import Done, WriteRequest
from statekeeper_server.rpc import unary
from statekeeper_server.shards import Shards
from statekeeper_server.snapshots import Read, Snapshots, checkpoints_page, revisions_page
from statekeeper_server.store.lock_table import Waiter
from statekeeper_server.watch import Watches

_STATE_MANAGER = state_manager_pb2.DESCRIPTOR.services_by_name["StateManager"]
_SHARED_STATE = shared_state_pb2.DESCRIPTOR.services_by_name["SharedState"]
SERVICE_NAMES = (_STATE_MANAGER.full_name, _SHARED_STATE.full_name)

_THREADS = 4


class StateManager:
    """Serves the StateManager and the SharedState of the contract from a set of shards."""

    def __init__(
        self,
        shards: Shards,
        limits: StateLimits,
        clock: Clock,
        admission: Admission,
        watches: Watches,
    ) -> None:
        self._shards = shards
        self._limits = limits
        self._admission = admission
        self._watches = watches
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="statekeeper large")
        self._snapshots = Snapshots(shards, clock, self._threads)
        self._transaction = self._write(
            partial(requests.check_transaction, limits=limits), transaction, restores=_restores
        )
        self._kinds = self._all_kinds()
        operations = {
            field.name: self._kinds[type(getattr(Operation(), field.name))]
            for field in Operation.DESCRIPTOR.oneofs_by_name["operation"].fields
        }
        read_writes = requests.plain_writes(
            operations["save"].check, operations["update"].check, self._limits
        )
        self._batches = Batches(operations, read_writes, shards, self._threads, admission)

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """All methods of both services, for a server."""
        methods = {
            request_type.DESCRIPTOR.name.removesuffix("Request"): unary(
                self._admission,
                self._threads,
                request_type,
                kind.check,
                kind.method,
                read=kind.read,
                read_only=kind.operation is None,
            )
            for request_type, kind in self._kinds.items()
        }
        methods |= self._batches.handlers() | self._watches.handlers()
        shared = {name: methods.pop(name) for name in _SHARED_STATE.methods_by_name}
        return (
            grpc.method_handlers_generic_handler(_STATE_MANAGER.full_name, methods),
            grpc.method_handlers_generic_handler(_SHARED_STATE.full_name, shared),
        )

    def drain(self) -> None:
        """End the streams when what is under way in them is done."""
        self._watches.drain()
        self._batches.drain()

    def close(self) -> None:
        """Give the threads back; no RPC may be under way."""
        self._watches.close()
        self._threads.shutdown()

    def _all_kinds(self) -> dict[type[Message], Kind]:
        """How each request is checked, and done."""
        within: dict[str, Any] = {"limits": self._limits}
        snapshots = self._snapshots
        of_token: dict[str, Any] = {"execution_of": snapshots.execution_of}
        write, lease, read = self._write, self._lease, self._read
        check_save = partial(requests.check_save, **within)
        check_update = partial(requests.check_update, **within)
        return {
            SaveRequest: lease(check_save, apply_save)._replace(
                read=requests.plain_save(check_save, **within)
            ),
            LoadRequest: Kind(
                requests.check_load,
                snapshots.load,
                at_once=snapshots.load_at_once,
                read=requests.plain_load(),
            ),
            UpdateRequest: Kind(
                check_update,
                self.update,
                apply_update,
                simple=lambda request: not request.return_execution,
                read=requests.plain_update(check_update, **within),
            ),
            DeleteRequest: write(requests.check_delete, delete),
            ListRequest: Kind(requests.check_list, snapshots.list_executions),
            ListRevisionsRequest: read(requests.check_list_revisions, revisions_page),
            PauseRequest: write(partial(requests.check_pause, **within), pause),
            ResumeRequest: lease(
                partial(requests.check_resume, **within, **of_token),
                partial(apply, resume, first=waiting),
            )._replace(key_of=partial(requests.key_of_resume, **of_token)),
            GetPauseRequest: read(partial(requests.check_get_pause, **of_token), get_pause),
            ListPausesRequest: Kind(requests.check_list_pauses, snapshots.list_pauses),
            CheckpointRequest: write(requests.check_checkpoint, checkpoint),
            RestoreRequest: write(requests.check_restore, restore, restores=_always),
            ListCheckpointsRequest: read(requests.check_list_checkpoints, checkpoints_page),
            DeleteCheckpointRequest: write(requests.check_delete_checkpoint, delete_checkpoint),
            LockRequest: lease(requests.check_lock, lock),
            RenewLockRequest: lease(requests.check_renew_lock, renew_lock),
            UnlockRequest: lease(requests.check_unlock, unlock),
            GetLockRequest: Kind(requests.check_get_lock, snapshots.get_lock),
            DefineStateRequest: write(partial(requests.check_define_state, **within), define_state),
            WriteStateRequest: write(partial(requests.check_write_state, **within), write_state),
            ReadStateRequest: lease(requests.check_read_state, read_state),
            GetAccessReportRequest: read(requests.check_get_access_report, get_access_report),
            TransactionRequest: self._transaction._replace(method=self.transaction),
        }

    def _write(
        self,
        check: Callable[[Any], Any],
        decide: Callable[..., Message],
        *,
        restores: Callable[[Any], bool] | None = None,
    ) -> Kind:
        """A write of an execution.

        Args:
            check: makes of a message a checked request.
            decide: what it does to a draft.
            restores: whether a request writes what is stored already once more.
        """
        return self._lease(check, partial(apply, decide), restores=restores)

    def _lease(
        self,
        check: Callable[[Any], Any],
        operation: Callable[..., Done | Waiter],
        *,
        restores: Callable[[Any], bool] | None = None,
    ) -> Kind:
        """Something that is applied by its shard, through its queue."""

        async def method(request: WriteRequest, deadline_s: float | None = None) -> bytes:
            if restores is not None and restores(request):
                request = self._with_room(request)
            shard = self._shards.of(request.key)
            answer = shard.apply(operation, request, deadline_s)
            try:
                done = await answer
            except asyncio.CancelledError:
                # It may have been answered just before.
                if answer.done() and not answer.cancelled() and answer.exception() is None:
                    shard.take_back(answer.result())
                raise
            return done.response

        return Kind(check, method, operation, simple=None if restores is None else _never)

    def _with_room(self, request: Any) -> Any:
        """The same, reckoning with what it may have to write that is not in the request."""
        value_bytes = self._snapshots.value_bytes(request.key)
        return request._replace(stored_bytes=request.stored_bytes + value_bytes)

    def _read(self, check: Callable[[Any], Any], read: Read) -> Kind:
        """A read that may take long."""
        return Kind(check, self._snapshots.method(read))

    async def update(self, request: Update, deadline_s: float | None = None) -> bytes:
        """Change parts of the state."""
        done = await self._shards.of(request.key).apply(apply_update, request, deadline_s)
        if not request.return_execution:
            return done.response
        # Read after the commit, at its revision: it costs the shard's other callers
        # nothing, and shows nobody else's later change.
        response = UpdateResponse.FromString(done.response)
        after = Load(request.key, response.result.revision)
        return await self._snapshots.add_execution(response, after)

    async def transaction(self, request: Transaction) -> bytes:
        """Do several operations; what a repeated one has loaded is loaded again."""
        raw = await self._transaction.method(request)
        if request.options.mark is None or not any(part.name == "load" for part in request.parts):
            return raw
        response = TransactionResponse.FromString(raw)
        if not response.result.replayed:
            return raw
        return await self._snapshots.add_loaded(response, request)


apply_save = partial(plain.write, partial(apply, save))
apply_update = partial(plain.write, partial(apply, update))


def _always(_: object) -> bool:
    return True


def _never(_: object) -> bool:
    return False


def _restores(request: Transaction) -> bool:
    return any(isinstance(part.request, Restore) for part in request.parts)
