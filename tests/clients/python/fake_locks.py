"""Locks for a fake service: in order, with fencing tokens, and leases that never end."""

import threading
from collections import deque
from typing import Any

import grpc

from statekeeper.v1 import lock_pb2, write_pb2

from .answers import refuse

_REFUSED = grpc.StatusCode.FAILED_PRECONDITION


class FakeLocks:
    """One lock for each execution.

    Attributes:
        leases: For how many seconds the lock was granted or renewed, in order.
    """

    def __init__(self) -> None:
        self.leases: list[float] = []
        self._changed = threading.Condition()
        self._holders: dict[str, lock_pb2.LockHolder] = {}
        self._waiters: dict[str, deque[object]] = {}
        self._token = 0

    def end_lease(self, execution_id: str) -> None:
        """Lets the lease be over."""
        with self._changed:
            del self._holders[execution_id]
            self._changed.notify_all()

    def wait_for_waiters(self, execution_id: str, count: int) -> None:
        """Waits until this many wait for the lock."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self._waiters.get(execution_id, ())) == count, 30
            )

    def lock(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Grants the lock, in turn."""
        name = request.key.execution_id
        with self._changed:
            holder = self._holders.get(name)
            if holder is not None and holder.owner != request.owner:
                turn = object()
                waiters = self._waiters.setdefault(name, deque())
                waiters.append(turn)
                context.add_callback(self._wake)
                self._changed.notify_all()
                granted = self._changed.wait_for(
                    lambda: (
                        not context.is_active()
                        or (name not in self._holders and waiters[0] is turn)
                    ),
                    request.wait.ToTimedelta().total_seconds(),
                )
                waiters.remove(turn)
                self._changed.notify_all()
                if not granted or not context.is_active():
                    return lock_pb2.LockResponse(holder=self._holders.get(name))
                holder = None
            if holder is None:
                self._token += 1
                holder = lock_pb2.LockHolder(
                    owner=request.owner, fencing_token=self._token, exclusive=request.exclusive
                )
                self._holders[name] = holder
            self._prolong(holder, request)
            return lock_pb2.LockResponse(
                result=write_pb2.WriteResult(key=request.key),
                acquired=True,
                fencing_token=holder.fencing_token,
                lease_expire_time=holder.lease_expire_time,
            )

    def renew(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Renews it for who has it."""
        with self._changed:
            holder = self._held_by(request)
            if holder is not None:
                self._prolong(holder, request)
                return lock_pb2.RenewLockResponse(
                    fencing_token=holder.fencing_token, lease_expire_time=holder.lease_expire_time
                )
        return refuse(_REFUSED, "FENCED")(request, context)

    def unlock(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Releases it for who has it."""
        name = request.key.execution_id
        with self._changed:
            if name not in self._holders:
                return lock_pb2.UnlockResponse(released=False)
            if self._held_by(request) is not None:
                del self._holders[name]
                self._changed.notify_all()
                return lock_pb2.UnlockResponse(released=True)
        reason = "LOCKED" if request.owner else "FENCED"
        return refuse(_REFUSED, reason)(request, context)

    def get(self, request: Any, _: grpc.ServicerContext) -> Any:
        """Tells who has it."""
        with self._changed:
            return lock_pb2.GetLockResponse(holder=self._holders.get(request.key.execution_id))

    def _held_by(self, request: Any) -> lock_pb2.LockHolder | None:
        holder = self._holders.get(request.key.execution_id)
        if holder is not None and request.WhichOneof("holder") == "owner":
            return holder if holder.owner == request.owner else None
        if holder is not None and holder.fencing_token == request.fencing_token:
            return holder
        return None

    def _prolong(self, holder: lock_pb2.LockHolder, request: Any) -> None:
        lease = request.lease.ToTimedelta()
        self.leases.append(lease.total_seconds())
        holder.lease_expire_time.GetCurrentTime()
        holder.lease_expire_time.seconds += int(lease.total_seconds())

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
