"""The calls that ask for locks as the server sees them, to be cut off at a moment of choice."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper_server.batch import Batches, _Stream
from statekeeper_server.operations.leases import Lock
from statekeeper_server.rpc import unary
from statekeeper_server.worker import Worker


class LockCalls:
    """Watches such calls of the servers that are started from now on: Lock, Batch and Pipeline.

    Attributes:
        sent: the owners whose answers were given to gRPC, which nobody can call back.
        cut_before: the owners whose calls are cut off right before they are answered.
        cut_after: those whose calls are cut off when their answer is there, and they have
            not yet gone on with it.
        cut: how many were cut off.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[str] = []
        self.cut_before: set[str] = set()
        self.cut_after: set[str] = set()
        self.cut = 0
        self._tasks: defaultdict[str, set[asyncio.Task[Any]]] = defaultdict(set)
        self._streams: dict[_Stream, asyncio.Task[Any]] = {}
        monkeypatch.setattr("statekeeper_server.service.unary", self._unary)
        monkeypatch.setattr(Batches, "_answer", self._watched_batch(Batches._answer))
        monkeypatch.setattr(_Stream, "_begin", self._watched_message(_Stream._begin))
        monkeypatch.setattr(_Stream, "run", self._watched_stream(_Stream.run))
        for name in ("_deliver", "_tell_waiters"):
            monkeypatch.setattr(Worker, name, self._cutting(getattr(Worker, name)))

    def _unary(
        self,
        admission: Any,
        threads: Any,
        request_type: Any,
        check: Any,
        method: Callable[[Any], Awaitable[bytes]],
        **options: Any,
    ) -> Any:
        if request_type is LockRequest:
            method = self._watched(method)
        return unary(admission, threads, request_type, check, method, **options)

    def _watched(self, method: Callable[[Lock], Awaitable[bytes]]) -> Any:
        async def watched(request: Lock) -> bytes:
            task = asyncio.current_task()
            assert task is not None
            self._tasks[request.owner].add(task)
            try:
                response = await method(request)
                self.sent.append(request.owner)
            finally:
                self._tasks[request.owner].discard(task)
            return response

        return watched

    def _watched_batch(self, real: Callable[..., Awaitable[bytes]]) -> Any:
        async def watched(batches: Batches, raw: bytes) -> bytes:
            task = asyncio.current_task()
            assert task is not None
            for owner in _owners_in(raw):
                self._tasks[owner].add(task)
            try:
                response = await real(batches, raw)
                self.sent += _owners_in(raw)
            finally:
                for owner in _owners_in(raw):
                    self._tasks[owner].discard(task)
            return response

        return watched

    def _watched_stream(self, real: Callable[..., Awaitable[None]]) -> Any:
        async def watched(stream: _Stream, *arguments: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._streams[stream] = task
            try:
                await real(stream, *arguments)
            finally:
                del self._streams[stream]

        return watched

    def _watched_message(self, real: Callable[..., None]) -> Any:
        def watched(stream: _Stream, number: int, raw: bytes) -> None:
            for owner in _owners_in(raw):
                self._tasks[owner].add(self._streams[stream])
            real(stream, number, raw)

        return watched

    def _cutting(self, real: Callable[..., None]) -> Callable[..., None]:
        def cutting(worker: Worker, *answered: Any) -> None:
            owners = set(_owners(answered))
            self._cut(self.cut_before & owners)
            real(worker, *answered)
            self._cut(self.cut_after & owners)

        return cutting

    def _cut(self, owners: set[str]) -> None:
        for owner in owners:
            for task in self._tasks[owner]:
                self.cut += task.cancel()


def _owners_in(raw: bytes) -> list[str]:
    """Who asks for locks in a message of operations."""
    operations = BatchRequest.FromString(raw).operations
    return [each.lock.owner for each in operations if each.HasField("lock")]


def _owners(answered: tuple[Any, ...]) -> list[str]:
    """Who is answered: of `_deliver` all that was in a batch, of `_tell_waiters` who waited."""
    if len(answered) == 1:
        return [waiter.request.owner for waiter, _ in answered[0]]
    batch, outcomes = answered
    return [
        waiting.request.owner
        for waiting, outcome in zip(batch, outcomes, strict=True)
        if isinstance(waiting.request, Lock) and hasattr(outcome, "unclaimed")
    ]
