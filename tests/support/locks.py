"""Requests about locks, and a look at who waits for one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration

from statekeeper.testing import TestServer
from statekeeper.v1.lock_pb2 import (
    GetLockRequest,
    LockHolder,
    LockRequest,
    LockResponse,
    RenewLockRequest,
    UnlockRequest,
)
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.store.lock_table import LockState
from statekeeper_server.worker import Worker
from tests.support.raw import DEADLINE_S, RawClient, key_of

LONG_S = 1_000.0
_LOOKS_MAX = 5_000

Call = Any  # a grpc.Future of a LockResponse


def lock_request(
    execution_id: str,
    owner: str,
    *,
    lease_s: float | None = None,
    wait_s: float | None = None,
    exclusive: bool = False,
    **options: Any,
) -> LockRequest:
    """A valid LockRequest."""
    return LockRequest(
        key=key_of(execution_id),
        owner=owner,
        lease=_duration(lease_s),
        wait=_duration(wait_s),
        exclusive=exclusive,
        options=WriteOptions(**options),
    )


def renew_request(
    execution_id: str, holder: str | int, *, lease_s: float | None = None, **options: Any
) -> RenewLockRequest:
    """A valid RenewLockRequest, by an owner's name or a token."""
    request = RenewLockRequest(
        key=key_of(execution_id), lease=_duration(lease_s), options=WriteOptions(**options)
    )
    if isinstance(holder, str):
        request.owner = holder
    else:
        request.fencing_token = holder
    return request


def unlock_request(execution_id: str, holder: str | int, **options: Any) -> UnlockRequest:
    """A valid UnlockRequest, by an owner's name or a token."""
    request = UnlockRequest(key=key_of(execution_id), options=WriteOptions(**options))
    if isinstance(holder, str):
        request.owner = holder
    else:
        request.fencing_token = holder
    return request


def lock(raw: RawClient, execution_id: str, owner: str, **fields: Any) -> LockResponse:
    """Ask for a lock, and wait for the answer."""
    response = raw.stub.Lock(lock_request(execution_id, owner, **fields), timeout=DEADLINE_S)
    assert isinstance(response, LockResponse)
    return response


def granted(raw: RawClient, execution_id: str, owner: str, **fields: Any) -> int:
    """Ask for a lock, which must be granted; its token."""
    response = lock(raw, execution_id, owner, **fields)
    assert response.acquired
    return response.fencing_token


def unlock(raw: RawClient, execution_id: str, holder: str | int) -> bool:
    """Release a lock; whether it was held."""
    return raw.stub.Unlock(unlock_request(execution_id, holder), timeout=DEADLINE_S).released


def holder_of(raw: RawClient, execution_id: str) -> LockHolder | None:
    """Who holds a lock."""
    response = raw.stub.GetLock(GetLockRequest(key=key_of(execution_id)), timeout=DEADLINE_S)
    return response.holder if response.HasField("holder") else None


def owner_of(raw: RawClient, execution_id: str) -> str:
    """The owner who holds a lock; empty when nobody does."""
    holder = holder_of(raw, execution_id)
    return "" if holder is None else holder.owner


def stand_in_line(raw: RawClient, execution_id: str, owner: str, **fields: Any) -> Call:
    """Wait for a lock that is held; whoever comes later is behind.

    The requests of a channel arrive in their order, and one that comes after it is answered
    by a commit that is not before its own.
    """
    fields.setdefault("wait_s", LONG_S)
    call = raw.stub.Lock.future(lock_request(execution_id, owner, **fields), timeout=DEADLINE_S)
    for _ in range(2):
        assert not lock(raw, execution_id, "nobody who waits").acquired
    assert not call.done()
    return call


def until(raw: RawClient, condition: Callable[[], bool]) -> None:
    """Wait until something has become so; each look comes after a round trip to the server."""
    for _ in range(_LOOKS_MAX):
        if condition():
            return
        owner_of(raw, "nobody's")
    raise AssertionError("it has not come to pass")


def worker_of(server: TestServer, execution_id: str) -> Worker:
    """The shard of an execution of a server in this process."""
    assert server._server is not None
    return server._server._shards.of(ExecutionKey("execution-state", execution_id))


def lock_state(server: TestServer, execution_id: str) -> LockState:
    """A lock and its line as a server in this process has them in its table."""
    row = ExecutionKey("execution-state", execution_id).row
    return worker_of(server, execution_id)._committer._locks.state(row)


def line(server: TestServer, execution_id: str) -> list[str]:
    """Who waits for a lock, in order."""
    return [waiter.request.owner for waiter in lock_state(server, execution_id).waiters]


def waiting(server: TestServer, execution_id: str) -> int:
    """How many the table of an execution's shard counts as waiting."""
    return worker_of(server, execution_id)._committer._locks.waiting


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
